"""What has not just started is most likely another launch's, and is told rather than asked for anything."""

from __future__ import annotations

import subprocess
import sys
from typing import Any, cast

import pytest

pytest.importorskip("rclpy", reason="tests over real ROS need the packages of `make venv`")

from alam_ros.errors import LaunchError
from alam_ros.nodes import bring_up as bringing_up
from alam_ros.resources import shipped_policy
from tests.support.ros import RosGraph, Transition

from lifecycle_msgs.msg import State  # isort: skip


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


class LateDiscovery:
    """A node that finds another launch's node after this one's, as DDS does where that was there before."""

    def __init__(self) -> None:
        self.looks = 0

    def get_namespace(self) -> str:
        return "/robot1"

    def get_node_names_and_namespaces(self) -> list[tuple[str, str]]:
        self.looks += 1
        return [("safety_monitor", "/robot1")] * (1 if self.looks == 1 else 2)


class Unconfigured:
    """A lifecycle node that has just started."""

    def __init__(self, *_: Any) -> None:
        pass

    def state(self, _: float) -> int:
        return State.PRIMARY_STATE_UNCONFIGURED

    def change_state(self, transition: int, _: float) -> bool:
        raise AssertionError(f"asked for {transition}, which the other launch's node would do, too")


def test_another_node_of_the_name_that_is_found_late_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bringing_up, "LifecycleClient", Unconfigured)
    monkeypatch.setattr(bringing_up, "FORGOTTEN_S", 0.1)
    with pytest.raises(LaunchError, match=r"expected one node called `/robot1/safety_monitor`; found 2; most likely another"):
        bringing_up.bring_up(cast("Any", LateDiscovery()), ["safety_monitor"], 1.0, lambda: None)
