"""Several publishers on one topic of a recording are told; one that is late, drifts or changes once is not accused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alam_ros.contract import Channel, Contract
from alam_ros.contract_check.finding import Verdict
from tests.contract_check import drives  # first: it skips the module where rosbags is absent

from alam_ros.bags.writer import new_message  # isort: skip
from alam_ros.contract_check.drive import check_drive  # isort: skip
from alam_ros.contract_check.publishers import returning  # isort: skip

CONTRACT = Contract.load(Path(__file__).with_name("turtlebot.yaml"))


def told(
    folder: Path, entries: list[drives.Entry], contract: Contract = CONTRACT, **publishers: int
) -> list[tuple[Verdict, str]]:
    """Record a drive and return what is said of publishers, up to the remedy."""
    file = drives.record(folder / "drive", entries, {f"/{topic}": count for topic, count in publishers.items()})
    found = check_drive(contract, file)
    return [(one.verdict, one.text.partition(";")[0]) for one in found if "publishers" in one.text]


def placed(message: Any, x: float) -> Any:
    return replace(message, pose=replace(message.pose, pose=drives.pose(x)))


OTHERS: dict[str, tuple[str, Callable[[float], Any], str]] = {
    "frame": ("/scan", lambda at: drives.scan(at, frame="laser"), "frames"),
    "clock": ("/scan", lambda at: drives.scan(at - 100.0), "stamps"),
    "reach": ("/scan", lambda at: replace(drives.scan(at), range_max=12.0), "angles or range limits"),
    "angles": ("/scan", lambda at: replace(drives.scan(at), angle_min=-3.14, angle_max=3.14), "angles or range limits"),
    "place": ("/odom", lambda at: placed(drives.odometry(at), 3.0), "positions"),
    "body": ("/odom", lambda at: replace(drives.odometry(at), child_frame_id="robot2"), "frames"),
}


@pytest.mark.parametrize("period", [0.1, 0.3])
@pytest.mark.parametrize("name", OTHERS)
def test_a_second_publisher_that_differs_is_told(tmp_path: Path, name: str, period: float) -> None:
    topic, make, trait = OTHERS[name]
    entries = drives.drive(seconds=8.0)
    others = [(topic, at, make(at - 0.005)) for at in np.arange(0.043, 8.0, period)]
    ((verdict, text),) = told(tmp_path, [*entries, *others])
    assert verdict is Verdict.FAILS
    assert text.startswith(f"{topic}: several publishers in turns: {trait} go back and forth in ")


def changed(change: Callable[[int, float, Any], Any], topic: str = "/scan") -> list[drives.Entry]:
    """Return a drive in which one publisher's messages are changed, by their number, their time and themselves."""
    entries, number = [], 0
    for name, at, message in drives.drive(seconds=8.0):
        entries.append((name, at, change(number, at, message) if name == topic else message))
        number += name == topic
    return entries


def stalled() -> list[drives.Entry]:
    """Return a drive over a link that for 2 s holds one scan back and loses those after it, again and again."""
    scans = [
        ("/scan", at, drives.scan(at - delay))
        for begin in range(2, 20, 3)
        for at, delay in [(begin, 1.9), *((begin + 0.1 * number, 0.0) for number in range(1, 10))]
    ]
    return [*(entry for entry in drives.drive(seconds=20.0) if entry[0] != "/scan"), *scans]


RANDOM = np.random.default_rng(0)
ONE_PUBLISHER = {
    "is held back": stalled(),
    "jitters": changed(lambda _, at, __: drives.scan(at - RANDOM.uniform(0.0, 0.9))),
    "is late thrice": changed(lambda number, at, _: drives.scan(at - 2.0 * (number in {20, 35, 50}))),
    "has its clock set": changed(lambda number, at, _: drives.scan(at + 500.0 * (number > 40))),
    "counts beams anew": changed(lambda number, at, _: drives.scan(at, beams=360 - number % 3)),
    "changes its frame": changed(lambda number, at, _: drives.scan(at, frame="laser" if number > 40 else "base_scan")),
    "drives fast": changed(lambda number, _, message: placed(message, 0.6 * number), "/odom"),
    "is carried": changed(lambda number, _, message: placed(message, 5.0 * (number > 40)), "/odom"),
    "shakes": changed(lambda _, __, message: placed(message, RANDOM.uniform(0.0, 0.45)), "/odom"),
}


