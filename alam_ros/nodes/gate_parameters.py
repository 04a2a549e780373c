"""The safety monitor's parameters: their descriptions and ranges."""

from __future__ import annotations

from rcl_interfaces.msg import ParameterDescriptor
from rclpy.node import Node
from rclpy.parameter import Parameter

from alam_ros.nodes.parameters import declare_if_given, fixed, number
from alam_ros.onboard.gate_settings import CHOICES, FIXED, RATE_HZ, RATE_RANGE_HZ, THRESHOLDS, WITHOUT_DEFAULT

_TYPES = {bool: Parameter.Type.BOOL, list[str]: Parameter.Type.STRING_ARRAY, list[float]: Parameter.Type.DOUBLE_ARRAY}


def declare_gate_parameters(node: Node) -> None:
    """Declare all parameters of the safety monitor; those without a default where they are given."""
    for name, (default, description) in FIXED.items():
        node.declare_parameter(name, default, fixed(description))
    for name, (kind, description) in WITHOUT_DEFAULT.items():
        declare_if_given(node, name, _TYPES[kind], description)
    node.declare_parameter("rate", RATE_HZ, number("Hz of the gate's own steady clock", *RATE_RANGE_HZ, is_fixed=True))
    node.declare_parameter("enabled", True, ParameterDescriptor(description="whether commands may pass; zero is sent otherwise"))
    for name, (choice, description) in CHOICES.items():
        node.declare_parameter(name, choice, ParameterDescriptor(description=description))
    for name, (default, low, high, description) in THRESHOLDS.items():
        node.declare_parameter(name, default, number(description, low, high))
