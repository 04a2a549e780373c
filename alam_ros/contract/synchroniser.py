"""Arriving samples → control ticks whose observation pairs what training paired.

In training all samples of a step were taken at the same instant. On a robot they arrive one by one, at rates of their own, in any
order. A control tick is started by the contract's trigger channel, waits a bounded time for the other topics, and reads from each
the sample taken nearest to the trigger's. Time is an argument throughout.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract.assembler import ObservationAssembler
from alam_ros.contract.frames import FrameTree
from alam_ros.contract.joint_filter import JointFilter
from alam_ros.contract.samples import Sample
from alam_ros.contract.schema import Contract
from alam_ros.errors import ObservationError

EARLY = 0.25
"""Share of the control period by which a trigger may come early: jitter of a sensor of the trained rate."""
SHORTEST = 0.5
"""Share of the control period that always lies between two ticks."""
PAIRED = 0.49
"""Share of the control period within which stamps count as the same instant; below half, so that a pair is never ambiguous."""
KEPT = 3.0
"""Control periods for which samples are kept to choose from."""
SMOOTHING = 0.2
"""Weight of the newest interval in the measured control period."""
SET_BACK = 4
"""How often a clock may be set back within `SET_BACK_S`; one reset may look like two or three, as its topics arrive."""
SET_BACK_S = 2.0


@dataclass(frozen=True, slots=True)
class ControlTick:
    """One control tick.

    Attributes:
        observation: (observation_size,) float32, normalised.
        stamp: of the observation, that of the trigger, s of the sources' clock.
        unpaired: topics that had no sample near enough to the trigger's stamp; their nearest one was used.
        excess: (observation_size,) float32: what clipping took from it, as of `ObservationAssembler.excess`.
    """

    observation: NDArray[np.float32]
    stamp: float
    unpaired: tuple[str, ...]
    excess: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A sample with its stamp (source's clock) and time of arrival (caller's steady clock), s."""

    sample: Sample
    stamp: float
    received: float


@dataclass(frozen=True, slots=True)
class _SetBack:
    """A topic whose stamps jumped back, and what was forgotten for it, in case that it alone did and returns.

    Attributes:
        topic: whose stamps jumped.
        newest: of each topic that is not latched, its newest stamp before, s.
        latched: of each latched topic, what was forgotten.
        is_alone: whether another topic has gone on by the old time since.
    """

    topic: str
    newest: dict[str, float]
    latched: dict[str, _Arrival]
    is_alone: bool = False


