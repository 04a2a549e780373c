"""The recorder and the helper that brings lifecycle nodes to work, over real ROS."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from alam_ros.report.recording import RecordingTail
from tests.support.policies import write_sample_policy
from tests.support.ros import RosGraph  # first: it skips the module where ROS is absent

from geometry_msgs.msg import TwistStamped  # isort: skip
from alam_ros.msg import GateState, RiskEstimate  # isort: skip
from alam_ros.nodes.qos import COMMAND, LATCHED, RISK  # isort: skip


def bring_up(ros: RosGraph, *names: str, timeout: float = 20.0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "alam_ros.nodes.bring_up", "--timeout", str(timeout), *names]
    return subprocess.run(command, env=ros.environment(), capture_output=True, text=True, check=False)


def test_every_message_becomes_a_line_at_once(ros: RosGraph, tmp_path: Path) -> None:
    path = tmp_path / "recording.jsonl"
    process = ros.start("recorder_node", parameters={"output": str(path)}, remappings={"cmd_out": "cmd_vel"})
    command = ros.publisher(TwistStamped, "/cmd_vel", COMMAND)
    risk = ros.publisher(RiskEstimate, "/alam/risk", RISK)
    gate = ros.publisher(GateState, "/alam/gate", LATCHED)
    message = TwistStamped()
    message.header.stamp.sec, message.header.stamp.nanosec, message.twist.linear.x = 7, 250_000_000, 0.5
    command.publish(message)
    risk.publish(RiskEstimate(probability=float("nan"), cost_value=0.25, policy_id="abc"))
    gate.publish(GateState(state=GateState.STOP, risk_stale=True, command_age=float("inf")))
    tail = RecordingTail(path)

    def is_complete() -> bool:
        tail.read()
        return {"cmd_out", "alam/risk", "alam/gate"} <= tail.latest.keys()

    ros.wait_for(is_complete, "three lines")
    assert (tail.latest["cmd_out"]["stamp"], tail.latest["cmd_out"]["speed"]) == (7.25, 0.5)
    assert (tail.latest["alam/risk"]["probability"], tail.latest["alam/risk"]["cost_value"]) == (None, 0.25)
    assert (tail.latest["alam/gate"]["state"], tail.latest["alam/gate"]["causes"]) == ("STOP", ["risk_stale"])
    assert tail.latest["alam/gate"]["command_age"] is None
    assert process.interrupt() == 0


def test_lifecycle_nodes_are_brought_to_work(ros: RosGraph, tmp_path: Path) -> None:
    ros.start("policy_node", parameters={"policy": str(write_sample_policy(tmp_path / "policy.alam"))})
    result = bring_up(ros, "policy")
    assert result.returncode == 0, result.stderr
    assert ros.state("/policy") == "active"


def test_refusal_and_absence_are_told(ros: RosGraph) -> None:
    ros.start("policy_node", parameters={"policy": "/nowhere.alam"})
    refused = bring_up(ros, "policy")
    assert (refused.returncode, "`policy` refused to configure" in refused.stderr) == (1, True)
    absent = bring_up(ros, "nobody", timeout=0.5)
    assert (absent.returncode, "no lifecycle node `nobody`" in absent.stderr) == (1, True)
    misspelt = bring_up(ros, "no body")
    assert (misspelt.returncode, misspelt.stderr.startswith("bring_up: Invalid service name")) == (1, True), misspelt.stderr


def test_names_are_relative_to_the_namespace(ros: RosGraph, tmp_path: Path) -> None:
    policy = {"policy": str(write_sample_policy(tmp_path / "policy.alam"))}
    ros.start("policy_node", parameters=policy, namespace="/robot1")
    result = bring_up(ros, "policy", "--ros-args", "-r", "__ns:=/robot1")
    assert result.returncode == 0, result.stderr
    assert ros.state("/robot1/policy") == "active"
