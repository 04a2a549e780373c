"""What of a drive recorded elsewhere fits a contract is said line by line."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from alam_ros.contract import Contract
from alam_ros.contract_check.finding import Verdict
from alam_ros.errors import BagError
from tests.contract_check import drives  # first: it skips the module where rosbags is absent

from alam_ros.cli.main import main  # isort: skip
from alam_ros.contract_check.drive import check_drive  # isort: skip
from alam_ros.replay.settings import GATE_DEFAULTS  # isort: skip

COUNTS_AS_NEAR = "what is not seen counts as near: clear the sensor's view, or train with these sectors so"
CONTRACT = Contract.load(Path(__file__).with_name("turtlebot.yaml"))


def told(folder: Path, entries: list[drives.Entry], contract: Contract = CONTRACT, **options: Any) -> dict[Verdict, list[str]]:
    """Record a drive and return what is said of it, by verdict."""
    lines: dict[Verdict, list[str]] = {verdict: [] for verdict in Verdict}
    for finding in check_drive(contract, drives.record(folder / "drive", entries), **options):
        lines[finding.verdict].append(finding.text)
    return lines


def without(topic: str, begin: float, end: float, entries: list[drives.Entry]) -> list[drives.Entry]:
    """Leave out what came on a topic for some time."""
    return [entry for entry in entries if entry[0] != topic or not begin <= entry[1] < end]


@pytest.mark.parametrize("form", ["file", "folder"])
def test_a_drive_that_fits_has_no_failure_and_no_note(tmp_path: Path, form: str) -> None:
    file = drives.record(tmp_path / "drive", drives.drive())
    found = check_drive(CONTRACT, file if form == "file" else file.parent)
    assert {finding.verdict for finding in found} == {Verdict.FITS}
    said = "\n".join(finding.text for finding in found)
    assert "scan: 360 beams from 0.00 by 0.0175 rad, limits 0.12 to 3.5 m; 0.0% without a measurement" in said
    assert "control ticks: 40, one every 0.100 s" in said
    assert "linear.x: commanded 0.1 to 0.1 m/s of -0.22 to 0.22" in said


def test_a_goal_that_came_before_its_odometry_is_looked_at(tmp_path: Path) -> None:
    lines = told(tmp_path, drives.drive(goal={"frame": "map"}))
    assert any(
        "readings: expected the goal in its reference's frame `odom`; found `map`" in text for text in lines[Verdict.FAILS]
    )


CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "another frame": ({"scan": {"frame": "laser"}}, "40 of 40 readings: expected `scan` in the frame `base_scan`; found `laser`"),
    "other units": ({"odom": {"speed": 100.0}}, "element 0 outside its range -0.3 to 0.3 in 100.0% of readings"),
    "no number": ({"odom": {"speed": math.nan}}, "velocity: 80 of 80 readings: expected finite values"),
    "too few beams": ({"scan": {"beams": 12}}, "none in the sectors"),
    "too slow": ({"scan_period": 0.2}, "one every 0.200 s (trained with 0.1 s)"),
    "silent too long": ({"scan_period": 0.7}, "longest silence 0.700 s, stale after 0.5 s"),
    "blind": ({"scan": {"zeros": 360}}, "say `zero: no_return`"),
}


@pytest.mark.parametrize("rate", [13.0, 15.0, 25.0])
def test_a_trigger_that_is_thinned_to_the_period_fits_whatever_its_rate(tmp_path: Path, rate: float) -> None:
    lines = told(tmp_path, drives.drive(seconds=8.0, scan_period=1.0 / rate))
    assert not [text for text in lines[Verdict.FAILS] if "control ticks" in text]


def test_refusals_count_together_whatever_their_reasons(tmp_path: Path) -> None:
    entries = drives.drive()
    scans = [index for index, (topic, *_) in enumerate(entries) if topic == "/scan"]
    for index, changes in zip(scans, ({"frame": "laser"}, {"frame": "laser"}, {"zeros": 360}, {"zeros": 360}), strict=False):
        topic, at, _ = entries[index]
        entries[index] = topic, at, drives.scan(at, **changes)
    failed = told(tmp_path, entries)[Verdict.FAILS]
    assert sum("scan: 2 of 40 readings" in text for text in failed) == 2, failed  # a twentieth each, which alone would be a note


@pytest.mark.parametrize("name", CHANGES)
def test_what_does_not_fit_is_named(tmp_path: Path, name: str) -> None:
    changes, expected = CHANGES[name]
    failed = told(tmp_path, drives.drive(**changes))[Verdict.FAILS]
    assert any(expected in text for text in failed), failed


def test_zeros_of_a_driver_without_nan_are_told(tmp_path: Path) -> None:
    lines = told(tmp_path, drives.drive(scan={"zeros": 36}))
    assert lines[Verdict.FAILS] == []
    assert lines[Verdict.NOTE] == [
        "scan: 10.0% of beams are zero, read as no measurement; where the driver means no return by it, say `zero: no_return`",
        f"scan: sectors 19 to 21 (0.09 to 0.61 rad) measured nothing in any of 40 scans and read 0.12 m; {COUNTS_AS_NEAR}",
    ]


def test_zeros_that_mean_no_return_count_as_such(tmp_path: Path) -> None:
    channels = [replace(one, zero="no_return") if one.name == "scan" else one for one in CONTRACT.observation]
    lines = told(tmp_path, drives.drive(scan={"zeros": 36}), replace(CONTRACT, observation=tuple(channels)))
    assert any("0.0% without a measurement, 10.0% without a return" in text for text in lines[Verdict.FITS])


def ranges_of(*parts: tuple[int, float]) -> NDArray[np.float32]:
    """Return ranges of so many beams each."""
    return np.concatenate([np.full(count, value, dtype=np.float32) for count, value in parts])


@pytest.mark.parametrize("value", [1500.0, 65.535, math.inf, 3.6])
def test_a_drive_without_a_single_distance_fails(tmp_path: Path, value: float) -> None:
    failed = told(tmp_path, drives.drive(scan={"ranges": ranges_of((360, value))}))[Verdict.FAILS]
    (text,) = failed
    assert "100.0% without a return: no beam of 40 scans returned a distance within `range_max`; see that the driver" in text


def test_a_single_distance_in_a_drive_is_one_and_too_near_is_none(tmp_path: Path) -> None:
    assert told(tmp_path, drives.drive(scan={"ranges": ranges_of((359, math.inf), (1, 1.0))}))[Verdict.FAILS] == []
    near = drives.drive(scan={"ranges": ranges_of((359, math.inf), (1, -math.inf))})
    (text,) = told(tmp_path / "near", near)[Verdict.FAILS]
    assert "no beam of 40 scans returned a distance" in text


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (((340, 1.5), (10, 1200.0), (10, 3400.0)), ["5.6% of beams are 1200 to 3400, beyond 10 times `range_max`"]),
        (((342, 1.5), (9, 1200.0), (9, 3400.0)), []),
        (((100, 1.5), (260, 65.535)), []),  # what a turtlebot writes where nothing came back
        (((100, 1.5), (130, 20.0), (130, 30.0)), []),
    ],
)
def test_numbers_of_other_units_are_told(tmp_path: Path, parts: tuple[tuple[int, float], ...], expected: list[str]) -> None:
    lines = told(tmp_path, drives.drive(scan={"ranges": ranges_of(*parts)}))
    assert lines[Verdict.FAILS] == []
    assert [text.removeprefix("scan: ").partition(", and")[0] for text in lines[Verdict.NOTE]] == expected


def test_sectors_that_a_mast_hides_are_named(tmp_path: Path) -> None:
    hidden = ranges_of((20, 1.5), (51, math.nan), (100, 1.5), (18, math.nan), (171, 1.5))
    lines = told(tmp_path, drives.drive(scan={"ranges": hidden}))
    assert lines[Verdict.FAILS] == []
    (text,) = lines[Verdict.NOTE]
    hidden_sectors, _, remedy = text.partition(" measured nothing in any of 40 scans and read 0.12 m; ")
    assert hidden_sectors == "scan: sectors 0 (-3.23 to -3.05 rad), 21 to 24 (0.44 to 1.13 rad)"
    assert remedy == COUNTS_AS_NEAR


def test_sectors_that_saw_something_once_or_something_too_near_are_not_hidden(tmp_path: Path) -> None:
    entries = drives.drive(scan={"ranges": ranges_of((20, 1.5), (51, math.nan), (289, 1.5))})
    index, (topic, at, _) = next((index, entry) for index, entry in enumerate(entries) if entry[0] == "/scan")
    entries[index] = topic, at, drives.scan(at)
    assert told(tmp_path, entries)[Verdict.NOTE] == []
    near = drives.drive(scan={"ranges": ranges_of((20, 1.5), (51, -math.inf), (289, 1.5))})
    assert told(tmp_path / "near", near)[Verdict.NOTE] == []


def test_silence_before_the_first_and_after_the_last_message_counts(tmp_path: Path) -> None:
    lines = told(tmp_path, without("/scan", 0.0, 7.0, drives.drive(seconds=9.0)))
    assert any("/scan is silent for 7.0 s before its first message" in text for text in lines[Verdict.FAILS])
    lines = told(tmp_path / "end", without("/odom", 3.02, 99.0, drives.drive()))
    assert any("/odom is silent for 0.9 s after its last message" in text for text in lines[Verdict.NOTE])


def test_a_goal_that_is_given_in_the_middle_of_a_drive_refuses_nothing(tmp_path: Path) -> None:
    entries = [*without("/goal_pose", 0.0, 99.0, drives.drive(seconds=4.0)), ("/goal_pose", 2.0, drives.goal(2.0))]
    lines = told(tmp_path, entries)
    assert not any("control ticks" in text for text in lines[Verdict.FAILS])
    assert any("before the first one, refused" in text for text in lines[Verdict.NOTE])


def test_why_no_tick_ran_is_told_without_what_a_drive_begins_with(tmp_path: Path) -> None:
    entries = [(topic, at, drives.odometry(at - 9.0) if topic == "/odom" else message) for topic, at, message in drives.drive()]
    late = [*without("/goal_pose", 0.0, 99.0, entries), ("/goal_pose", 0.5, drives.goal(0.5))]
    (said,) = [text for text in told(tmp_path, late)[Verdict.FAILS] if text.startswith("control ticks")]
    assert said.startswith("control ticks: none of 40 could be run: expected data within the timeouts of all channels")
    assert "none yet on" not in said
    absent = [*without("/goal_pose", 0.0, 99.0, entries), ("/goal_pose", 9.0, drives.goal(9.0))]
    (said,) = [text for text in told(tmp_path / "absent", absent)[Verdict.FAILS] if text.startswith("control ticks")]
    assert said.startswith("control ticks: none of 40 could be run: expected data on all channels; found none yet on goal")


def test_of_several_reasons_for_which_no_tick_ran_the_most_frequent_comes_first(tmp_path: Path) -> None:
    entries = drives.drive(scan={"frame": "laser"})
    entries = [
        (topic, at, drives.scan(at, beams=12) if topic == "/scan" and at < 1.0 else message) for topic, at, message in entries
    ]
    (said,) = [text for text in told(tmp_path, entries)[Verdict.FAILS] if text.startswith("control ticks")]
    reasons = said.partition("could be run: ")[2]
    assert reasons.startswith("30 times expected `scan` in the frame `base_scan`")
    assert "; 10 times expected a scan with a beam in each of the 36 sectors" in reasons


def test_a_topic_that_is_not_there_is_answered_with_those_of_its_type(tmp_path: Path) -> None:
    entries = [("/goal" if topic == "/goal_pose" else topic, at, message) for topic, at, message in drives.drive()]
    lines = told(tmp_path, entries)
    assert "topic /goal_pose: not recorded; recorded of this type: /goal" in lines[Verdict.FAILS]
    assert "control ticks: not tried, because topics are missing" in lines[Verdict.FAILS]
    assert any(text.startswith("velocity: read") for text in lines[Verdict.FITS]), "what is there is looked at"


def test_another_type_is_named(tmp_path: Path) -> None:
    entries = [*without("/scan", 0.0, 99.0, drives.drive()), ("/scan", 0.0, drives.goal(0.0))]
    failed = told(tmp_path, entries)[Verdict.FAILS]
    assert any("topic /scan: geometry_msgs/msg/PoseStamped, expected sensor_msgs/msg/LaserScan" in text for text in failed)


def test_commands_are_held_against_limits_and_slew_as_the_gate_would(tmp_path: Path) -> None:
    entries = without("/cmd_vel", 0.0, 99.0, drives.drive())
    speeds = np.concatenate([np.full(10, 0.0), np.full(10, 0.2), np.full(10, 0.5)])
    entries += [("/cmd_vel", 0.05 + 0.1 * step, drives.twist(speed)) for step, speed in enumerate(speeds)]
    entries += [("/cmd_vel", 3.2, drives.twist(math.nan)), ("/cmd_vel", 3.3, drives.twist(sideways=0.3))]
    lines = told(tmp_path, entries)
    assert "commands: 10 of 32 would be stopped: linear.x beyond its limits" in lines[Verdict.FAILS]
    assert "commands: 1 of 32 would be stopped: values that are not finite" in lines[Verdict.FAILS]
    assert "commands: 1 of 32 would be stopped: linear.y beyond its limits" in lines[Verdict.FAILS]
    assert any("changes up to 5 m/s/s, faster than the slew 1" in text for text in lines[Verdict.NOTE])


@pytest.mark.filterwarnings("error")
def test_a_command_beyond_all_measure_is_told_as_one_beyond_its_limits(tmp_path: Path) -> None:
    entries = [*drives.drive(), ("/cmd_vel", 3.25, drives.twist(1e308))]
    assert any("linear.x beyond its limits" in text for text in told(tmp_path, entries)[Verdict.FAILS])


def test_commands_of_another_type_or_on_another_topic_are_told(tmp_path: Path) -> None:
    stamped = replace(CONTRACT, action=replace(CONTRACT.action, type="geometry_msgs/msg/TwistStamped"))
    failed = told(tmp_path, drives.drive(), stamped)[Verdict.FAILS]
    assert [text.partition("; ")[0] for text in failed] == [
        "commands /cmd_vel: geometry_msgs/msg/Twist, expected geometry_msgs/msg/TwistStamped"
    ]
    notes = told(tmp_path / "other", drives.drive(), commands="cmd_vel_nav")[Verdict.NOTE]
    assert any("not needed; recorded of this type: /cmd_vel " in text for text in notes)


def test_data_of_different_times_are_told(tmp_path: Path) -> None:
    entries = [(topic, at + 0.08 if topic == "/scan" else at, message) for topic, at, message in drives.drive()]
    shifted = [(topic, at, drives.odometry(at - 0.3) if topic == "/odom" else message) for topic, at, message in entries]
    failed = told(tmp_path, shifted)[Verdict.FAILS]
    assert any("with data of different times on odom" in text for text in failed)


def test_stamps_that_stand_still_or_lie_far_back_are_told(tmp_path: Path) -> None:
    entries = [
        (topic, at, drives.odometry(1.0) if topic == "/odom" and at < 2.0 else message) for topic, at, message in drives.drive()
    ]
    failed = told(tmp_path, entries)[Verdict.FAILS]
    assert any("/odom: 39 of 80 stamps do not advance" in text for text in failed)
    late = [(topic, at + 100.0, message) for topic, at, message in drives.drive()]
    assert any("/scan: stamped 100.0 s before reception" in text for text in told(tmp_path / "late", late)[Verdict.FAILS])


def restamped(offset: Callable[[float], float], entries: list[drives.Entry]) -> list[drives.Entry]:
    """Give the scans another clock: `offset` says at each s of the drive by how much it is ahead."""
    return [(topic, at, drives.scan(at - 0.005 + offset(at)) if topic == "/scan" else message) for topic, at, message in entries]


def of_scan_s_clock(lines: list[str]) -> list[str]:
    return [text.partition(";")[0] for text in lines if text.startswith(("/scan: stamped", "the clock of /scan"))]


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        (-3.0, ["/scan: stamped 3.0 s before reception in 40 of 40 messages"]),
        (-0.55, ["/scan: stamped 0.56 s before reception in 40 of 40 messages"]),
        (3.0, ["/scan: stamped 3.0 s ahead of reception in 40 of 40 messages"]),
        (-0.45, []),
        (0.45, []),
    ],
)
def test_stamps_for_which_the_monitor_would_stand_still_fail(tmp_path: Path, offset: float, expected: list[str]) -> None:
    lines = told(tmp_path, restamped(lambda _: offset, drives.drive()))
    assert of_scan_s_clock(lines[Verdict.FAILS]) == expected
    assert of_scan_s_clock(lines[Verdict.NOTE]) == []
    assert all("beyond 0.5 s the robot is stopped: synchronise" in text for text in lines[Verdict.FAILS] if "/scan: st" in text)


def test_few_stamps_out_of_the_clock_are_a_note(tmp_path: Path) -> None:
    lines = told(tmp_path, restamped(lambda at: -0.8 if 2.0 < at < 2.2 else 0.0, drives.drive()))
    assert of_scan_s_clock(lines[Verdict.FAILS]) == []
    assert of_scan_s_clock(lines[Verdict.NOTE]) == ["/scan: stamped 0.81 s before reception in 2 of 40 messages"]


def test_a_sensor_that_starts_no_ticks_may_be_as_late_as_its_timeout(tmp_path: Path) -> None:
    channels = [replace(one, timeout=2.0) for one in CONTRACT.observation if one.name == "velocity"]
    slow = replace(CONTRACT, observation=(CONTRACT.observation[0], *channels, CONTRACT.observation[2]))
    entries = [(topic, at, drives.odometry(at - 1.0) if topic == "/odom" else message) for topic, at, message in drives.drive()]
    lines = told(tmp_path, entries, slow)
    assert not any("before reception" in text for found in lines.values() for text in found)
    assert any("/odom: stamped 1.0 s before reception" in text for text in told(tmp_path / "fast", entries)[Verdict.FAILS])


@pytest.mark.parametrize(("offset", "side"), [(-30.0, "before"), (30.0, "ahead of")])
def test_what_stays_valid_may_have_any_stamp(tmp_path: Path, offset: float, side: str) -> None:
    entries = [
        (topic, at, drives.goal(at + offset) if topic == "/goal_pose" else message) for topic, at, message in drives.drive()
    ]
    lines = told(tmp_path, entries)
    assert lines[Verdict.FAILS] == []
    assert lines[Verdict.NOTE] == [f"/goal_pose: stamped 30.0 s {side} reception in 1 of 1 messages, each valid until the next"]


def test_a_clock_that_is_set_during_a_drive_is_told_as_a_jump(tmp_path: Path) -> None:
    lines = told(tmp_path, restamped(lambda at: 500.0 if at > 2.0 else 0.0, drives.drive()))
    assert of_scan_s_clock(lines[Verdict.NOTE]) == ["the clock of /scan jumps by +500.0 s, 2.0 s after the drive's begin"]
    assert of_scan_s_clock(lines[Verdict.FAILS]) == ["/scan: stamped 500.0 s ahead of reception in 20 of 40 messages"]


def test_jumps_of_a_clock_are_counted_and_both_sides_told(tmp_path: Path) -> None:
    lines = told(tmp_path, restamped(lambda at: 7.0 if at < 1.0 else -9.0 if at < 2.0 else 7.0, drives.drive()))
    assert of_scan_s_clock(lines[Verdict.NOTE]) == [
        "the clock of /scan jumps by -16.0 s, 1.0 s after the drive's begin, the first of 2 jumps"
    ]
    assert of_scan_s_clock(lines[Verdict.FAILS]) == [
        "/scan: stamped 9.0 s before reception in 10 of 40 messages",
        "/scan: stamped 7.0 s ahead of reception in 30 of 40 messages",
    ]


def test_a_goal_that_is_repeated_under_its_old_stamp_is_as_it_should_be(tmp_path: Path) -> None:
    repeated = [("/goal_pose", at, drives.goal(0.0)) for at in np.arange(0.5, 4.0, 0.5)]
    assert told(tmp_path, [*drives.drive(), *repeated])[Verdict.FAILS] == []


@pytest.mark.parametrize("clock", ["/clock", "/tb3/clock"])
def test_stamps_of_a_simulation_have_a_clock_of_their_own(tmp_path: Path, clock: str) -> None:
    entries = [(f"/tb3{topic}", at + 100.0, message) for topic, at, message in drives.drive()]
    entries += [(clock, at + 100.0, drives.clock(at)) for at in np.arange(0.0, 4.0, 0.1)]
    lines = told(tmp_path, entries, namespace="tb3")
    assert not any("before reception" in text for found in lines.values() for text in found)


def test_a_robot_in_a_namespace_is_found(tmp_path: Path) -> None:
    entries = [(f"/tb3{topic}", at, message) for topic, at, message in drives.drive()]
    assert told(tmp_path, entries, namespace="/tb3/")[Verdict.FAILS] == []


@pytest.mark.parametrize("topic", ["/tf", "/tb3/tf"])
def test_goals_on_a_map_are_seen_through_recorded_transforms(tmp_path: Path, topic: str) -> None:
    channels = (replace(channel, frame="map") if channel.name == "goal" else channel for channel in CONTRACT.observation)
    on_map = replace(CONTRACT, observation=tuple(channels))
    entries = [(f"/tb3{name}", at, message) for name, at, message in drives.drive(goal={"frame": "map", "x": 5.0})]
    failed = told(tmp_path, entries, on_map, namespace="tb3")[Verdict.FAILS]
    assert any("expected transforms that join `map` and `odom`" in text for text in failed)
    entries += [(topic, at, drives.transform(at, "map", "odom", 3.0)) for at in np.arange(0.0, 4.0, 0.1)]
    lines = told(tmp_path / "tf", entries, on_map, namespace="tb3")
    assert lines[Verdict.FAILS] == []
    assert "goal: read 2 to 2, 1 to 1, 0 to 0, within the range" in lines[Verdict.FITS]
    entries = [(name, at, drives.transform(0.0, "map", "odom", 3.0) if name == topic else sent) for name, at, sent in entries]
    failed = told(tmp_path / "repeated", entries, on_map, namespace="tb3")[Verdict.FAILS]
    assert any(re.search(r"found one stamped [12]\.\d s before what is seen", text) for text in failed), failed


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, "commands: 40 of 40 would be stopped: linear.x beyond its limits"),
        ({"limit_tolerance": 0.05}, ""),
        ({"enable_stamped_cmd_vel": True}, "commands /cmd_vel: geometry_msgs/msg/Twist, expected geometry_msgs/msg/TwistStamped"),
    ],
)
def test_commands_are_judged_by_the_monitors_parameters(tmp_path: Path, parameters: dict[str, Any], expected: str) -> None:
    fast = [(topic, at, drives.twist(0.23) if topic == "/cmd_vel" else message) for topic, at, message in drives.drive()]
    failed = told(tmp_path, fast, gate=GATE_DEFAULTS | parameters)[Verdict.FAILS]
    assert [text.partition(";")[0] for text in failed] == ([expected] if expected else [])


@pytest.mark.parametrize(("delay", "source_timeout", "beyond"), [(0.3, 0.2, ["0.2"]), (0.3, 0.4, []), (0.6, 0.7, [])])
def test_stamps_are_judged_by_the_parameter_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], delay: float, source_timeout: float, beyond: list[str]
) -> None:
    late = [(f"/tb3{topic}", at + delay, message) for topic, at, message in drives.drive()]
    parameters = tmp_path / "parameters.yaml"
    of_two_robots = {"/tb3/safety_monitor": source_timeout, "/tb4/safety_monitor": 9.0}
    sections = {name: {"ros__parameters": {"source_timeout": value}} for name, value in of_two_robots.items()}
    parameters.write_text(yaml.safe_dump(sections))
    arguments = ["--bag", str(drives.record(tmp_path / "drive", late)), "--params", str(parameters), "--namespace", "tb3"]
    status = main(["contract", "check", str(Path(__file__).with_name("turtlebot.yaml")), *arguments])
    stamped = [line for line in capsys.readouterr().out.splitlines() if "/tb3/scan: stamped" in line]
    assert [line.partition("beyond ")[2].partition(" s ")[0] for line in stamped] == beyond
    assert status == len(beyond)


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BagError, match="nothing at"):
        check_drive(CONTRACT, tmp_path / "absent.mcap")
