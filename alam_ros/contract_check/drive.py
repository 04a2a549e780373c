"""A recorded drive held against a contract."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from alam_ros.bags.reader import BagMessage, BagReader
from alam_ros.contract import Contract, Sample, decode
from alam_ros.contract.frames import FrameTree, plain_name
from alam_ros.contract.joint_filter import JointFilter
from alam_ros.contract.messages import update_frames
from alam_ros.contract_check.beams import Beams
from alam_ros.contract_check.commands import CommandCheck
from alam_ros.contract_check.finding import Finding, Verdict, fails, note
from alam_ros.contract_check.publishers import Publishers
from alam_ros.contract_check.rhythm import Rhythm, check_clock, check_silence, check_stamps
from alam_ros.contract_check.ticks import check_ticks
from alam_ros.contract_check.topics import check_command_topic, check_topics
from alam_ros.contract_check.values import ChannelValues
from alam_ros.errors import AlamError
from alam_ros.onboard.gate_settings import topic_timeouts
from alam_ros.onboard.gated_action import stamped
from alam_ros.onboard.stamps import SECOND_NS, header_stamp_ns
from alam_ros.replay.observation_pass import clock_topic, transform_topics
from alam_ros.replay.settings import GATE_DEFAULTS


def check_drive(
    contract: Contract, path: Path, *, namespace: str = "", commands: str = "", gate: Mapping[str, Any] = GATE_DEFAULTS
) -> list[Finding]:
    """Say line by line what of a recording fits.

    Args:
        contract: what is to be fed.
        path: an `.mcap` or `.db3` file, or a rosbag2 folder.
        namespace: of the robot in the recording.
        commands: topic of the commands; empty for the action's own.
        gate: the safety monitor's parameters.

    Raises:
        BagError: when the recording cannot be read.
    """
    prefix = f"/{namespace.strip('/')}/" if namespace.strip("/") else "/"

    def topic_of(name: str) -> str:
        return name if name.startswith("/") else prefix + name

    with BagReader(path) as bag:
        found = check_topics(contract, bag.types, bag.counts, topic_of)
        is_complete = all(finding.verdict is Verdict.FITS for finding in found)
        found += _Observations(bag, contract, topic_of, gate["source_timeout"]).findings()
        if is_complete:
            found += check_ticks(bag, contract, topic_of)
        else:
            found.append(fails("control ticks: not tried, because topics are missing"))
        return found + _commands(bag, contract, topic_of(commands or contract.action.topic), gate)


def _commands(bag: BagReader, contract: Contract, topic: str, gate: Mapping[str, Any]) -> list[Finding]:
    contract = replace(contract, action=stamped(contract.action, is_stamped=gate["enable_stamped_cmd_vel"]))
    found = check_command_topic(contract, bag.types, topic)
    if bag.types.get(topic) != contract.action.type:
        return [found]
    try:
        check = CommandCheck(contract, gate["limit_tolerance"])
    except AlamError as error:
        return [found, fails(f"commands: {error}")]
    return [found, *check.read((entry.received_ns, entry.message) for entry in bag.messages([topic]))]


class _Observations:
    """Reads the messages of all topics that are recorded with the right type, once."""

    def __init__(self, bag: BagReader, contract: Contract, topic_of: Callable[[str], str], source_timeout: float) -> None:
        self._contract, self._topic_of = contract, topic_of
        self._frames = FrameTree()
        self._names = {topic_of(topic): topic for topic, kind in contract.topics() if bag.types.get(topic_of(topic)) == kind}
        self._values = [ChannelValues(channel, self._frames) for channel in contract.observation]
        self._beams = {channel.name: Beams(channel) for channel in contract.observation if channel.field == "ranges"}
        self._rhythms: defaultdict[str, Rhythm] = defaultdict(Rhythm)
        self._publishers: defaultdict[str, Publishers] = defaultdict(Publishers)
        self._broadcasts: defaultdict[tuple[str, str], Publishers] = defaultdict(Publishers)
        self._offered = bag.publishers
        self._joints, self._of_others = JointFilter(contract), Counter[str]()
        self._stamped: set[str] = set()
        self._latched = contract.latched_topics  # may repeat their stamps
        self._limits = _clock_limits(contract, source_timeout)
        self._is_simulated = clock_topic(bag, topic_of) is not None
        self._read(bag)

    def _read(self, bag: BagReader) -> None:
        latest: dict[str, Sample] = {}
        transforms = transform_topics(bag, self._contract, self._topic_of)
        for entry in bag.messages([*self._names, *transforms]) if self._names else ():
            received = entry.received_ns / SECOND_NS
            if entry.topic in transforms:
                self._read_transforms(entry, received, is_static=transforms[entry.topic])
                continue
            topic = self._names[entry.topic]
            self._frames.hear(received, 0 if topic in self._latched else header_stamp_ns(entry.message) or 0)
            sample = decode(entry.type, entry.message)
            if self._joints.is_of_another_device(topic, sample):
                self._of_others[topic] += 1
                continue
            latest[topic] = sample
            self._rhythms[topic].received_ns.append(entry.received_ns)
            self._rhythms[topic].stamps_ns.append(header_stamp_ns(entry.message))
            self._publishers[topic].read(entry.message)
            if hasattr(entry.message, "header"):
                self._stamped.add(topic)
            for values in self._values:
                if topic in (values.channel.topic, values.channel.reference_topic):
                    values.read(latest)
                if topic == values.channel.topic and values.channel.name in self._beams:
                    self._beams[values.channel.name].read(latest[topic])

    def _read_transforms(self, entry: BagMessage, received: float, *, is_static: bool) -> None:
        update_frames(self._frames, entry.message, received=received, is_static=is_static)
        for transform in entry.message.transforms:
            self._broadcasts[entry.topic, plain_name(transform.child_frame_id)].read(transform)

    def findings(self) -> list[Finding]:
        """Return what was read, channel by channel, and the stamps topic by topic."""
        times = [at for rhythm in self._rhythms.values() for at in (rhythm.received_ns[0], rhythm.received_ns[-1])]
        span_ns = (min(times, default=0), max(times, default=0))
        found = []
        for values in self._values:
            channel = values.channel
            for topic in (channel.topic, channel.reference_topic if channel.timeout else ""):
                if topic in self._rhythms:
                    rhythm = self._rhythms[topic]
                    found += check_silence(channel.name, self._topic_of(topic), rhythm, channel.timeout, span_ns)
            if channel.name in self._beams:
                found += self._beams[channel.name].findings()
            if self._has_topics(channel.topic, channel.reference_topic):
                found += values.findings()
        for topic in sorted(self._stamped):
            found += self._stamps(topic, span_ns[0])
        return found + self._of_publishers()

    def _of_publishers(self) -> list[Finding]:
        """Say who else was on the topics; of a goal anybody may give the next, and joint states may be of several devices.

        Where the contract's joints never came, as of wrong names, all that came are other devices' for all that is known.
        """
        found = []
        strangers = {topic for topic in self._publishers if self._contract.joints_on(topic)} - self._joints.heard
        for topic in sorted(self._publishers.keys() - self._latched - self._of_others.keys() - strangers):
            name = self._topic_of(topic)
            found += self._publishers[topic].findings(name, self._offered[name])
        for (name, frame), publishers in sorted(self._broadcasts.items()):
            if frame in self._frames.used:
                found += publishers.findings(f"{name} of `{frame}`", offered=1)  # many nodes broadcast, each its own frames
        for topic, count in sorted(self._of_others.items()):
            found.append(note(f"{self._topic_of(topic)}: {count} messages of another device's joints are ignored"))
        return found

    def _stamps(self, topic: str, begin_ns: int) -> list[Finding]:
        """Say what the stamps of a topic are like; those of a simulation have a clock that is not the recorder's."""
        name, rhythm = self._topic_of(topic), self._rhythms[topic]
        found = [] if topic in self._latched else check_stamps(name, rhythm)
        if self._is_simulated:
            return found
        return found + check_clock(name, rhythm, self._limits[topic], begin_ns, is_latched=topic in self._latched)

    def _has_topics(self, *topics: str) -> bool:
        """Say whether the topics have messages; where not, their absence is told already."""
        return all(topic in self._rhythms for topic in topics if topic)


def _clock_limits(contract: Contract, source_timeout: float) -> dict[str, float]:
    """Return for each topic how far its stamps may be from the present, s.

    A risk is stamped as its trigger, which the safety monitor watches; other topics may be as old as their timeout.
    """
    trigger = next(channel.topic for channel in contract.observation if channel.name == contract.trigger)
    limits = {topic: max(timeout or 0.0, source_timeout) for topic, timeout in topic_timeouts(contract).items()}
    return limits | {trigger: source_timeout}
