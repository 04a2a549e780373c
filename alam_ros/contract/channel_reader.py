"""The latest samples → the values of one channel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract.extractors import EXTRACTORS
from alam_ros.contract.finite import all_finite
from alam_ros.contract.frames import FrameTree
from alam_ros.contract.samples import OdometrySample, PointSample, PoseSample, Sample, Samples
from alam_ros.contract.schema import Channel
from alam_ros.errors import ObservationError


class ChannelReader:
    """Extracts one channel and says how it is scaled: curved, then shifted by `centre`, multiplied by `factor` and clipped.

    Args:
        channel: to read.
        frames: transforms for goals that are given in a frame of their own; without, all frames must be as the contract says.

    Attributes:
        centre, factor: (size,) that map the channel's range, once curved, to [-1, 1]; 0 and 1 for a channel without.
        is_clipped: whether it has a range.
        is_curved: whether `curved` changes anything.
    """

    def __init__(self, channel: Channel, frames: FrameTree | None = None) -> None:
        self._channel = channel
        self._tree = frames
        self._extract = EXTRACTORS[(channel.type, channel.field)](channel)
        bounds = channel.bounds()
        self.is_clipped = bounds is not None
        self.is_curved = channel.power != 1.0 or (self.is_clipped and channel.scale != "linear")
        self._least: NDArray[np.float64] | None = None
        self.centre: NDArray[np.float64] = np.zeros(channel.size)
        self.factor: NDArray[np.float64] = np.ones(channel.size)
        if bounds is not None:
            low, high = map(self._raised, np.array(bounds).T)
            if channel.scale != "linear":
                self._least = low
                low, high = np.sort((self._spread(low), self._spread(high)), axis=0)
            self.centre, self.factor = (low + high) / 2, 2 / (high - low)

    def extracted(self, samples: Samples) -> NDArray[np.float64]:
        """Return the present values in the channel's unit, not yet known to be finite.

        Raises:
            ObservationError: when a sample is of the wrong shape or frame.
        """
        self._check_frame(samples[self._channel.topic])
        return self._extract(self._seen_from_reference(samples))

    def physical(self, samples: Samples) -> NDArray[np.float64]:
        """Return the present values in the channel's unit.

        Raises:
            ObservationError: when a value is not finite, or a sample of the wrong shape or frame.
        """
        values = self.extracted(samples)
        self.check(values)
        return values

    def check(self, values: NDArray[np.float64]) -> None:
        """Refuse values that are not finite; to be done before clipping, which would hide infinities.

        Raises:
            ObservationError: when one is not.
        """
        if not all_finite(values):
            raise ObservationError(
                f"finite values in the channel `{self._channel.name}`", str(values), f"check `{self._channel.topic}`"
            )

    def curved(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return values of the channel's unit raised to its power and on its logarithmic or exponential scale."""
        values = self._raised(values)
        return values if self._least is None else self._spread(np.maximum(values, self._least))

    def _raised(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        power = self._channel.power
        return values if power == 1.0 else np.copysign(np.abs(values) ** power, values)

    def _seen_from_reference(self, samples: Samples) -> Samples:
        """Return the samples with a goal of a named frame as it lies in the frame it is seen from; only its position is used."""
        channel = self._channel
        if self._tree is None or not channel.needs_transforms:
            return samples
        goal, reference = samples[channel.topic], samples[channel.reference_topic]
        assert isinstance(goal, (PointSample, PoseSample))
        assert isinstance(reference, (OdometrySample, PoseSample))
        if goal.frame == reference.frame:
            return samples
        position = self._tree.point(goal.position, goal.frame, reference.frame)
        return {**samples, channel.topic: replace(goal, position=position, frame=reference.frame)}

    def _spread(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return values of the channel's unit on its scale, unless that is linear."""
        if self._channel.decay is None:
            return np.asarray(np.log(values))
        assert self._least is not None
        return np.asarray(np.exp((self._least - values) / self._channel.decay))

    def _check_frame(self, sample: Sample) -> None:
        expected, found = self._channel.frame, getattr(sample, "frame", None)  # arrays and joint states have no frame
        if expected and found is not None and found != expected:
            raise ObservationError(
                f"`{self._channel.topic}` in the frame `{expected}`",
                f"`{found}`",
                "correct the frame in the robot's contract",
            )