class ObservationSynchroniser:
    """Decides when a control tick is due and with which samples it runs.

    Args:
        contract: what to assemble.
        frames: transforms for goals that are given in a frame of their own.
        was_tick: for a drive that is looked back at: whether the trigger of a stamp, s of the sources' clock, started a control
            tick; None where that is not known.

    Attributes:
        measured_period: smoothed interval between ticks by their stamps, s; NaN before the second.
        restarts: how often the sources' clock jumped back.
    """

    def __init__(
        self,
        contract: Contract,
        frames: FrameTree | None = None,
        was_tick: Callable[[float], bool | None] = lambda _: None,
    ) -> None:
        self._assembler = ObservationAssembler(contract, frames)
        self._was_tick = was_tick
        self._period = contract.control_period
        trigger = next(channel for channel in contract.observation if channel.name == contract.trigger)
        self._trigger = trigger.topic
        self._longest_gap = trigger.timeout or math.inf
        topics = [topic for topic, _ in contract.topics()]
        self._latched = contract.latched_topics - {self._trigger}
        self._paired = [topic for topic in topics if topic not in self._latched and topic != self._trigger]
        self._timeouts: dict[str, float] = {}
        for channel in contract.observation:
            for topic in filter(None, (channel.topic, channel.reference_topic)):
                if channel.timeout is not None:
                    self._timeouts[topic] = min(channel.timeout, self._timeouts.get(topic, math.inf))
        self._joints = JointFilter(contract)
        self._arrivals: dict[str, deque[_Arrival]] = {topic: deque() for topic in topics}
        self._pending: deque[_Arrival] = deque()
        self._due: float | None = None
        self._last_planned = -math.inf
        self._last_tick: float | None = None
        self._last_observed = -math.inf
        self.measured_period = math.nan
        self.restarts = 0
        self._unadvanced: dict[str, float] = {}
        self._set_back: deque[float] = deque(maxlen=SET_BACK)
        self._before: _SetBack | None = None
        self._jump = ""

    def missing(self) -> tuple[str, ...]:
        """Return the names of the channels that have not had all their data yet."""
        return self._assembler.missing()

    def stale(self, now: float) -> tuple[str, ...]:
        """Return the names of the channels whose silence exceeds their timeout."""
        return self._assembler.stale(now)

    def ages(self, now: float) -> dict[str, float]:
        """Return for each channel the seconds since its oldest topic last arrived."""
        return self._assembler.ages(now)

    def unadvanced(self, now: float) -> tuple[str, ...]:
        """Return the topics that are stale though messages come: their stamps do not advance."""
        return tuple(
            topic
            for topic, timeout in self._timeouts.items()
            if now - self._unadvanced.get(topic, -math.inf) <= timeout < now - self._arrivals[topic][-1].received
        )

    def has_several_devices(self, topic: str) -> bool:
        """Say whether the topic has brought joint states of other devices than that of the contract's joints, too."""
        return topic in self._joints.shared

    def update(self, topic: str, sample: Sample, *, stamp: float, received: float) -> None:
        """Take a sample.

        A stamp that does not advance is ignored, so that a source that repeats an old measurement grows stale; one that jumps
        back by more than a control period means that the clock was set back, and starts everything anew. Where it was one
        topic's alone, and that leaps to the old time again, what was latched is valid as before. Joint states of another device
        on the same topic are ignored.

        Args:
            topic: as the contract names it.
            sample: as `decode` made it.
            stamp: of the measurement, s of the source's clock.
            received: when it arrived, s of the caller's steady clock.

        Raises:
            ObservationError: when no channel reads the topic.
        """
        if self._joints.is_of_another_device(topic, sample):
            return
        arrivals = self._arrivals.get(topic, deque())
        if arrivals and self._is_outdated(topic, stamp, received):
            self._unadvanced[topic] = received
            return
        if self._before is not None and topic in self._before.newest:
            self._before = self._confirmed(self._before, topic, stamp)
        self._assembler.update(topic, sample, stamp=stamp, received=received)
        arrival = _Arrival(sample, stamp, received)
        arrivals.append(arrival)
        while len(arrivals) > 1 and (topic in self._latched or arrivals[0].stamp < stamp - KEPT * self._period):
            arrivals.popleft()
        if topic == self._trigger:
            self._plan(arrival)

    def _is_outdated(self, topic: str, stamp: float, received: float) -> bool:
        """Say whether a newer sample is known, and restart if instead the clock was set back."""
        newest = self._arrivals[topic][-1].stamp
        if stamp >= newest - self._period:
            return stamp < newest or (stamp == newest and topic not in self._latched)
        if topic not in self._latched:
            self._set_back.append(received)
            self._jump = f"`{topic}` jumped back by {newest - stamp:.2f} s"
            self._restart(topic, stamp)
        return False

    def _confirmed(self, before: _SetBack, topic: str, stamp: float) -> _SetBack | None:
        """Return what is still undecided of a jump back once a further sample has come.

        Another topic that is back, too, shows that the clock was set back. The topic itself, where it leaps to where it was,
        shows that it was not; a clock that was set back gets there as well, but step by step.
        """
        is_back = stamp < before.newest[topic] - self._period
        if topic != before.topic:
            return None if is_back else replace(before, is_alone=True)
        if is_back:
            return before
        arrivals = self._arrivals[topic]
        if arrivals and stamp - arrivals[-1].stamp > KEPT * self._period:
            self._restore(before.latched)
            return None
        return before if before.is_alone else None

    def _restore(self, latched: dict[str, _Arrival]) -> None:
        """Take back what was forgotten of latched topics, where nothing newer has come."""
        self.measured_period, self._last_tick = math.nan, None
        for topic, arrival in latched.items():
            if not self._arrivals[topic]:
                self._arrivals[topic].append(arrival)
                self._select(topic, arrival)

    def waits_until(self) -> float | None:
        """Return when the oldest pending control tick runs at the latest, s of the clock of `received`; None without one."""
        return self._pending[0].received + self._period / 2 if self._pending else None

    def poll(self, now: float) -> ControlTick | None:
        """Run the oldest control tick that is due, if any; call again until there is none.

        Args:
            now: s of the same steady clock as `received`.

        Raises:
            ObservationError: when a tick is due and a channel has no data, stale data, or data that are not valid, or when the
                clock is set back again and again, as where two robots publish on one topic.
        """
        if not self._pending:
            return None
        trigger = self._pending[0]
        unpaired = tuple(topic for topic in self._paired if not self._has_pair(topic, trigger.stamp))
        is_waiting = now < trigger.received + self._period / 2 and len(self._pending) == 1
        if unpaired and is_waiting:
            return None
        self._pending.popleft()
        return self._tick(trigger, unpaired, now)

    def _plan(self, trigger: _Arrival) -> None:
        """Make the trigger a pending tick, unless the sensor is faster than the control period and this one comes too early."""
        was_tick = self._was_tick(trigger.stamp)
        if was_tick or self._due is None or trigger.stamp - self._due > self._period:
            self._due = trigger.stamp  # the first, or the sensor is slower than the control period
        is_early = trigger.stamp < self._due - EARLY * self._period
        if not was_tick and (was_tick is not None or is_early or trigger.stamp < self._last_planned + SHORTEST * self._period):
            return
        self._due += self._period
        self._last_planned = trigger.stamp
        self._pending.append(trigger)

    def _tick(self, trigger: _Arrival, unpaired: tuple[str, ...], now: float) -> ControlTick:
        self._check_clock(now)
        self._measure(trigger.stamp)
        self._select(self._trigger, trigger)
        for topic in self._paired:
            if self._arrivals[topic]:
                self._select(topic, self._nearest(topic, trigger.stamp))
        self._check_times(trigger.stamp, now)
        observation = self._advance(trigger.stamp)
        return ControlTick(observation, trigger.stamp, unpaired, self._assembler.excess())

    def _check_clock(self, now: float) -> None:
        if len(self._set_back) == SET_BACK and now - self._set_back[0] < SET_BACK_S:
            found = f"stamps that were set back {SET_BACK} times within {SET_BACK_S:g} s"
            raise ObservationError("sources of one clock", found, "let one node publish on each of the contract's topics")

    def _check_times(self, stamp: float, now: float) -> None:
        """Refuse data that are old, and say of those that are missing if a clock that was set back made them so."""
        missing = self._assembler.missing()
        if stale := [name for name in self._assembler.stale(now) if name not in missing]:
            ages = self._assembler.ages(now)
            found = ", ".join(f"`{name}` silent for {ages[name]:.2f} s" for name in stale)
            remedy = "check that their sources are running"
            if unadvanced := self.unadvanced(now):
                found += f", though messages come on {', '.join(unadvanced)}: their stamps do not advance"
                remedy = "let their sources stamp each measurement"
            raise ObservationError("fresh data on all channels", found, remedy)
        if missing and self._jump:
            found = f"none yet on {', '.join(missing)} since stamps on {self._jump}"
            remedy = "publish again what is latched, such as a goal, and check that source's clock"
            raise ObservationError("data on all channels since the clock was set back", found, remedy)
        if outdated := {} if missing else self._assembler.outdated(stamp):
            sides = [(name, abs(age), "before" if age > 0 else "after") for name, age in outdated.items()]
            found = ", ".join(f"`{name}` stamped {age:.2f} s {side} `{self._trigger}`" for name, age, side in sides)
            raise ObservationError("data within the timeouts of all channels", found, "check their sources' clocks and delays")

    def _measure(self, stamp: float) -> None:
        if self._last_tick is not None:
            interval = stamp - self._last_tick
            known = interval if math.isnan(self.measured_period) else self.measured_period
            self.measured_period = known + SMOOTHING * (interval - known)
        self._last_tick = stamp

    def _advance(self, stamp: float) -> NDArray[np.float32]:
        """Run the assembler's tick; after a gap the histories would span another time than in training, so they start anew."""
        if stamp - self._last_observed > self._longest_gap:
            self._assembler.restart_histories()
        observation = self._assembler.advance()
        self._last_observed = stamp
        return observation

    def _select(self, topic: str, arrival: _Arrival) -> None:
        self._assembler.update(topic, arrival.sample, stamp=arrival.stamp, received=arrival.received)

    def _nearest(self, topic: str, stamp: float) -> _Arrival:
        """Return the sample taken nearest to the stamp, of those that a tick waits for.

        Whether one taken still later had come when the tick ran is chance, and a replay would choose otherwise.
        """
        arrivals = self._arrivals[topic]
        if arrivals[-1].stamp == stamp:
            return arrivals[-1]
        latest = stamp + PAIRED * self._period
        awaited = [arrival for arrival in arrivals if arrival.stamp <= latest]
        return min(awaited or arrivals, key=lambda arrival: abs(arrival.stamp - stamp))

    def _has_pair(self, topic: str, stamp: float) -> bool:
        return bool(self._arrivals[topic]) and abs(self._nearest(topic, stamp).stamp - stamp) <= PAIRED * self._period

    def _restart(self, origin: str, now: float) -> None:
        """Forget what was measured after the present time of a clock that was set back; a goal already of the new time stays."""
        self.restarts += 1
        self.measured_period = math.nan
        self._due = self._last_tick = None
        self._last_planned = self._last_observed = -math.inf
        self._pending.clear()
        self._unadvanced.clear()
        self._assembler.restart()
        self._before = self._undecided(origin, now)
        for topic, arrivals in self._arrivals.items():
            kept = [arrival for arrival in arrivals if self._is_of(now, arrival)]
            arrivals.clear()
            arrivals.extend(kept)
            if kept:
                self._select(topic, kept[-1])

    def _is_of(self, now: float, arrival: _Arrival) -> bool:
        return arrival.stamp <= now + PAIRED * self._period

    def _undecided(self, origin: str, now: float) -> _SetBack:
        """Return what is known and about to be forgotten; of a topic that jumps again before it returned, what was so before."""
        if self._before is not None and self._before.topic == origin:
            return self._before
        newest = {topic: arrivals[-1].stamp for topic, arrivals in self._arrivals.items() if arrivals}
        latched = {topic: self._arrivals[topic][-1] for topic in self._latched & newest.keys()}
        forgotten = {topic: arrival for topic, arrival in latched.items() if not self._is_of(now, arrival)}
        return _SetBack(origin, {topic: stamp for topic, stamp in newest.items() if topic not in self._latched}, forgotten)
