"""A goal is heard from a publisher that stays and from one that does not, without a warning that nothing arrives."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="tests over real ROS need the packages of `make`")

from geometry_msgs.msg import PoseStamped
from rclpy.qos import QoSProfile

from alam_ros.msg import GateState
from alam_ros.nodes.qos import COMMAND, LATCHED
from alam_ros.resources import config_path
from tests.support.ros import RosGraph


@pytest.mark.parametrize("qos", [COMMAND, LATCHED], ids=["volatile", "latched"])
def test_a_goal_is_heard_without_a_warning(ros: RosGraph, qos: QoSProfile) -> None:
    process = ros.start("safety_monitor_node", parameters={"robot": str(config_path("contracts/navigation.yaml"))})
    states = ros.collect(GateState, "/alam/gate", LATCHED)
    ros.configure_and_activate("/safety_monitor")
    ros.wait_for(lambda: states and "goal" in states[-1].detail, "a gate that waits for a goal")
    publisher = ros.publisher(PoseStamped, "/goal", qos)
    publisher.publish(PoseStamped())
    if qos is COMMAND:  # what is sent once is lost where the publisher found the node before the node found it
        ros.node.create_timer(1.0, lambda: publisher.publish(PoseStamped()))
    ros.wait_for(lambda: states[-1].observation_missing and "goal" not in states[-1].detail, "a gate that has one")
    assert "QoS" not in process.output()
