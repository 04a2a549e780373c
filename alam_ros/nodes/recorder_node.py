"""The recorder node: what drives, judges and gates the robot, one JSON object a line, readable without ROS.

Lines are flushed one by one, so that a reader may follow the file and a killed recorder loses nothing. Each line holds `topic`,
`received` (s of the machine's monotonic clock, the same in all its processes), `stamp` (s of the message's own clock, null where
it has none) and the message's numbers; what is not finite is null. A line `{"topic": "recorder"}` marks the beginning.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from geometry_msgs.msg import PoseStamped, TwistStamped
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock
from std_msgs.msg import Float32

from alam_ros.contract.rotation import yaw
from alam_ros.errors import ConfigurationError
from alam_ros.msg import GateState, RiskEstimate
from alam_ros.nodes.parameters import fixed
from alam_ros.nodes.spin import spin_until_stopped
from alam_ros.typed import finite

# Deeper than the publishers', so that a busy moment of this process loses nothing.
STREAM = QoSProfile(depth=200, reliability=ReliabilityPolicy.BEST_EFFORT)
COMMANDS = QoSProfile(depth=200, reliability=ReliabilityPolicy.RELIABLE)
STATES = QoSProfile(depth=200, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)

GATE_STATES = {
    GateState.INACTIVE: "INACTIVE",
    GateState.PASS: "PASS",
    GateState.SLOW: "SLOW",
    GateState.STOP: "STOP",
    GateState.FALLBACK: "FALLBACK",
    GateState.EMERGENCY_STOP: "EMERGENCY_STOP",
}
GATE_CAUSES = tuple(name for name, kind in GateState.get_fields_and_field_types().items() if kind == "boolean")
GATE_NUMBERS = ("command_age", "risk_age", "observation_age", "probability", "novelty", "scale", "processing_time")
RISK_NUMBERS = (
    "probability",
    "horizon",
    "cost_value",
    "threshold",
    "multiplier",
    "effective_multiplier",
    "novelty",
    "inference_time",
)


class RecorderNode(Node):
    """Node `recorder`: topics are relative names, to be remapped; the one parameter is the file to append to."""

    def __init__(self) -> None:
        super().__init__("recorder")
        self.declare_parameter("output", "", fixed("path of the JSON lines file to append to"))
        path = str(self.get_parameter("output").value)
        if not path:
            raise ConfigurationError("the parameter `output`", "an empty path", "give the path of a file to write")
        # Line buffered: what was received is on disk before the next callback. Closed by `stop`.
        self._stream = Path(path).open("a", buffering=1)  # noqa: SIM115
        self._write("recorder", None, {})
        self._record(Clock, "/clock", STREAM, _clock)
        self._record(Odometry, "odom", STREAM, _odometry)
        self._record(Float32, "simulator/cost", COMMANDS, _value)
        self._record(Float32, "simulator/clearance", COMMANDS, _value)
        self._record(TwistStamped, "simulator/applied_command", COMMANDS, _command)
        self._record(PoseStamped, "goal", STATES, _goal)
        self._record(TwistStamped, "cmd_in", COMMANDS, _command)
        self._record(TwistStamped, "cmd_out", COMMANDS, _command)
        self._record(RiskEstimate, "alam/risk", COMMANDS, _risk)
        self._record(GateState, "alam/gate", STATES, _gate)

    def stop(self) -> None:
        """End the file."""
        self._stream.close()

    def _record(self, message_type: type[Any], topic: str, qos: QoSProfile, numbers: Callable[[Any], dict[str, Any]]) -> None:
        def receive(message: Any) -> None:
            header = getattr(message, "header", None)
            stamp = None if header is None else header.stamp.sec + header.stamp.nanosec * 1e-9
            self._write(topic.removeprefix("/"), stamp, numbers(message))

        self.create_subscription(message_type, topic, receive, qos)

    def _write(self, topic: str, stamp: float | None, numbers: dict[str, Any]) -> None:
        row = {"topic": topic, "received": time.monotonic(), "stamp": stamp, **numbers}
        self._stream.write(json.dumps(finite(row)) + "\n")


def _clock(message: Clock) -> dict[str, Any]:
    return {"time": message.clock.sec + message.clock.nanosec * 1e-9}


def _odometry(message: Odometry) -> dict[str, Any]:
    position, orientation, twist = message.pose.pose.position, message.pose.pose.orientation, message.twist.twist
    heading = yaw((orientation.x, orientation.y, orientation.z, orientation.w))
    return {"x": position.x, "y": position.y, "yaw": heading, "speed": twist.linear.x, "turn_rate": twist.angular.z}


def _value(message: Float32) -> dict[str, Any]:
    return {"value": message.data}


def _goal(message: PoseStamped) -> dict[str, Any]:
    return {"x": message.pose.position.x, "y": message.pose.position.y}


def _command(message: TwistStamped) -> dict[str, Any]:
    return {"speed": message.twist.linear.x, "turn_rate": message.twist.angular.z}


def _risk(message: RiskEstimate) -> dict[str, Any]:
    return {"level": message.level, "policy_id": message.policy_id, **{name: getattr(message, name) for name in RISK_NUMBERS}}


def _gate(message: GateState) -> dict[str, Any]:
    return {
        "state": GATE_STATES.get(message.state, str(message.state)),
        "causes": [name for name in GATE_CAUSES if getattr(message, name)],
        "detail": message.detail,
        **{name: getattr(message, name) for name in GATE_NUMBERS},
    }


def main() -> int:
    """Run the node until SIGINT or SIGTERM."""
    return spin_until_stopped(RecorderNode)


if __name__ == "__main__":
    sys.exit(main())
