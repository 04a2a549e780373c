"""ROS time as messages."""

from __future__ import annotations

import time

from builtin_interfaces.msg import Time
from rclpy.node import Node

from alam_ros.onboard.stamps import SECOND_NS


def time_message(nanoseconds: int) -> Time:
    """Return a ROS stamp; times before zero, which a message cannot hold, become zero."""
    sec, nanosec = divmod(max(nanoseconds, 0), SECOND_NS)
    return Time(sec=sec, nanosec=nanosec)


def ros_time_ns(node: Node) -> int:
    """Return a node's ROS time; where that is the system's, without the detour through rclpy, which takes ten times as long."""
    clock = node.get_clock()
    return int(clock.now().nanoseconds) if clock.ros_time_is_active else time.time_ns()
