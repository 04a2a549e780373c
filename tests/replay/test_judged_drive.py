"""A drive on which the monitor judged every command: live and replayed, with the gate's trace and without."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from alam_ros.bags.reader import BagReader
from alam_ros.bags.writer import BagWriter
from alam_ros.errors import BagError, ConfigurationError
from alam_ros.gate import GateStatus
from alam_ros.replay.drive import TRACE, replay
from alam_ros.replay.output import write_bag
from alam_ros.replay.settings import ReplaySettings
from alam_ros.resources import shipped_policy
from tests.support.ros import RosGraph

from alam_ros.msg import GateState, RiskEstimate  # isort: skip
from alam_ros.nodes.qos import LATCHED, RISK  # isort: skip
from tests.replay.test_live_and_replay import TOPICS, await_reception, the_states_of_both  # isort: skip

POLICY = shipped_policy("navigation")
PARAMETERS = {"risk_source": "command", "response": "policy", "acceptable_probability": 0.005, "acceptable_release": 0.0045}
"""So strict that the gate has something to do on any drive."""


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("judged")
    bag = folder / "bag"
    with RosGraph(folder) as ros:
        common = {"policy": str(POLICY), "use_sim_time": True}
        recorder = ros.start("bag_recorder_node", parameters={"output": str(bag), "policy": str(POLICY)}, remappings=TOPICS)
        ros.start("safety_monitor_node", parameters=common | PARAMETERS, remappings=TOPICS)
        ros.start("policy_node", parameters=common, remappings={"alam/risk": "policy/risk"})
        ros.start("simulator_node", parameters={"seed": 5})
        states: list[GateState] = ros.collect(GateState, "/alam/gate", LATCHED)
        risks: list[RiskEstimate] = ros.collect(RiskEstimate, "/alam/risk", RISK)
        await_reception(ros, recorder)
        for node in ("/safety_monitor", "/policy"):
            ros.configure_and_activate(node)
        ros.wait_for(lambda: len(risks) >= 60, "judgements")
        ros.wait_for(lambda: any(state.state == GateState.FALLBACK for state in states), "the policy in place of a command")
        assert recorder.terminate() == 0
    return bag


def test_every_state_of_the_gate_is_the_live_one_bit_for_bit(recording: Path, tmp_path: Path) -> None:
    found = replay(ReplaySettings(recording=recording, policy=POLICY))
    assert found.gate.is_traced
    assert any("judgements of commands" in note for note in found.gate.notes)
    assert len(the_states_of_both(recording, write_bag(found, tmp_path / "bag"))) >= 5
    assert GateStatus.FALLBACK in {row.tick.decision.state for row in found.gate.rows}


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"acceptable_probability": 0.1}, "`risk_source: command`, as the drive's"),
        ({"risk_source": "command", "limit_slew": True}, "`limit_slew: False`, as the drive's"),
    ],
)
def test_parameters_that_ask_for_what_the_trace_does_not_hold_are_refused(
    recording: Path, tmp_path: Path, parameters: dict[str, object], reason: str
) -> None:
    file = tmp_path / "parameters.yaml"
    file.write_text(yaml.safe_dump({"safety_monitor": {"ros__parameters": parameters}}))
    with pytest.raises(ConfigurationError, match=rf"{reason}.*--no-trace"):
        replay(ReplaySettings(recording=recording, policy=POLICY, parameters=file))


def test_commands_beside_a_trace_that_has_its_own_are_refused(recording: Path) -> None:
    with pytest.raises(ConfigurationError, match="--no-trace"):
        replay(ReplaySettings(recording=recording, policy=POLICY, commands="cmd_in"))


def test_commands_of_another_type_are_refused(recording: Path) -> None:
    with pytest.raises(BagError, match=r"commands of geometry_msgs/msg/TwistStamped or .* sensor_msgs/msg/LaserScan"):
        replay(ReplaySettings(recording=recording, policy=POLICY, commands="scan"), use_trace=False)


def test_a_trace_whose_beginning_came_late_is_dated_by_the_gates_clock(recording: Path, tmp_path: Path) -> None:
    late = tmp_path / "late"
    with BagReader(recording) as bag, BagWriter(late) as copy:
        found_ns = [entry.received_ns for entry in bag.messages([f"/{TRACE}"])][30]
        for entry in bag.messages():
            is_backlog = entry.topic == f"/{TRACE}" and entry.received_ns < found_ns
            copy.write(entry.topic, entry.message, found_ns if is_backlog else entry.received_ns)
    rows, live = (replay(ReplaySettings(recording=bag, policy=POLICY)).gate.rows for bag in (late, recording))
    times = np.array([row.received_ns for row in rows])
    assert len(rows) == len(live)
    assert (np.diff(times) >= 0).all()
    assert np.abs(times - [row.received_ns for row in live]).max() < 0.05e9


def test_without_a_trace_the_recorded_commands_are_judged_again(recording: Path, tmp_path: Path) -> None:
    file = tmp_path / "parameters.yaml"
    file.write_text(yaml.safe_dump({"safety_monitor": {"ros__parameters": PARAMETERS}}))
    settings = ReplaySettings(recording=recording, policy=POLICY, parameters=file, commands="policy/action")
    found = replay(settings, use_trace=False)
    assert not found.gate.is_traced
    states = [row.tick.decision.state for row in found.gate.rows]
    assert states.count(GateStatus.FALLBACK) > 20, {row.tick.decision.detail[:90] for row in found.gate.rows}
    assert not any(row.tick.decision.causes.risk_missing for row in found.gate.rows[len(states) // 2 :])
