"""A safety monitor in front of somebody else's commander: the test's own node is the robot's sensors and the commander."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from alam_ros.contract import LaserScanSample, Sample
from alam_ros.gate import GateStatus
from alam_ros.resources import shipped_policy
from alam_ros.runtime import PolicyRuntime
from tests.contract.samples import goal, odometry, scan
from tests.support.ros import RosGraph, Transition

from alam_ros.msg import GateEvent, GateState, GateTrace, RiskEstimate  # isort: skip
from alam_ros.nodes.conversions import MESSAGE_TYPES, sample_message  # isort: skip
from alam_ros.nodes.qos import COMMAND, LATCHED, RISK, SENSOR, TRACE  # isort: skip
from geometry_msgs.msg import TwistStamped  # isort: skip
from rcl_interfaces.srv import SetParameters  # isort: skip
from rclpy.parameter import Parameter  # isort: skip
from tests.nodes.traffic import forward_command  # isort: skip

POLICY = str(shipped_policy("navigation"))
RUNTIME = PolicyRuntime.load(POLICY)
SPEED = 0.5
SENSOR_PERIOD_S, COMMAND_PERIOD_S = 0.1, 0.05


def wall_ahead(distance: float = 0.3) -> LaserScanSample:
    """Return a scan with something right ahead, which is the middle of a scan that begins behind."""
    free = scan(10.0)
    free.ranges[15:22] = distance
    return free


class Commanded:
    """A monitor that judges commands; the test's own node is the robot's sensors and the commander."""

    def __init__(self, ros: RosGraph, namespace: str = "", python: Path | None = None, **parameters: Any) -> None:
        self.ros, self.namespace = ros, namespace
        self.name = f"{namespace}/safety_monitor"
        self.process = ros.start(
            "safety_monitor_node",
            parameters={"policy": POLICY, "risk_source": "command", **parameters},
            namespace=namespace,
            python=python,
        )
        self.states: list[GateState] = ros.collect(GateState, f"{namespace}/alam/gate", LATCHED)
        self.traces: list[GateTrace] = ros.collect(GateTrace, f"{namespace}/alam/gate_trace", TRACE)
        self.risks: list[RiskEstimate] = ros.collect(RiskEstimate, f"{namespace}/alam/risk", RISK)
        self.sent: list[TwistStamped] = ros.collect(TwistStamped, f"{namespace}/cmd_out", COMMAND)
        assert ros.change_state(self.name, Transition.TRANSITION_CONFIGURE), self.process.output()
        self.samples: dict[str, Sample] = {"odom": odometry(), "goal": goal(3.0), "scan": scan(10.0)}
        self.speed, self.is_commanding = SPEED, True
        self.stamp: Any = None  # of what the sensors say, where it is not the present time
        self._sensors = {
            topic: ros.publisher(MESSAGE_TYPES[kind], f"{namespace}/{topic}", LATCHED if topic == "goal" else SENSOR)
            for topic, kind in RUNTIME.contract.topics()
        }
        self._commands = ros.publisher(TwistStamped, f"{namespace}/cmd_in", COMMAND)
        self._sensing = ros.node.create_timer(SENSOR_PERIOD_S, self._sense)
        ros.node.create_timer(COMMAND_PERIOD_S, self._command)
        assert ros.change_state(self.name, Transition.TRANSITION_ACTIVATE), self.process.output()

    def _sense(self) -> None:
        stamp = self.stamp or self.ros.node.get_clock().now().to_msg()
        for topic, sample in self.samples.items():
            self._sensors[topic].publish(sample_message(sample, stamp))

    def _command(self) -> None:
        if self.is_commanding:
            self._commands.publish(forward_command(self.ros.node, self.speed, 0.0))

    def slow_down(self, factor: int) -> None:
        """Sense so many times more rarely."""
        self.ros.node.destroy_timer(self._sensing)
        self._sensing = self.ros.node.create_timer(factor * SENSOR_PERIOD_S, self._sense)

    def junk(self) -> None:
        """Command by bytes that are no message, and see by others."""
        self._commands.publish(b"\x00\x01\x00\x00junk")
        self._sensors["odom"].publish(b"\x00\x01\x00\x00junk")

    def danger(self) -> None:
        """Put something in the way of a robot at speed."""
        self.samples |= {"odom": odometry(speed=SPEED), "scan": wall_ahead()}

    def fallbacks(self) -> set[float]:
        """Return the policy's forward speeds that the monitor told its gate."""
        events = [event for trace in self.traces for event in trace.events]
        return {event.values[10] for event in events if event.kind == GateEvent.COMMAND_RISK}

    def wait_for(self, status: GateStatus, is_wanted: Callable[[GateState], bool] = lambda _: True) -> GateState:
        self.states.clear()
        self.ros.wait_for(
            lambda: self.states and self.states[-1].state == status and is_wanted(self.states[-1]),
            f"{status.name}; log: {self.process.output()[-500:]}; last: {self.states[-1:]}",
        )
        return self.states[-1]

    def wait_for_sent(self, forward: Callable[[float], bool]) -> TwistStamped:
        self.sent.clear()
        self.ros.wait_for(lambda: self.sent and forward(self.sent[-1].twist.linear.x), "the command")
        return self.sent[-1]

    def set_parameter(self, name: str, value: object) -> Any:
        request = SetParameters.Request(parameters=[Parameter(name, value=value).to_parameter_msg()])
        return self.ros.call(SetParameters, f"{self.name}/set_parameters", request).results[0]
