"""A replay answers the observations that the drive's policy answered, whichever of a fast sensor's they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from alam_ros.contract import Contract
from tests.contract_check import drives  # first: it skips the module where rosbags is absent
from tests.support.policies import write_sample_policy

from alam_ros.bags.reader import BagReader  # isort: skip
from alam_ros.bags.writer import BagWriter  # isort: skip
from alam_ros.onboard.stamps import nanoseconds  # isort: skip
from alam_ros.replay.drive import Replay, replay  # isort: skip
from alam_ros.replay.output import write_bag  # isort: skip
from alam_ros.replay.settings import ReplaySettings  # isort: skip

CONTRACT = Contract.load(Path(drives.__file__).with_name("turtlebot.yaml"))
FAST_S = CONTRACT.control_period / 5


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    return write_sample_policy(tmp_path / "policy.alam", contract=CONTRACT)


def record(folder: Path, entries: list[drives.Entry], estimates: Path | None = None) -> Path:
    """Write a recording, with the estimates of another one."""
    timed = [(drives.START_NS + round(at * drives.SECOND_NS), topic, message) for topic, at, message in entries]
    if estimates is not None:
        with BagReader(estimates) as bag:
            timed += [(entry.received_ns, entry.topic, entry.message) for entry in bag.messages(["alam/risk"])]
    with BagWriter(folder) as bag:
        for received_ns, topic, message in sorted(timed, key=lambda row: row[0]):
            bag.write(topic, message, received_ns)
    return bag.file


def answered(found: Replay) -> list[int]:
    return [answer.estimate.stamp_ns for answer in found.policy.answers]


def live_and_recording(tmp_path: Path, policy: Path, entries: list[drives.Entry]) -> tuple[list[int], Path]:
    """Return what a policy node answered that began after the recorder, at its third scan, and the recording."""
    late = [entry for entry in entries if entry[0] != "/scan" or entry[1] > 0.01 + 2.5 * FAST_S]
    live = replay(ReplaySettings(recording=record(tmp_path / "late", late), policy=policy))
    return answered(live), record(tmp_path / "drive", entries, write_bag(live, tmp_path / "live"))


def test_of_a_sensor_faster_than_the_control_period_the_same_messages_are_answered(tmp_path: Path, policy: Path) -> None:
    stamps, recording = live_and_recording(tmp_path, policy, drives.drive(scan_period=FAST_S))
    found = replay(ReplaySettings(recording=recording, policy=policy))
    assert len(stamps) > 30
    assert set(stamps) <= set(answered(found))
    assert len(answered(found)) <= len(stamps) + 1  # one before the policy node began


def test_ticks_that_the_policy_refused_are_counted_though_no_estimate_tells_of_them(tmp_path: Path, policy: Path) -> None:
    entries = [
        (topic, at, drives.scan(at - 0.005, frame="laser") if topic == "/scan" and 1.5 < at < 2.5 else message)
        for topic, at, message in drives.drive(scan_period=FAST_S)
    ]
    stamps, recording = live_and_recording(tmp_path, policy, entries)
    found = replay(ReplaySettings(recording=recording, policy=policy))
    assert set(stamps) <= set(answered(found))
    assert list(found.policy.refused.values()) == [pytest.approx(1.0 / CONTRACT.control_period, abs=1)]


def test_estimates_of_something_else_than_the_trigger_decide_nothing(tmp_path: Path, policy: Path) -> None:
    entries = drives.drive(scan_period=FAST_S)
    _, recording = live_and_recording(tmp_path, policy, entries)
    with BagReader(recording) as bag:
        by_estimates = {nanoseconds(entry.message.header.stamp) for entry in bag.messages(["alam/risk"])}
    shifted = [(topic, at, drives.scan(at - 0.004) if topic == "/scan" else message) for topic, at, message in entries]
    found = replay(ReplaySettings(recording=record(tmp_path / "shifted", shifted, tmp_path / "live"), policy=policy))
    alone = replay(ReplaySettings(recording=record(tmp_path / "alone", shifted), policy=policy))
    assert by_estimates.isdisjoint(answered(found))
    assert answered(found) == answered(alone)


def test_another_policy_s_estimates_decide_nothing(tmp_path: Path, policy: Path) -> None:
    entries = drives.drive(scan_period=FAST_S)
    _, recording = live_and_recording(tmp_path, policy, entries)
    slow = write_sample_policy(tmp_path / "slow.alam", contract=replace(CONTRACT, control_period=2 * CONTRACT.control_period))
    found = replay(ReplaySettings(recording=recording, policy=slow))
    alone = replay(ReplaySettings(recording=record(tmp_path / "alone", entries), policy=slow))
    assert answered(found) == answered(alone)


def test_something_else_on_the_estimates_topic_decides_nothing(tmp_path: Path, policy: Path) -> None:
    entries = drives.drive(scan_period=FAST_S)
    strange = [("alam/risk", at, drives.scan(at)) for at in (1.0, 1.1, 1.2)]
    found = replay(ReplaySettings(recording=record(tmp_path / "strange", [*entries, *strange]), policy=policy))
    alone = replay(ReplaySettings(recording=record(tmp_path / "alone", entries), policy=policy))
    assert answered(found) == answered(alone)
