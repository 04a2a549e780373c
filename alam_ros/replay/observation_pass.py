"""The recorded observations through the very code of the nodes: the control ticks of a drive."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from alam_ros.bags.reader import BagMessage, BagReader
from alam_ros.contract import Contract, ControlTick, ObservationSynchroniser
from alam_ros.errors import AlamError, BagError
from alam_ros.onboard.observations import ObservationStream
from alam_ros.onboard.stamps import SECOND_NS, nanoseconds


@dataclass(frozen=True, slots=True, eq=False)
class RecordedTick:
    """A control tick and when it ran, ns of the recorder's clock and of ROS time; `stamp_ns` is the observation's."""

    received_ns: int
    ros_ns: int
    stamp_ns: int
    tick: ControlTick


@dataclass(frozen=True)
class ObservationPass:
    """What became of a drive's observations.

    Attributes:
        refused: reason, as first given → how many control ticks were refused for one of its kind.
        waited: the part of them before the first one that ran: what a drive begins with.
        incomplete: the part of them at which a channel had not had its first data yet.
        arrivals: (ns of the recorder's clock, topic as the contract names it) of every observation, in their order.
        synchroniser: as the drive left it.
    """

    refused: Counter[str]
    waited: Counter[str]
    incomplete: Counter[str]
    arrivals: list[tuple[int, str]]
    synchroniser: ObservationSynchroniser


def replay_observations(
    bag: BagReader,
    contract: Contract,
    topic_of: Callable[[str], str],
    on_tick: Callable[[RecordedTick], None],
    was_tick: Callable[[int], bool | None] = lambda _: None,
) -> ObservationPass:
    """Run a contract's control ticks over a recording.

    Args:
        bag: the recording.
        contract: by which observations are assembled.
        topic_of: the contract's name of a topic → that in the recording.
        on_tick: takes each control tick; one for which it raises an `AlamError` counts as refused.
        was_tick: as of `ObservationStream`.

    Raises:
        BagError: when a topic of the contract is missing or of another type.
    """
    player = _Player(contract, on_tick, was_tick)
    kinds = dict(contract.topics())
    named = {topic_of(topic): topic for topic in kinds}
    for recorded, topic in named.items():
        found = bag.types.get(recorded, kinds[topic])
        if found != kinds[topic]:
            raise BagError(f"{kinds[topic]} on `{recorded}`", found, "give the contract of this robot with --robot")
    clock = clock_topic(bag, topic_of)
    transforms = transform_topics(bag, contract, topic_of)
    others = transforms.keys() | ({clock} if clock is not None else set())
    for entry in bag.messages([*named, *others]):
        if entry.topic == clock:
            player.clock_ns = nanoseconds(entry.message.clock)
        elif entry.topic in transforms:
            player.play_transforms(entry, is_static=transforms[entry.topic])
        else:
            player.play(entry, named[entry.topic])
    player.finish()
    return ObservationPass(player.refused, player.waited, player.incomplete, player.arrivals, player.synchroniser)


def clock_topic(bag: BagReader, topic_of: Callable[[str], str]) -> str | None:
    """Return the topic of a recording's simulated time: the robot's own, as `simulation.launch.py` has it, or everybody's."""
    return next((topic for topic in (topic_of("clock"), "/clock") if bag.counts.get(topic, 0)), None)


def transform_topics(bag: BagReader, contract: Contract, topic_of: Callable[[str], str]) -> dict[str, bool]:
    """Return topic → whether its transforms are static, of those recorded; none for a contract that needs none.

    A robot's own, where its nodes' `/tf` was remapped into its namespace, come before everybody's.
    """
    if not contract.needs_transforms:
        return {}
    found: dict[str, bool] = {}
    for name, is_static in (("tf", False), ("tf_static", True)):
        recorded = [topic for topic in (topic_of(name), f"/{name}") if bag.counts.get(topic, 0)]
        found |= dict.fromkeys(recorded[:1], is_static)
    return found


class _Player:
    """Plays messages at their times, and polls between them when the node's timer does."""

    def __init__(
        self, contract: Contract, on_tick: Callable[[RecordedTick], None], was_tick: Callable[[int], bool | None]
    ) -> None:
        self._stream = ObservationStream(contract, was_tick)
        self._on_tick = on_tick
        self._origin_ns: int | None = None
        self.synchroniser = self._stream.synchroniser
        self.clock_ns: int | None = None
        self.refused: Counter[str] = Counter()
        self.waited: Counter[str] = Counter()
        self.incomplete: Counter[str] = Counter()
        self._reasons: dict[str, str] = {}
        self._has_run = False
        self.arrivals: list[tuple[int, str]] = []

    def play(self, entry: BagMessage, topic: str) -> None:
        now_ns = entry.received_ns
        self._wait(now_ns)
        self.arrivals.append((now_ns, topic))
        self._stream.receive(
            topic, entry.type, entry.message, received=self._seconds(now_ns), now_ns=lambda: self._ros_ns(now_ns)
        )
        self._run(now_ns)

    def play_transforms(self, entry: BagMessage, *, is_static: bool) -> None:
        self._stream.receive_transforms(entry.message, received=self._seconds(entry.received_ns), is_static=is_static)

    def finish(self) -> None:
        """Poll until nothing waits any more."""
        self._wait(None)

    def _wait(self, until_ns: int | None) -> None:
        """Run what waits no longer before a time, or whatever waits."""
        while (deadline := self._stream.waits_until()) is not None:
            now_ns = (self._origin_ns or 0) + math.ceil(deadline * SECOND_NS) + 1  # rounding must not leave it waiting
            if until_ns is not None and now_ns >= until_ns:
                return
            self._run(now_ns)

    def _run(self, now_ns: int) -> None:
        try:
            while (tick := self._stream.poll(self._seconds(now_ns))) is not None:
                self._on_tick(RecordedTick(now_ns, self._ros_ns(now_ns), self._stream.stamp_ns(tick), tick))
                self._has_run = True
        except AlamError as error:
            # What was found holds numbers that differ each time; the first stands for all of its kind.
            reason = self._reasons.setdefault(error.expected, str(error))
            self.refused[reason] += 1
            if not self._has_run:
                self.waited[reason] += 1
            if self.synchroniser.missing():
                self.incomplete[reason] += 1

    def _seconds(self, now_ns: int) -> float:
        if self._origin_ns is None:
            self._origin_ns = now_ns
        return (now_ns - self._origin_ns) / SECOND_NS

    def _ros_ns(self, now_ns: int) -> int:
        return now_ns if self.clock_ns is None else self.clock_ns
