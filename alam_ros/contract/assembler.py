"""Samples → the observation vector. The simulator, the robot and a replayed bag run this same code."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract.channel_reader import ChannelReader
from alam_ros.contract.finite import all_finite
from alam_ros.contract.frame_history import FrameHistory
from alam_ros.contract.frames import FrameTree
from alam_ros.contract.samples import SAMPLE_TYPES, Sample
from alam_ros.contract.schema import Channel, Contract
from alam_ros.errors import ObservationError

UNSEEN = (-math.inf, -math.inf)
"""Stamp and time of arrival of what never came."""


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
        self._types = {topic: SAMPLE_TYPES[kind] for topic, kind in contract.topics()}
        self._needs = {channel.name: _topics(channel) for channel in contract.observation}
        self._watched = {channel.name: _watched(channel) for channel in contract.observation}
        self._timeouts = {channel.name: channel.timeout or math.inf for channel in contract.observation}
        self._readers = tuple(ChannelReader(channel, frames) for channel in contract.observation)
        self._history = FrameHistory(contract.observation)
        self._parts = list(zip(self._readers, self._history.places, strict=True))
        self._curved = [(reader, place) for reader, place in self._parts if reader.is_curved]
        self._centre, self._factor = (np.concatenate([getattr(r, name) for r in self._readers]) for name in ("centre", "factor"))
        sizes = [channel.size for channel in contract.observation]
        self._upper = np.repeat([1.0 if reader.is_clipped else np.inf for reader in self._readers], sizes)
        self._lower = -self._upper
        # A goal is a wish: beyond its range it counts as at the range's end, which novelty judges. All else is the world, also
        # what is latched.
        self._is_counted = np.repeat([not channel.is_goal for channel in contract.observation], sizes)
        self._no_excess = np.zeros(contract.observation_size, np.float32)
        self._no_excess.setflags(write=False)
        self._values, self._clipped = np.zeros_like(self._centre), np.zeros_like(self._centre)
        self._samples: dict[str, Sample] = {}
        self._times: dict[str, tuple[float, float]] = {}

    def restart(self) -> None:
        """Forget all samples and histories, for a new episode or after a clock reset."""
        self._samples.clear()
        self._times.clear()
        self.restart_histories()

    def restart_histories(self) -> None:
        """Forget the histories but keep the latest samples, after ticks were missed."""
        self._history.restart()

    def update(self, topic: str, sample: Sample, *, stamp: float = 0.0, received: float = 0.0) -> None:
        """Take the latest sample of a topic.

        Args:
            topic: as the contract names it.
            sample: as `decode` or the simulator made it.
            stamp: of the measurement, s of the source's clock.
            received: when it arrived, s of the caller's steady clock.

        Raises:
            ObservationError: when no channel reads the topic, or samples of another type.
        """
        if topic not in self._types:
            raise ObservationError(
                f"a topic among {sorted(self._types)}", f"`{topic}`", "subscribe to the contract's topics only"
            )
        if not isinstance(sample, self._types[topic]):
            expected, found = self._types[topic].__name__, type(sample).__name__
            raise ObservationError(
                f"samples of `{topic}` as {expected}", found, "correct the simulator, or the contract's `type`"
            )
        self._samples[topic] = sample
        self._times[topic] = (stamp, received)

    def missing(self) -> tuple[str, ...]:
        """Return the names of the channels that have not had all their data yet."""
        if len(self._samples) == len(self._types):
            return ()
        return tuple(name for name, topics in self._needs.items() if not topics <= self._samples.keys())

    def ages(self, now: float) -> dict[str, float]:
        """Return for each channel the seconds since its oldest topic last arrived (infinite before the first)."""
        return {name: now - self._oldest_arrival(topics) for name, topics in self._watched.items()}

    def stale(self, now: float) -> tuple[str, ...]:
        """Return the names of the channels whose silence exceeds their timeout."""
        return tuple(name for name, topics in self._watched.items() if now - self._oldest_arrival(topics) > self._timeouts[name])

    def outdated(self, stamp: float) -> dict[str, float]:
        """Return the channels with data taken longer before `stamp` than their timeout, or as much after it, by how much, s.

        What is ahead counts as well: two clocks disagree, and nobody knows the age of such data. Ages are negative then.
        """
        found = {}
        for name, topics in self._watched.items():
            ages = [stamp - self._times.get(topic, UNSEEN)[0] for topic in topics]
            age = max(ages, key=abs)
            if abs(age) > self._timeouts[name]:
                found[name] = age
        return found

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
        # All values before the history: a tick that fails must not leave it out of step.
        values, clipped = self._values, self._clipped
        for reader, place in self._parts:
            values[place] = reader.extracted(self._samples)
        if not all_finite(values):
            for reader, place in self._parts:
                reader.check(values[place])
        for reader, place in self._curved:
            values[place] = reader.curved(values[place])
        np.subtract(values, self._centre, values)
        np.multiply(values, self._factor, values)
        np.maximum(values, self._lower, clipped)
        np.minimum(clipped, self._upper, clipped)
        return self._history.push(clipped)

    def excess(self) -> NDArray[np.float32]:
        """Return how far the newest data of the last tick lay beyond their channels' ranges before they were clipped.

        Returns:
            (observation_size,) float32, in the scale of the observation, not to be written to; zero within range, for data of
            earlier ticks and for goals.
        """
        beyond = (self._values - self._clipped) * self._is_counted
        if not beyond.any():
            return self._no_excess
        excess = np.zeros(self.contract.observation_size, np.float32)
        excess[self._history.newest] = beyond
        return excess

    def _oldest_arrival(self, topics: tuple[str, ...]) -> float:
        """Return when the topic that arrived longest ago did, minus infinity before the first."""
        return min([self._times.get(topic, UNSEEN)[1] for topic in topics])


def _topics(channel: Channel) -> frozenset[str]:
    return frozenset({channel.topic, channel.reference_topic} - {""})


def _watched(channel: Channel) -> tuple[str, ...]:
    """Return the topics whose silence makes a channel old."""
    return (channel.topic, channel.reference_topic) if channel.reference_topic and channel.timeout else (channel.topic,)
