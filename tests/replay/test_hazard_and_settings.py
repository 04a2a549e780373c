"""Hazard windows from recorded truth, and the parameter files that replays take."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rosbags", reason="recordings need the package rosbags")

from alam_ros.bags.reader import BagReader
from alam_ros.bags.writer import BagWriter
from alam_ros.contract import Contract
from alam_ros.errors import BagError, ConfigurationError
from alam_ros.replay.hazard import find_hazard, hazard_windows
from alam_ros.replay.settings import GATE_DEFAULTS, ReplaySettings, node_parameters
from alam_ros.resources import config_path
from tests.bags.recordings import START_NS, number, write_recording

CONTRACT = Contract.load(config_path("contracts/navigation.yaml"))
TENTH_NS = 100_000_000


def windows(*steps: int, of: int = 40) -> list[tuple[int, int]]:
    times = np.arange(of, dtype=np.int64) * TENTH_NS
    return [(begin // TENTH_NS, end // TENTH_NS) for begin, end in hazard_windows(times, np.isin(np.arange(of), steps))]


def test_a_hazard_lasts_until_the_next_value_says_otherwise() -> None:
    assert windows(3, 4, 5) == [(3, 6)]


def test_hazards_close_to_one_another_are_one() -> None:
    assert windows(3, 7, 20) == [(3, 8), (20, 21)]


def test_a_last_value_before_silence_holds_for_half_a_second_at_most() -> None:
    times = np.array([0, TENTH_NS, 100 * TENTH_NS])
    assert hazard_windows(times, np.array([False, True, False])) == [(TENTH_NS, 6 * TENTH_NS)]


def test_the_cost_is_the_truth_and_the_scan_its_stand_in(tmp_path: Path) -> None:
    def find(cost: str):
        return find_hazard(bag, CONTRACT, cost=cost, topic_of=lambda name: f"/{name}", distance=0.25)

    with BagReader(write_recording(tmp_path / "drive")) as bag:
        by_cost, by_scan = find("cost"), find("")
        assert by_cost is not None
        assert by_cost.is_cost
        assert by_cost.windows == [(START_NS + 3 * TENTH_NS + 1, START_NS + 4 * TENTH_NS + 1)]
        assert by_scan is not None
        assert by_scan.windows == [(START_NS + TENTH_NS, START_NS + 3 * TENTH_NS)], "zero is no measurement"
        assert "below 0.25 m" in by_scan.source
        with pytest.raises(BagError, match=r"on `/scan`; found sensor_msgs/msg/LaserScan; name .* --cost"):
            find("scan")
        with pytest.raises(BagError, match="on `/cots`; found no message"):
            find("cots")


def test_any_cost_above_zero_is_a_hazard(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "drive") as writer:
        for step, cost in enumerate((0.0, 0.01, 0.0)):
            writer.write("/cost", number(cost), step * TENTH_NS)
    with BagReader(writer.file) as bag:
        found = find_hazard(bag, CONTRACT, cost="cost", topic_of=lambda name: f"/{name}", distance=0.25)
    assert found is not None
    assert found.windows == [(TENTH_NS, 2 * TENTH_NS)]


@pytest.mark.parametrize("name", ["robot.yaml", "monitor.yaml", "simulation.yaml"])
def test_the_launch_files_parameters_are_understood(name: str) -> None:
    found = node_parameters(config_path(name))
    assert found.is_given
    assert found.gate["escape_ratio"] == (0.5 if name == "simulation.yaml" else 0.0)
    assert found.gate.keys() == GATE_DEFAULTS.keys()


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="check the path"):
        node_parameters(tmp_path / "nowhere.yaml")
    other = tmp_path / "other.yaml"
    other.write_text("[1, 2]")
    with pytest.raises(ConfigurationError, match="ros__parameters"):
        node_parameters(other)
    other.write_text("/r1/safety_monitor: {ros__parameters: {hold_time: 0.25}}")
    with pytest.raises(
        ConfigurationError, match=r"a section for `/safety_monitor` in .* found `/r1/safety_monitor`; begin it with"
    ):
        node_parameters(other)
    other.write_text("/**/policy: {ros__parameters: {}}\n/**/safety_montor: {ros__parameters: {hold_time: 0.25}}")
    with pytest.raises(ConfigurationError, match="found `safety_montor`; write `safety_monitor`"):
        node_parameters(other)
    other.write_text("/**/policy: {ros__parameters: {}}\n/r1/safety_monitor: {ros__parameters: {hold_time: 0.25}}")
    with pytest.raises(ConfigurationError, match="a section for `/r2/safety_monitor` in"):
        node_parameters(other, "r2")


@pytest.mark.parametrize(
    ("text", "alone", "in_a_namespace"),
    [  # as rclpy 7.1 takes them
        ("safety_monitor: {P: {hold_time: 0.1}}", 0.1, None),
        ("/safety_monitor: {P: {hold_time: 0.1}}", 0.1, None),
        ("/**: {P: {hold_time: 0.1}}", 0.1, 0.1),
        ("/**/safety_monitor: {P: {hold_time: 0.1}}", 0.1, 0.1),
        ("/**: {safety_monitor: {P: {hold_time: 0.1}}}", 0.1, 0.1),
        ("/*/safety_monitor: {P: {hold_time: 0.1}}", None, 0.1),
        ("r2: {safety_monitor: {P: {hold_time: 0.1}}}", None, 0.1),
        ("/r2/safety_monitor: {P: {hold_time: 0.1}}", None, 0.1),
        ("r2/safety_monitor: {P: {hold_time: 0.1}}", None, 0.1),
        ("/**: {P: {hold_time: 0.1}}\nsafety_monitor: {P: {hold_time: 0.2}}", 0.2, 0.1),
        ("safety_monitor: {P: {hold_time: 0.2}}\n/**: {P: {hold_time: 0.1, of_another_node: 1}}", 0.1, 0.1),
        ("/r2/safety_monitor: {P: {hold_time: 0.3}}\n/**/safety_monitor: {P: {rate: 50.0}}", 0.5, 0.3),
    ],
)
def test_sections_are_taken_as_the_nodes_take_them(
    tmp_path: Path, text: str, alone: float | None, in_a_namespace: float | None
) -> None:
    file = tmp_path / "parameters.yaml"
    file.write_text(text.replace("P:", "ros__parameters:"))
    for namespace, expected in (("", alone), ("/r2/", in_a_namespace)):
        if expected is None:
            with pytest.raises(ConfigurationError, match="a section for"):
                node_parameters(file, namespace)
        else:
            assert node_parameters(file, namespace).gate["hold_time"] == expected


@pytest.mark.parametrize(
    ("node", "line", "expected"),
    [
        ("policy", "danger_probability: 1", "write 1.0"),
        ("policy", "novelty_limit: -0.5", "from 0 to 1e"),
        ("safety_monitor", "limit_slew: 1", "true or false; found 1; correct it"),
        ("safety_monitor", "enable_stamped_cmd_vel: yes please", "true or false"),
        ("safety_monitor", "mode: true", "a text"),
        ("safety_monitor", "source_timeout: .nan", "from 0.001 to 60"),
        ("safety_monitor", "rate: 5.0", "from 10 to 1000"),
        ("safety_monitor", "danger_probabilty: 0.3", "found `danger_probabilty`; write `danger_probability`"),
        ("safety_monitor", "limits: {slow: [1.0]}", "write `limits.low`"),
        ("policy", "source_timeout: 0.3", "`ros2 param list`"),
    ],
)
def test_values_that_the_nodes_would_not_start_with_are_refused(tmp_path: Path, node: str, line: str, expected: str) -> None:
    file = tmp_path / "parameters.yaml"
    file.write_text(f"/**/{node}:\n  ros__parameters:\n    {line}\n")
    with pytest.raises(ConfigurationError, match=expected):
        node_parameters(file)


def test_what_decides_nothing_in_a_replay_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "parameters.yaml"
    file.write_text(
        "/robot1/safety_monitor:\n  ros__parameters:\n    limits: {low: [-1.0], high: [1.0]}\n    executor: events\n"
        "    qos_overrides./scan.subscription.depth: 1\n    hold_time: 0.25\n"
    )
    assert node_parameters(file, "robot1").gate == {**GATE_DEFAULTS, "hold_time": 0.25}


def test_topics_are_found_in_the_robots_namespace() -> None:
    settings = ReplaySettings(recording=Path("a"), policy=Path("b"), namespace="/robot1/")
    assert (settings.topic("scan"), settings.topic("/clock")) == ("/robot1/scan", "/clock")
    for namespace in ("", "/"):
        assert ReplaySettings(recording=Path("a"), policy=Path("b"), namespace=namespace).topic("scan") == "/scan"
