"""A drive over real ROS, recorded, and replayed without it: the same bits."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from alam_ros.contract import Contract
from alam_ros.errors import BagError
from alam_ros.gate import GateStatus
from alam_ros.resources import config_path
from tests.support.policies import write_sample_policy
from tests.support.ros import NodeProcess, RosGraph  # first: it skips the module where ROS is absent

pytest.importorskip("rosbags", reason="recordings need the package rosbags")
pytest.importorskip("pybullet", reason="the drive needs the simulator")

from alam_ros.bags.reader import BagReader  # isort: skip
from alam_ros.bags.writer import BagWriter  # isort: skip
from alam_ros.msg import GateState, RiskEstimate  # isort: skip
from alam_ros.nodes.qos import LATCHED, RISK  # isort: skip
from alam_ros.onboard.gate_session import RISK_NUMBERS, EventKind  # isort: skip
from alam_ros.replay.drive import TRACE, Replay, replay  # isort: skip
from alam_ros.replay.output import document, write_bag  # isort: skip
from alam_ros.replay.settings import ReplaySettings  # isort: skip
from alam_ros.replay.text import summary  # isort: skip
from rcl_interfaces.srv import SetParameters  # isort: skip
from rclpy.parameter import Parameter  # isort: skip
from std_srvs.srv import Trigger  # isort: skip

NOT_REPEATED = {"RiskEstimate": "inference_time", "GateState": "processing_time"}
"""How long the machine took to compute."""
WARM_UP = 4
"""Control ticks until the histories of the navigation contract are full."""
DIFFERING, UNKNOWN = "replayed estimates differ from those of the drive", "observations the replayed policy did not answer"
TOPICS = {"cmd_in": "policy/action", "cmd_out": "cmd_vel"}


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    contract = Contract.load(config_path("contracts/navigation.yaml"))
    return write_sample_policy(tmp_path_factory.mktemp("policy") / "policy.alam", contract=contract)


@pytest.fixture(scope="module")
def recording(policy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drive for some seconds, with an emergency stop, its reset and a changed threshold, and return the recording."""
    folder = tmp_path_factory.mktemp("drive")
    with RosGraph(folder) as ros:
        drive(ros, policy, folder / "bag")
    return folder / "bag"


def drive(ros: RosGraph, policy: Path, bag: Path) -> None:
    sim_time = {"policy": str(policy), "use_sim_time": True}
    recorder = ros.start("bag_recorder_node", parameters={"output": str(bag), "policy": str(policy)}, remappings=TOPICS)
    ros.start("safety_monitor_node", parameters=sim_time | {"novelty_limit": 100.0}, remappings=TOPICS)
    ros.start("policy_node", parameters=sim_time)
    ros.start("simulator_node", parameters={"seed": 5})
    states: list[GateState] = ros.collect(GateState, "/alam/gate", LATCHED)
    risks: list[RiskEstimate] = ros.collect(RiskEstimate, "/alam/risk", RISK)
    await_reception(ros, recorder)
    for node in ("/safety_monitor", "/policy"):
        ros.configure_and_activate(node)

    def await_more(messages: list[Any], more: int, what: str) -> None:
        target = len(messages) + more
        ros.wait_for(lambda: len(messages) >= target, what)

    def await_state(*wanted: int) -> None:
        ros.wait_for(lambda: states and states[-1].state in wanted, f"the state {wanted}")

    await_more(risks, 30, "estimates")
    await_state(GateState.PASS, GateState.SLOW, GateState.STOP)
    assert ros.call(Trigger, "/safety_monitor/emergency_stop", Trigger.Request()).success
    await_state(GateState.EMERGENCY_STOP)
    change = SetParameters.Request(parameters=[Parameter("danger_probability", value=0.45).to_parameter_msg()])
    assert ros.call(SetParameters, "/safety_monitor/set_parameters", change).results[0].successful
    ros.call(Trigger, "/safety_monitor/reset", Trigger.Request())
    await_more(risks, 30, "estimates after the stop")
    assert recorder.terminate() == 0


def await_reception(ros: RosGraph, recorder: NodeProcess) -> None:
    """Wait until the recorder receives the contract's topics: it may find the simulator later than the nodes do."""
    ros.wait_for(lambda: all(f"receiving /{topic}" in recorder.output() for topic in ("goal", "odom", "scan")), "the recorder")


def recorded(path: Path, topic: str) -> list[Any]:
    with BagReader(path) as bag:
        return [entry.message for entry in bag.messages([topic])]


