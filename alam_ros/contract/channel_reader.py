"""The latest samples → one channel of the observation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract.extractors import EXTRACTORS
from alam_ros.contract.frames import FrameTree
from alam_ros.contract.samples import OdometrySample, PointSample, PoseSample, Sample, Samples
from alam_ros.contract.schema import Channel
from alam_ros.errors import ObservationError


class ChannelReader:
    """Extracts, scales and stacks one channel.

    Args:
        channel: to read.
        frames: transforms for goals that are given in a frame of their own; without, all frames must be as the contract says.

    Attributes:
        excess: how far each element of the last frame lay beyond the channel's range, in its scale of [-1, 1], before it was
            clipped; negative below. Zero for latched channels: those are wishes, such as goals, and lie as far as one likes.
    """

    def __init__(self, channel: Channel, frames: FrameTree | None = None) -> None:
        self._channel = channel
        self._tree = frames
        self._extract = EXTRACTORS[(channel.type, channel.field)](channel)
        bounds = channel.bounds()
        self._centre: NDArray[np.float64] | None = None
        self._least: NDArray[np.float64] | None = None
        if bounds is not None:
            low, high = np.array(bounds).T
            if channel.scale != "linear":
                self._least = low
                low, high = np.sort((self._spread(low), self._spread(high)), axis=0)
            self._centre, self._scale = (low + high) / 2, 2 / (high - low)
        self._frames: list[NDArray[np.float64]] = []
        self.excess = np.zeros(channel.size)

    def restart(self) -> None:
        """Forget the history."""
        self._frames.clear()

    def frame(self, samples: Samples) -> NDArray[np.float64]:
        """Return the current frame, scaled.

        Raises:
            ObservationError: when a value is not finite, or a sample of the wrong shape or frame.
        """
        return self._scaled(self.physical(samples))

    def physical(self, samples: Samples) -> NDArray[np.float64]:
        """Return the current frame in the channel's unit; errors as of `frame`."""
        self._check_frame(samples[self._channel.topic])
        frame = self._extract(self._seen_from_reference(samples))
        if not np.isfinite(frame).all():  # before clipping, which would hide infinities
            raise ObservationError(
                f"finite values in the channel `{self._channel.name}`", str(frame), f"check `{self._channel.topic}`"
            )
        return frame

    def push(self, frame: NDArray[np.float64]) -> NDArray[np.float64]:
        """Push a frame and return the stacked history, newest first; the first frame fills a fresh history."""
        depth = (self._channel.history - 1) * self._channel.stride + 1
        if depth == 1:
            return frame
        self._frames = [frame, *self._frames[: depth - 1]] if self._frames else [frame] * depth
        return np.concatenate(self._frames[:: self._channel.stride])

    def _scaled(self, frame: NDArray[np.float64]) -> NDArray[np.float64]:
        if self._channel.power != 1.0:
            frame = np.copysign(np.abs(frame) ** self._channel.power, frame)
        if self._centre is None:
            return frame
        if self._least is not None:
            frame = self._spread(np.maximum(frame, self._least))
        scaled = (frame - self._centre) * self._scale
        clipped = np.minimum(np.maximum(scaled, -1.0), 1.0)
        if self._channel.timeout is not None:
            self.excess = scaled - clipped
        return np.asarray(clipped)

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
