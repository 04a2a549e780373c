"""The safety monitor's parameters: their descriptions and ranges."""

from __future__ import annotations

from typing import Any

from rcl_interfaces.msg import ParameterDescriptor
from rclpy.node import Node
from rclpy.parameter import Parameter

from alam_ros.nodes.parameters import fixed, number
from alam_ros.onboard.gate_settings import CHOICES, RATE_HZ, RATE_RANGE_HZ, THRESHOLDS
from alam_ros.onboard.gated_action import STAMPED

FIXED: dict[str, tuple[Any, str]] = {
    "cmd_vel_in_topic": ("cmd_in", "topic of the commands to be gated"),
    "cmd_vel_out_topic": ("cmd_out", "topic of the gated commands; empty: the action's in the contract"),
    "risk_source": (
        "estimate",
        "estimate: the policy node's, of the state; command: the monitor judges every command itself and publishes its risk",
    ),
    "risk_topic": ("alam/risk", "topic of the risk estimates, read or published as `risk_source` says"),
    "state_topic": ("alam/gate", "topic of the gate's state"),
    "trace_topic": ("alam/gate_trace", "topic of all that the gate was told and when, from which `alam replay` repeats it"),
    **{name: (Parameter.Type.BOOL, description) for name, description in STAMPED.items()},
    "policy": ("", "path of the policy file, whose contract gives limits and observation topics"),
    "robot": ("", "path of this robot's contract; without a policy, or where it differs from the policy's"),
    "limits.components": (Parameter.Type.STRING_ARRAY, "names of the commanded components, such as linear.x, without a contract"),
    "limits.low": (Parameter.Type.DOUBLE_ARRAY, "lower limit of each of limits.components"),
    "limits.high": (Parameter.Type.DOUBLE_ARRAY, "upper limit of each of limits.components"),
    "limits.slew": (Parameter.Type.DOUBLE_ARRAY, "fastest growth of each of limits.components, per s"),
    "limit_slew": (False, "whether components may grow only as fast as the contract's or the limits' slew"),
    "mode": ("enforcing", "enforcing, or monitoring: judge and report, but let commands pass"),
}
"""Read-only parameters: default or type, description."""


def declare_gate_parameters(node: Node) -> None:
    """Declare all parameters of the safety monitor."""
    for name, (default, description) in FIXED.items():
        node.declare_parameter(name, default, fixed(description))
    node.declare_parameter("rate", RATE_HZ, number("Hz of the gate's own steady clock", *RATE_RANGE_HZ, is_fixed=True))
    node.declare_parameter("enabled", True, ParameterDescriptor(description="whether commands may pass; zero is sent otherwise"))
    for name, (choice, description) in CHOICES.items():
        node.declare_parameter(name, choice, ParameterDescriptor(description=description))
    for name, (default, low, high, description) in THRESHOLDS.items():
        node.declare_parameter(name, default, number(description, low, high))
