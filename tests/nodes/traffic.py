"""A commander and a risk source in processes of their own, to be killed.

python -m tests.nodes.traffic command
python -m tests.nodes.traffic risk
"""

from __future__ import annotations

import sys
from typing import Any

import rclpy
from geometry_msgs.msg import TwistStamped
from rclpy.node import Node

from alam_ros.msg import RiskEstimate
from alam_ros.nodes.qos import COMMAND, RISK

PERIOD_S = 0.05
SPEED, TURN = 0.4, -1.0


def safe_estimate(node: Node, **changes: Any) -> RiskEstimate:
    """Return an estimate of a safe state, observed now."""
    message = RiskEstimate(probability=0.05, horizon=2.0, cost_value=0.1, threshold=1.0, margin=0.9, **changes)
    message.header.stamp = node.get_clock().now().to_msg()
    return message


def forward_command(node: Node, speed: float = SPEED, turn: float = TURN) -> TwistStamped:
    """Return a command, stamped now."""
    message = TwistStamped()
    message.header.stamp = node.get_clock().now().to_msg()
    message.header.frame_id = "commander"
    message.twist.linear.x, message.twist.angular.z = speed, turn
    return message


def main(kind: str) -> None:
    """Publish for ever."""
    rclpy.init()
    node = rclpy.create_node(f"{kind}_source")
    if kind == "command":
        publisher = node.create_publisher(TwistStamped, "cmd_in", COMMAND)
        node.create_timer(PERIOD_S, lambda: publisher.publish(forward_command(node)))
    else:
        publisher = node.create_publisher(RiskEstimate, "alam/risk", RISK)
        node.create_timer(PERIOD_S, lambda: publisher.publish(safe_estimate(node)))
    rclpy.spin(node)


if __name__ == "__main__":
    main(sys.argv[1])
