"""Joint states → positions or velocities of the contract's joints, found by name."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract.extractor import Extractor
from alam_ros.contract.samples import JointStateSample, Samples
from alam_ros.errors import ObservationError

if TYPE_CHECKING:
    from alam_ros.contract.schema import Channel


class JointValues(Extractor):
    """`JointState` → one value for each of the channel's joints, in the channel's order; further joints are left out."""

    needs_joints: ClassVar[bool] = True
    options: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, channel: Channel) -> None:
        super().__init__(channel)
        self._names: tuple[str, ...] | None = None
        self._order: NDArray[np.intp] = np.empty(0, dtype=np.intp)

    def __call__(self, samples: Samples) -> NDArray[np.float64]:
        """Return (joints,) float64.

        Raises:
            ObservationError: when a joint is missing or named twice, or has no value.
        """
        state = samples[self._channel.topic]
        assert isinstance(state, JointStateSample)
        values = self._values(state)
        if len(values) != len(state.names):
            raise ObservationError(
                f"a {self._channel.field} of each of the {len(state.names)} joints on `{self._channel.topic}`",
                f"{len(values)} values",
                "let the joint states' publisher fill them in",
            )
        if state.names != self._names:
            self._plan(state.names)
        return np.asarray(values[self._order])

    @abstractmethod
    def _values(self, state: JointStateSample) -> NDArray[np.float64]:
        """Return the quantity that this channel reads, in the message's order."""

    def _plan(self, names: tuple[str, ...]) -> None:
        """Find each joint's place once for each order of names."""
        unclear = [joint for joint in self._channel.joints if names.count(joint) != 1]
        if unclear:
            raise ObservationError(
                f"the joints {', '.join(unclear)} of the channel `{self._channel.name}` once each on `{self._channel.topic}`",
                f"{', '.join(names) or 'no joints'}",
                "correct `joints` or `topic` in the robot's contract",
            )
        self._order = np.array([names.index(joint) for joint in self._channel.joints], dtype=np.intp)
        self._names = names


class JointPositions(JointValues):
    """`JointState` → positions, rad or m."""

    def _values(self, state: JointStateSample) -> NDArray[np.float64]:
        return state.positions


class JointVelocities(JointValues):
    """`JointState` → velocities, rad/s or m/s."""

    def _values(self, state: JointStateSample) -> NDArray[np.float64]:
        return state.velocities
