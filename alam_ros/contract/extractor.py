"""What every kind of channel has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract.samples import OdometrySample, PointSample, PoseSample, Samples
from alam_ros.errors import ObservationError

if TYPE_CHECKING:
    from alam_ros.contract.schema import Channel


class Extractor(ABC):
    """Reads one channel's elements from the latest sample of each topic.

    Attributes:
        size: how many elements the channel has; None for any number.
        reference_type: ROS interface name of the channel's `reference_topic`; empty for channels without.
        needs_range: whether the channel cannot do without a `range`.
        needs_joints: whether the channel names one of its `joints` for each element.
        options: keys of the channel that this kind heeds, among those that others do not.
    """

    size: ClassVar[int | None] = None
    reference_type: ClassVar[str] = ""
    needs_range: ClassVar[bool] = False
    needs_joints: ClassVar[bool] = False
    options: ClassVar[frozenset[str]] = frozenset({"frame"})

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    @abstractmethod
    def __call__(self, samples: Samples) -> NDArray[np.float64]:
        """Return (size,) float64 in the channel's unit."""


ExtractorType = type[Extractor]


def check_common_frame(goal: PoseSample | PointSample, reference: OdometrySample | PoseSample) -> None:
    """Refuse a goal that is not in the frame of what it is seen from.

    Raises:
        ObservationError: when their frames differ.
    """
    if goal.frame != reference.frame:
        raise ObservationError(
            f"the goal in its reference's frame `{reference.frame}`",
            f"`{goal.frame}`",
            f"publish the goal in that frame, or say `frame: {goal.frame}` in the robot's contract, where TF is broadcast",
        )
