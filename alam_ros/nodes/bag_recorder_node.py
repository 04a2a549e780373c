"""The bag recorder: every message of a drive as it came from the wire, in an MCAP file that `alam replay` and others read.

For machines without rosbag2; `ros2 bag record -s mcap` does as well. Start it before the safety monitor is configured, or within
20 s: a replay is bit for bit only from the gate's first event on. Needs the package `rosbags`, which no robot has to have.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from rclpy.clock import Clock as RclpyClock
from rclpy.clock import ClockType
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock
from std_msgs.msg import Float32

from alam_ros.bags import require
from alam_ros.contract import ActionSpec, Contract
from alam_ros.errors import ConfigurationError
from alam_ros.msg import GateState, GateTrace, RiskEstimate
from alam_ros.nodes.conversions import MESSAGE_TYPES
from alam_ros.nodes.mismatches import interface_name
from alam_ros.nodes.parameters import declare_if_given, fixed
from alam_ros.nodes.spin import spin_until_stopped
from alam_ros.nodes.subscriptions import subscribe
from alam_ros.nodes.transforms import TRANSFORM_TOPICS, transform_type
from alam_ros.onboard.gated_action import STAMPED, contract_of, gated_action, stamped

if TYPE_CHECKING:
    from alam_ros.bags.writer import BagWriter

# Deeper than the publishers', so that a busy moment of this process loses nothing.
STREAM = QoSProfile(depth=1000, reliability=ReliabilityPolicy.BEST_EFFORT)
RELIABLE = QoSProfile(depth=1000, reliability=ReliabilityPolicy.RELIABLE)
LATCHED = QoSProfile(depth=1000, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)
FLUSH_PERIOD_S = 1.0
"""What a killed recorder may lose, s."""


class BagRecorderNode(Node):
    """Node `bag_recorder`: the topics of a contract, of the policy and the gate, and the simulator's truth.

    Topics are relative names, to be remapped; each is recorded under the name that it really has.
    """

    def __init__(self) -> None:
        super().__init__("bag_recorder")
        self.declare_parameter("output", "", fixed("path of the rosbag2 folder to make"))
        self.declare_parameter("policy", "", fixed("path of the policy file, whose contract names the topics"))
        self.declare_parameter("robot", "", fixed("path of this robot's contract, where it differs from the policy's"))
        for name, description in STAMPED.items():
            declare_if_given(self, name, Parameter.Type.BOOL, description)
        values = {name: str(self.get_parameter(name).value) for name in ("output", "policy", "robot")}
        contract = contract_of(values)
        if not values["output"] or contract is None:
            raise ConfigurationError(
                "the parameters `output` and one of `policy` and `robot`",
                repr(values),
                "name a folder to make and a contract to record by",
            )
        self._bag = _writer(values["output"])
        latched = contract.latched_topics
        for topic, kind in contract.topics():
            self._record(MESSAGE_TYPES[kind], topic, STREAM, is_latched=topic in latched)
        transforms = transform_type(contract)
        if transforms is not None:
            for topic, qos in TRANSFORM_TOPICS.items():
                self._record(transforms, topic, qos)
        for topic, spec in zip(("cmd_in", "cmd_out"), self._commands(contract), strict=True):
            self._record(MESSAGE_TYPES[spec.type], topic, RELIABLE)
        self._record(RiskEstimate, "alam/risk", RELIABLE)
        self._record(GateState, "alam/gate", LATCHED)
        self._record(GateTrace, "alam/gate_trace", LATCHED)
        for topic in {
            self.resolve_topic_name(name) for name in ("clock", "/clock")
        }:  # of a simulation in the namespace, or of all
            self._record(Clock, topic, STREAM)
        self._record(Float32, "simulator/cost", LATCHED)
        self._record(Float32, "simulator/clearance", LATCHED)
        self.create_timer(FLUSH_PERIOD_S, self._bag.flush, clock=RclpyClock(clock_type=ClockType.STEADY_TIME))
        self.get_logger().info(f"recording {len(self._bag.counts)} topics to {self._bag.path}")

    def stop(self) -> None:
        """End the recording; without it, the file has no index and cannot be read."""
        self._bag.close()
        silent = [topic for topic, count in self._bag.counts.items() if not count]
        found = f"nothing came on {', '.join(silent)}" if silent else "something came on every topic"
        self.get_logger().info(f"recorded {sum(self._bag.counts.values())} messages; {found}")

    def _commands(self, contract: Contract) -> tuple[ActionSpec, ActionSpec]:
        """Return what the safety monitor takes and gives."""
        flags = {name: self.get_parameter_or(name, Parameter(name)).value for name in STAMPED}
        spec_out = gated_action(contract.action, is_stamped=flags["enable_stamped_cmd_vel"]).spec
        return stamped(spec_out, is_stamped=flags["enable_stamped_cmd_vel_in"]), spec_out

    def _record(self, message_type: type[Any], topic: str, qos: QoSProfile, *, is_latched: bool = False) -> None:
        """Record a topic; of the two subscriptions to a latched one, what the second one brings as well is written once."""
        kind = interface_name(message_type)
        name_in_bag = self.resolve_topic_name(topic)
        self._bag.declare(name_in_bag, kind)
        last: bytes | None = None

        def receive(data: bytes) -> None:
            nonlocal last
            if is_latched and data == last:
                return
            last = data
            if not self._bag.counts[name_in_bag]:
                self.get_logger().info(f"receiving {name_in_bag}")
            self._bag.write_serialized(name_in_bag, kind, data, time.time_ns())

        subscribe(self, message_type, topic, receive, qos, is_latched=is_latched)


def _writer(path: str) -> BagWriter:
    """Return what writes the recording; its package is none that a ROS installation brings."""
    require("rosbags", action="record with `ros2 bag record -s mcap -a`, or `pip install rosbags`")
    from alam_ros.bags.writer import BagWriter

    return BagWriter(path)


def main() -> int:
    """Run the node until SIGINT or SIGTERM."""
    return spin_until_stopped(BagRecorderNode)


if __name__ == "__main__":
    sys.exit(main())