def bits(message: Any) -> dict[str, Any]:
    """Return a message's fields, numbers as their bytes, without what no replay can repeat."""
    kind = message.__msgtype__.rpartition("/")[2]
    fields = {name: getattr(message, name) for name in message.__dataclass_fields__ if not name.startswith("__")}
    fields.pop(NOT_REPEATED[kind])
    header = fields.pop("header")
    stamp = (header.stamp.sec, header.stamp.nanosec, header.frame_id)
    return {"header": stamp} | {
        name: np.asarray(value).tobytes() if isinstance(value, (float, np.ndarray)) else value for name, value in fields.items()
    }


def the_states_of_both(recording: Path, replayed_bag: Path) -> list[dict[str, Any]]:
    """Return the states of the live gate while it was active, after checking that the replay has each of them in its place.

    Several may have one stamp: simulated time goes in steps. What was published before the recorder found the topic is in the
    replay only: the trace is kept for late subscribers. Of the last tick, while the recorder was being stopped, either may be
    missing.
    """
    lifecycle = "the lifecycle node is not active: nothing is commanded"
    live = [fields for fields in map(bits, recorded(recording, "/alam/gate")) if fields["detail"] != lifecycle]
    again = [bits(message) for message in recorded(replayed_bag, "/alam/gate")]
    first = again.index(live[0])
    assert first <= 20
    again = again[first:]
    assert abs(len(again) - len(live)) <= 1
    both = min(len(again), len(live))
    assert again[:both] == live[:both]
    return live[:both]


@pytest.fixture(scope="module")
def replayed(recording: Path, policy: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Replay, Path]:
    found = replay(ReplaySettings(recording=recording, policy=policy))
    return found, write_bag(found, tmp_path_factory.mktemp("replay") / "bag")


def test_every_estimate_is_the_live_one_bit_for_bit(recording: Path, replayed: tuple[Replay, Path]) -> None:
    live = {bits(message)["header"]: bits(message) for message in recorded(recording, "/alam/risk")}
    again = {bits(message)["header"]: bits(message) for message in recorded(replayed[1], "/alam/risk")}
    common = sorted(live.keys() & again.keys())
    assert len(common) >= 0.95 * len(live) >= 50
    for stamp in common[WARM_UP:]:
        assert again[stamp] == live[stamp]


def test_every_state_of_the_gate_is_the_live_one_bit_for_bit(recording: Path, replayed: tuple[Replay, Path]) -> None:
    found, file = replayed
    assert found.gate.is_traced
    states = the_states_of_both(recording, file)
    assert len(states) >= 10
    assert GateState.EMERGENCY_STOP in {fields["state"] for fields in states}


def test_the_gate_took_the_estimates_that_the_replay_makes(replayed: tuple[Replay, Path]) -> None:
    assert not [note for note in replayed[0].gate.notes if DIFFERING not in note and UNKNOWN not in note]
    assert told(replayed[0], DIFFERING) + told(replayed[0], UNKNOWN) <= 2 * WARM_UP, replayed[0].gate.notes


def told(found: Replay, what: str) -> int:
    """Return the number that a note gives of something; 0 without such a note."""
    return sum(int(note.split()[0]) for note in found.gate.notes if what in note)


def with_trace(recording: Path, folder: Path, of: Callable[[Any], Any]) -> Path:
    """Copy a recording with what `of` makes of each message of the gate's trace, and without it where that is None."""
    with BagReader(recording) as bag, BagWriter(folder) as copy:
        for entry in bag.messages():
            message = of(entry.message) if entry.topic == f"/{TRACE}" else entry.message
            if message is not None:
                copy.write(entry.topic, message, entry.received_ns)
    return folder


def test_every_estimate_that_differs_from_the_drives_is_counted(
    recording: Path, policy: Path, replayed: tuple[Replay, Path], tmp_path: Path
) -> None:
    events = [event for message in recorded(recording, f"/{TRACE}") for event in message.events if event.kind == EventKind.RISK]
    by_a_bit, of_no_observation = (events[-index].stamp_ns for index in (20, 10))

    def altered(message: Any) -> Any:
        for event in message.events:
            if event.kind == EventKind.RISK and event.stamp_ns == by_a_bit:
                place = RISK_NUMBERS.index("cost_value")
                event.values = np.array(event.values)
                event.values[place] = np.nextafter(event.values[place], np.inf)
            if event.kind == EventKind.RISK and event.stamp_ns == of_no_observation:
                event.stamp_ns += 1
        return message

    found = replay(ReplaySettings(recording=with_trace(recording, tmp_path / "altered", altered), policy=policy))
    assert found.gate.is_traced
    for what in (DIFFERING, UNKNOWN):
        assert told(found, what) == told(replayed[0], what) + 1, found.gate.notes


