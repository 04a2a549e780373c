"""Samples → the observation vector. The simulator, the robot and a replayed bag run this same code."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract.channel_reader import ChannelReader
from alam_ros.contract.frames import FrameTree
from alam_ros.contract.samples import Sample
from alam_ros.contract.schema import Channel, Contract
from alam_ros.errors import ObservationError


class ObservationAssembler:
    """Keeps the latest sample of each topic and turns them into one observation a control tick.

    `update` may be called at any rate; histories advance with `advance`, once a control period, so that they mean the same on a
    robot whose sensors run faster.

    Args:
        contract: what to assemble.
        frames: transforms for goals that are given in a frame of their own.
    """

    def __init__(self, contract: Contract, frames: FrameTree | None = None) -> None:
        self.contract = contract
        self._topics = frozenset(topic for topic, _ in contract.topics())
        self._needs = [(channel.name, _topics(channel)) for channel in contract.observation]
        self._readers = tuple(ChannelReader(channel, frames) for channel in contract.observation)
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
        return tuple(name for name, topics in self._needs if not topics <= self._samples.keys())

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

    def excess(self) -> NDArray[np.float32]:
        """Return how far the newest data of the last tick lay beyond their channels' ranges before they were clipped.

        Returns:
            (observation_size,) float32, in the scale of the observation; zero within range, for data of earlier ticks and for
            latched channels.
        """
        rows = [
            np.pad(reader.excess, (0, channel.size * (channel.history - 1)))
            for reader, channel in zip(self._readers, self.contract.observation, strict=True)
        ]
        return np.concatenate(rows).astype(np.float32)

    def _oldest(self, channel: Channel, which: int) -> float:
        unseen = (float("-inf"), float("-inf"))
        topics = (channel.topic, channel.reference_topic) if channel.reference_topic and channel.timeout else (channel.topic,)
        return min(self._times.get(topic, unseen)[which] for topic in topics)


def _topics(channel: Channel) -> set[str]:
    return {channel.topic, channel.reference_topic} - {""}
