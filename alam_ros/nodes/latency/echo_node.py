"""A bare node: it takes the messages that one of ours takes, answers with those that ours answers with, and does nothing else.

What it takes of time is what rclpy and DDS take: taking and deserialising every message, and publishing the answers, which are
made once and only given the stamp of what they answer.
"""

from __future__ import annotations

import sys
from typing import Any

from rclpy.node import Node

from alam_ros.nodes.latency.roles import Role, role_of
from alam_ros.nodes.parameters import fixed
from alam_ros.nodes.spin import spin_until_stopped
from alam_ros.onboard.contracts import load_policy


class EchoNode(Node):
    """Node `echo`."""

    def __init__(self) -> None:
        super().__init__("echo")
        self.declare_parameter("policy", "", fixed("path of the policy file whose contract names the messages"))
        self.declare_parameter("role", "policy", fixed("policy, monitor or judge: whose messages are taken and answered"))
        role = role_of(self.get_parameter("role").value, load_policy(self.get_parameter("policy").value).contract)
        self._answers = [
            (self.create_publisher(port.kind, topic, port.qos[0]), port.kind()) for topic, port in role.answers.items()
        ]
        self._listen(role)

    def stop(self) -> None:
        """Do nothing: no robot listens."""

    def _listen(self, role: Role) -> None:
        for topic, port in role.inputs.items():
            callback = self._answer if topic == role.trigger else _ignore
            for qos in port.qos:
                self.create_subscription(port.kind, topic, callback, qos, raw=port.is_raw and topic != role.trigger)

    def _answer(self, message: Any) -> None:
        stamp = message.header.stamp
        for publisher, answer in self._answers:
            answer.header.stamp = stamp
            publisher.publish(answer)


def _ignore(_: Any) -> None:
    """Take a message and do nothing with it."""


def main() -> int:
    """Run the node until SIGINT or SIGTERM."""
    return spin_until_stopped(EchoNode)


if __name__ == "__main__":
    sys.exit(main())
