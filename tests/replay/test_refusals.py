"""What a replay says of control ticks that had no estimate."""

from __future__ import annotations

from pathlib import Path

from alam_ros.contract import Contract
from tests.contract_check import drives  # first: it skips the module where rosbags is absent
from tests.support.policies import write_sample_policy

from alam_ros.replay.drive import replay  # isort: skip
from alam_ros.replay.output import document  # isort: skip
from alam_ros.replay.page import write_page  # isort: skip
from alam_ros.replay.settings import ReplaySettings  # isort: skip
from alam_ros.replay.text import summary  # isort: skip

CONTRACT = Contract.load(Path(drives.__file__).with_name("turtlebot.yaml"))
REASONS = ("expected `scan` in the frame", "expected data on all channels", "expected a scan with a beam in each")
"""Of the drive below: 15 times, then 10 times, first of all, and 10 times."""


def troubled_drive() -> list[drives.Entry]:
    """Return a drive with a late goal, then scans of another sensor, then scans of too few beams."""
    entries: list[drives.Entry] = [("/goal_pose", 0.95, drives.goal(0.95))]
    for topic, at, message in drives.drive(seconds=6.0):
        changes = {"frame": "laser"} if 2.0 < at < 3.5 else {"beams": 12} if 4.0 < at < 5.0 else {}
        if topic != "/goal_pose":
            entries.append((topic, at, drives.scan(at - 0.005, **changes) if topic == "/scan" and changes else message))
    return entries


def test_the_reason_that_held_longest_comes_first_and_none_is_lost(tmp_path: Path) -> None:
    policy = write_sample_policy(tmp_path / "policy.alam", contract=CONTRACT)
    found = replay(ReplaySettings(recording=drives.record(tmp_path / "drive", troubled_drive()), policy=policy))
    write_page(found, tmp_path / "report.html", "alam replay")
    for text in (summary(found), "\n".join(document(found)["refused"]), (tmp_path / "report.html").read_text()):
        places = [text.find(reason) for reason in REASONS]
        assert -1 not in places, text
        assert places == sorted(places)
    assert [count for _, count in found.policy.refused.items()] == [15, 10, 10]