def test_a_trace_that_lacks_its_beginning_is_not_taken_for_the_drive(recording: Path, policy: Path, tmp_path: Path) -> None:
    late = with_trace(recording, tmp_path / "late", lambda message: None if message.tick < 3 else message)
    found = replay(ReplaySettings(recording=late, policy=policy))
    assert not found.gate.is_traced
    assert "told everything when the recorder received it" in found.gate.notes[0]
    assert {row.tick.decision.state for row in found.gate.rows} & {GateStatus.PASS, GateStatus.SLOW}


def test_a_trace_with_a_gap_is_refused(recording: Path, policy: Path, tmp_path: Path) -> None:
    gap = with_trace(recording, tmp_path / "gap", lambda message: None if message.tick == 50 else message)
    with pytest.raises(BagError, match=r"tick 50 of the gate's trace.*--no-trace"):
        replay(ReplaySettings(recording=gap, policy=policy))
    assert not replay(ReplaySettings(recording=gap, policy=policy), use_trace=False).gate.is_traced


def test_other_thresholds_change_what_the_gate_would_have_done_and_how_is_told(
    recording: Path, policy: Path, replayed: tuple[Replay, Path], tmp_path: Path
) -> None:
    def by(trigger: float) -> Replay:
        file = tmp_path / "parameters.yaml"
        names = (f"{level}_{kind}" for kind in ("probability", "release") for level in ("caution", "danger"))
        values = dict(zip(names, (trigger, trigger, trigger / 2, trigger / 2), strict=True)) | {"rest_benefit": 1e6}
        file.write_text(yaml.safe_dump({"safety_monitor": {"ros__parameters": values}}))
        found = replay(ReplaySettings(recording=recording, policy=policy, parameters=file))
        assert found.gate.is_traced
        assert "not by those of the drive" in found.gate.notes[-1]
        assert found.drives is not None
        assert found.drives.states == replayed[0].gate.states
        return found

    def is_high(found: Replay) -> list[bool]:
        return [row.tick.decision.causes.risk_high for row in found.gate.rows]

    strict = by(1e-6)
    assert sum(is_high(strict)) > 100
    assert not any(is_high(by(1.0)))
    changed = sum(state != before for state, before in zip(strict.gate.states, replayed[0].gate.states, strict=True))
    assert f"; {changed} ticks in another state" in summary(strict)
    assert document(strict)["gate"]["ticks_in_other_states"] == changed > 0


def test_another_policy_is_judged_on_the_same_drive(recording: Path, tmp_path: Path) -> None:
    contract = Contract.load(config_path("contracts/navigation.yaml"))
    other = write_sample_policy(tmp_path / "other.alam", contract=contract, seed=1)
    found = replay(ReplaySettings(recording=recording, policy=other))
    live = {message.probability for message in recorded(recording, "/alam/risk")}
    told = {row.tick.decision.probability for row in found.gate.rows if not np.isnan(row.tick.decision.probability)}
    assert found.gate.is_traced
    assert len(told - live) > 30


def test_the_command_needs_neither_ros_nor_torch(recording: Path, policy: Path, tmp_path: Path) -> None:
    program = (
        "import sys; from alam_ros.cli.main import main; code = main(sys.argv[1:]);"
        "sys.exit(code or sorted({'rclpy', 'torch', 'alam_ros.msg', 'alam_ros.nodes'} & sys.modules.keys()) or 0)"
    )
    command = [sys.executable, "-c", program, "replay", str(recording), "--policy", str(policy), "--json"]
    result = subprocess.run([*command, "--output", str(tmp_path / "out")], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    printed = json.loads(result.stdout)
    assert printed["gate"]["is_traced"]
    assert printed["gate"]["states_of_drive"] is printed["gate"]["ticks_in_other_states"] is None
    assert sum(printed["gate"]["states"].values()) == printed["gate"]["ticks"]
    assert printed["hazard"]["source"] == "`/simulator/cost` above 0"
    assert printed == json.loads((tmp_path / "out" / "replay.json").read_text())
    assert "Nav2 asks" in (tmp_path / "out" / "report.html").read_text()
    with BagReader(tmp_path / "out" / "bag") as bag:
        assert bag.counts["/alam/risk"] == printed["estimates"]