@pytest.mark.parametrize("name", ONE_PUBLISHER)
def test_one_publisher_is_not_accused(tmp_path: Path, name: str) -> None:
    assert told(tmp_path, ONE_PUBLISHER[name]) == []


def test_of_a_goal_anybody_may_give_the_next(tmp_path: Path) -> None:
    goals = [("/goal_pose", at, drives.goal(at, x=1.0 + number % 2)) for number, at in enumerate(np.arange(0.5, 4.0, 0.1))]
    assert told(tmp_path, [*drives.drive(), *goals], goal_pose=3) == []


@pytest.mark.parametrize(("parent", "child", "x"), [("map", "odom", 8.0), ("world", "/odom", 3.0)], ids=["place", "parent"])
def test_a_transform_that_several_broadcast_is_told_where_goals_are_seen_through_it(
    tmp_path: Path, parent: str, child: str, x: float
) -> None:
    channels = (replace(channel, frame="map") if channel.name == "goal" else channel for channel in CONTRACT.observation)
    on_map = replace(CONTRACT, observation=tuple(channels))
    entries = drives.drive(goal={"frame": "map", "x": 5.0})
    entries += [("/tf", at, drives.transform(at, "map", "odom", 3.0)) for at in np.arange(0.0, 4.0, 0.1)]
    unused = [
        ("/tf", at, drives.transform(at, "odom", "gripper", number % 2)) for number, at in enumerate(np.arange(0.0, 4.0, 0.1))
    ]
    assert told(tmp_path / "one", [*entries, *unused], contract=on_map) == []
    others = [("/tf", at, drives.transform(at, parent, child, x)) for at in np.arange(0.05, 4.0, 0.1)]
    ((verdict, text),) = told(tmp_path / "two", [*entries, *others], contract=on_map)
    assert verdict is Verdict.FAILS
    trait = "frames" if parent == "world" else "positions"
    assert text.startswith(f"/tf of `odom`: several publishers in turns: {trait} go back and forth in ")


def joint_states(at: float, joint: str, frame: str) -> Any:
    nothing = np.empty(0)
    numbers = {"position": np.zeros(1), "velocity": nothing, "effort": nothing}
    return new_message("sensor_msgs/msg/JointState", header=drives.header(at, frame), name=[joint], **numbers)


@pytest.mark.parametrize("joint", ["shoulder", "sholder"])
def test_joint_states_of_several_devices_are_not_several_publishers_of_one(tmp_path: Path, joint: str) -> None:
    kind = "sensor_msgs/msg/JointState"
    pan = Channel(name="pan", topic="joint_states", type=kind, field="position", size=1, joints=(joint,))
    contract = replace(CONTRACT, observation=(*CONTRACT.observation, pan))
    entries = drives.drive()
    entries += [("/joint_states", at, joint_states(at, "shoulder", "base_link")) for at in np.arange(0.0, 4.0, 0.1)]
    entries += [("/joint_states", at, joint_states(at, "finger", "")) for at in np.arange(0.05, 4.0, 0.1)]
    assert told(tmp_path, entries, contract) == []


def test_publishers_that_the_recorder_noted_are_told(tmp_path: Path) -> None:
    expected = (Verdict.NOTE, "/scan: 2 publishers when the recorder found it, if none had just ended")
    assert told(tmp_path, drives.drive(), scan=2) == [expected]
    assert expected[1] in "\n".join(one.text for one in check_drive(CONTRACT, tmp_path / "drive"))


@pytest.mark.parametrize(("pattern", "share"), [("abababab", 1.0), ("aabaabaabaa", 1 / 3), ("aaaabbbb", 0.0), ("abaaaaba", 0.0)])
def test_what_leaves_and_returns_at_once_counts(pattern: str, share: float) -> None:
    rows = np.array([[float(letter == "b")] for letter in pattern])
    assert returning(rows, 0.5) == pytest.approx(share)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("values", [(0.0, np.nan), (np.nan, np.nan), (np.inf, np.inf)])
def test_what_is_no_number_accuses_nobody(values: tuple[float, float]) -> None:
    assert returning(np.array([[value] for value in values] * 20), 0.5) == 0.0
