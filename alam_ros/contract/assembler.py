"""Samples → the observation vector. The simulator, the robot and a replayed bag run this same code."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract.extractors import EXTRACTORS
from alam_ros.contract.samples import Sample
from alam_ros.contract.schema import Channel, Contract
from alam_ros.errors import ObservationError


class ObservationAssembler:
    """Keeps the latest sample of each topic and turns them into one observation a control tick.

    `update` may be called at any rate; histories advance with `advance`, once a control period, so that they mean the same on a
    robot whose sensors run faster.
    """

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self._topics = frozenset(topic for topic, _ in contract.topics())
        self._readers = tuple(_ChannelReader(channel) for channel in contract.observation)
        self._samples: dict[str, Sample] = {}
        self._times: dict[str, tuple[float, float]] = {}

    def restart(self) -> None:
        """Forget all samples and histories, for a new episode or after a clock reset."""
        self._samples.clear()
        self._times.clear()
        self.restart_histories()

    def restart_histories(self) -> None:
        """Forget the histories but keep the latest samples, after ticks were missed."""
        for reader in self._readers:
            reader.restart()

    def update(self, topic: str, sample: Sample, *, stamp: float = 0.0, received: float = 0.0) -> None:
        """Take the latest sample of a topic.

        Args:
            topic: as the contract names it.
            sample: as `decode` or the simulator made it.
            stamp: of the measurement, s of the source's clock.
            received: when it arrived, s of the caller's steady clock.

        Raises:
            ObservationError: when no channel reads the topic.
        """
        if topic not in self._topics:
            raise ObservationError(
                f"a topic among {sorted(self._topics)}", f"`{topic}`", "subscribe to the contract's topics only"
            )
        self._samples[topic] = sample
        self._times[topic] = (stamp, received)

    def missing(self) -> tuple[str, ...]:
        """Return the names of the channels that have not had all their data yet."""
        return tuple(c.name for c in self.contract.observation if not _topics(c) <= self._samples.keys())

    def ages(self, now: float) -> dict[str, float]:
        """Return for each channel the seconds since its oldest topic last arrived (infinite before the first)."""
        return {channel.name: now - self._oldest(channel, 1) for channel in self.contract.observation}

    def stale(self, now: float) -> tuple[str, ...]:
        """Return the names of the channels whose silence exceeds their timeout."""
        ages = self.ages(now)
        return tuple(c.name for c in self.contract.observation if ages[c.name] > (c.timeout or float("inf")))

    def stamp(self) -> float:
        """Return the stamp of the observation: the oldest among the channels that can grow stale."""
        return min((self._oldest(c, 0) for c in self.contract.observation if c.timeout is not None), default=0.0)

    def advance(self) -> NDArray[np.float32]:
        """Run one control tick.

        Returns:
            (observation_size,) float32; ranged channels in [-1, 1].

        Raises:
            ObservationError: when a channel has no data yet, or a value is not finite, of the wrong shape or frame.
        """
        absent = self.missing()
        if absent:
            raise ObservationError(
                "data on all channels", f"none yet on {', '.join(absent)}", "wait for them, or check the topics"
            )
        # All frames before any history: a tick that fails must not leave the histories out of step.
        frames = [reader.frame(self._samples) for reader in self._readers]
        stacked = [reader.push(frame) for reader, frame in zip(self._readers, frames, strict=True)]
        return np.concatenate(stacked).astype(np.float32)

    def _oldest(self, channel: Channel, which: int) -> float:
        unseen = (float("-inf"), float("-inf"))
        topics = (channel.topic, channel.reference_topic) if channel.reference_topic and channel.timeout else (channel.topic,)
        return min(self._times.get(topic, unseen)[which] for topic in topics)


class _ChannelReader:
    """Extracts, scales and stacks one channel."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._extract = EXTRACTORS[(channel.type, channel.field)](channel)
        bounds = channel.bounds()
        self._centre: NDArray[np.float64] | None = None
        self._least: NDArray[np.float64] | None = None
        if bounds is not None:
            low, high = np.array(bounds).T
            if channel.scale == "logarithmic":
                self._least = low
                low, high = np.log(low), np.log(high)
            self._centre, self._scale = (low + high) / 2, 2 / (high - low)
        self._frames: list[NDArray[np.float64]] = []

    def restart(self) -> None:
        self._frames.clear()

    def frame(self, samples: dict[str, Sample]) -> NDArray[np.float64]:
        """Return the current frame, scaled."""
        self._check_frame(samples[self._channel.topic])
        return self._scaled(self._extract(samples))

    def push(self, frame: NDArray[np.float64]) -> NDArray[np.float64]:
        """Push a frame and return the stacked history, newest first; the first frame fills a fresh history."""
        depth = (self._channel.history - 1) * self._channel.stride + 1
        if depth == 1:
            return frame
        self._frames = [frame, *self._frames[: depth - 1]] if self._frames else [frame] * depth
        return np.concatenate(self._frames[:: self._channel.stride])

    def _scaled(self, frame: NDArray[np.float64]) -> NDArray[np.float64]:
        if not np.isfinite(frame).all():  # before clipping, which would hide infinities
            raise ObservationError(
                f"finite values in the channel `{self._channel.name}`", str(frame), f"check `{self._channel.topic}`"
            )
        if self._centre is None:
            return frame
        if self._least is not None:
            frame = np.log(np.maximum(frame, self._least))
        return np.asarray(np.clip((frame - self._centre) * self._scale, -1.0, 1.0))

    def _check_frame(self, sample: Sample) -> None:
        expected, found = self._channel.frame, getattr(sample, "frame", None)  # arrays and joint states have no frame
        if expected and found is not None and found != expected:
            raise ObservationError(
                f"`{self._channel.topic}` in the frame `{expected}`",
                f"`{found}`",
                "correct the frame in the robot's contract",
            )


def _topics(channel: Channel) -> set[str]:
    return {channel.topic, channel.reference_topic} - {""}
