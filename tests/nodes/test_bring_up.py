"""What has not just started is most likely another launch's, and is told rather than asked for anything."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("rclpy", reason="tests over real ROS need the packages of `make venv`")

from alam_ros.resources import shipped_policy
from tests.support.ros import RosGraph, Transition


def bring_up(ros: RosGraph, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "alam_ros.nodes.bring_up", *arguments]
    return subprocess.run(command, env=ros.environment(), capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("transitions", "state", "remedy"),
    [
        (["configure"], "inactive", "a node of that name is at work already"),
        (["configure", "activate"], "active", "a node of that name is at work already"),
        (["unconfigured_shutdown"], "finalized", "it was shut down for good but its process lives"),
    ],
)
def test_a_node_that_has_not_just_started_is_told(ros: RosGraph, transitions: list[str], state: str, remedy: str) -> None:
    policy = {"policy": str(shipped_policy("navigation"))}
    process = ros.start("safety_monitor_node", parameters=policy, namespace="/robot1")
    for transition in transitions:
        assert ros.change_state("/robot1/safety_monitor", getattr(Transition, f"TRANSITION_{transition.upper()}"))
    said = process.output()
    result = bring_up(ros, "safety_monitor", "--ros-args", "-r", "__ns:=/robot1")
    assert result.returncode == 1
    assert result.stderr.startswith("bring_up: expected `/robot1/safety_monitor` unconfigured"), result.stderr
    assert f"found {state}; {remedy}" in result.stderr
    assert ros.state("/robot1/safety_monitor") == state
    assert "no transition" not in process.output().removeprefix(said)
