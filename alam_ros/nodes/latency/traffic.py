"""A robot in an open place and a commander who drives slowly: what a policy calls safe, so that every command passes."""

from __future__ import annotations

import math
from typing import Any

from geometry_msgs.msg import PoseStamped, Twist, TwistStamped
from nav_msgs.msg import Odometry
from sensor_msgs.msg import LaserScan

from alam_ros.errors import ContractError
from alam_ros.msg import RiskEstimate

BEAMS = 360
"""Of a scan, as small lidars have; the contract's sectors are made of them."""
RANGE_M = 2.5
GOAL_M = 2.0
SPEED_M_S = 0.1


def example(kind: type[Any]) -> Any:
    """Return a message of a type, without a stamp.

    Raises:
        ContractError: for a type of which there is no example.
    """
    maker = _MAKERS.get(kind)
    if maker is None:
        raise ContractError("a contract of LaserScan, Odometry, PoseStamped and TwistStamped", kind.__name__, "measure with that")
    return maker()


def _scan() -> LaserScan:
    increment = 2 * math.pi / BEAMS
    message = LaserScan(
        angle_min=-math.pi, angle_max=math.pi - increment, angle_increment=increment, range_min=0.05, range_max=12.0
    )
    message.header.frame_id = "base_link"
    message.ranges = [RANGE_M] * BEAMS
    return message


def _odometry() -> Odometry:
    message = Odometry(child_frame_id="base_link")
    message.header.frame_id = "odom"
    message.pose.pose.orientation.w = 1.0
    message.twist.twist.linear.x = SPEED_M_S
    return message


def _goal() -> PoseStamped:
    message = PoseStamped()
    message.header.frame_id = "odom"
    message.pose.position.x = GOAL_M
    message.pose.orientation.w = 1.0
    return message


def _command() -> TwistStamped:
    message = TwistStamped(twist=Twist())
    message.header.frame_id = "base_link"
    message.twist.linear.x = SPEED_M_S
    return message


def _risk() -> RiskEstimate:
    return RiskEstimate(
        probability=0.01, rest_probability=0.01, horizon=1.0, cost_value=0.1, rest_cost_value=0.1, threshold=1.0, margin=0.9
    )


_MAKERS: dict[type[Any], Any] = {
    LaserScan: _scan,
    Odometry: _odometry,
    PoseStamped: _goal,
    TwistStamped: _command,
    RiskEstimate: _risk,
}
