"""What every node does alike: parameters that do not fit are told in one line, and a second Ctrl-C spoils nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from alam_ros.host.ros_domain import is_domain_in_use
from tests.support.ros import RosGraph

TWICE = """
import os, signal, sys
from alam_ros.nodes.markers_node import MarkersNode
from alam_ros.nodes.spin import spin_until_stopped

class InterruptedAtOnce(MarkersNode):
    def __init__(self):
        super().__init__()
        os.kill(os.getpid(), signal.SIGINT)

status = spin_until_stopped(InterruptedAtOnce)
assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
sys.exit(status)
"""


def parameter_file(folder: Path, text: str) -> str:
    (folder / "parameters.yaml").write_text(f"/**:\n  ros__parameters:\n    {text}\n")
    return str(folder / "parameters.yaml")


@pytest.mark.parametrize(
    ("given", "reason"),
    [("radius: 1", "Trying to set parameter 'radius' to '1' of type 'INTEGER'"), ("radius: 11.0", "radius out of range")],
)
def test_a_parameter_that_does_not_fit_ends_the_node_with_the_reason(
    ros: RosGraph, tmp_path: Path, given: str, reason: str
) -> None:
    process = ros.start("markers_node", arguments=["--params-file", parameter_file(tmp_path, given)])
    assert process.wait() == 1
    assert reason in process.output()
    assert "correct the parameter file" in process.output()
    assert "Traceback" not in process.output()


def test_a_misspelt_parameter_is_told(ros: RosGraph, tmp_path: Path) -> None:
    file = parameter_file(tmp_path, "raduis: 0.5\n    radius: 0.5\n    qos_overrides./parameter_events.publisher.depth: 5")
    process = ros.start("markers_node", arguments=["--params-file", file])
    ros.wait_for(lambda: "`raduis` is no parameter of this node and is ignored" in process.output(), "the warning")
    assert process.output().count("is ignored") == 1
    assert process.interrupt() == 0


def test_qualities_that_are_fixed_are_told(ros: RosGraph) -> None:
    process = ros.start("markers_node", arguments=["-p", "qos_overrides./alam/risk.subscription.depth:=5"])
    ros.wait_for(lambda: "risk.subscription.depth` is no parameter of this node" in process.output(), "the warning")


def test_a_parameter_file_that_is_not_there_is_told_in_one_line(ros: RosGraph) -> None:
    process = ros.start("markers_node", arguments=["--params-file", "/nowhere.yaml"])
    assert process.wait(60.0) == 1
    assert "correct what follows --ros-args" in process.output()
    assert "Traceback" not in process.output()


def test_a_second_ctrl_c_does_not_spoil_an_orderly_end(ros: RosGraph) -> None:
    ended = subprocess.run([sys.executable, "-c", TWICE], env=ros.environment(), capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_under_nohup_a_node_outlives_its_terminal(ros: RosGraph) -> None:
    command = ["nohup", sys.executable, "-m", "alam_ros.nodes.markers_node"]
    process = subprocess.Popen(command, env=ros.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        ros.wait_for(lambda: "markers" in ros.node.get_node_names(), "the node")
        process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(2.0)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20.0) == 0
    finally:
        process.kill()


def test_the_domain_of_a_node_is_seen_to_be_in_use(ros: RosGraph) -> None:
    ros.start("safety_monitor_node", parameters={"linear_limits": [-0.1, 0.5], "angular_limits": [-1.5, 1.5]})
    ros.wait_for(lambda: "safety_monitor" in ros.node.get_node_names(), "the node")
    assert is_domain_in_use(int(ros.environment()["ROS_DOMAIN_ID"]))
