"""Parameter descriptors: each parameter says what it means and what values it takes."""

from __future__ import annotations

from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor


def fixed(description: str) -> ParameterDescriptor:
    """Describe a parameter that is set once, when the node starts: paths, names, types."""
    return ParameterDescriptor(description=description, read_only=True)


def number(description: str, low: float, high: float, *, is_fixed: bool = False) -> ParameterDescriptor:
    """Describe a float parameter in [low, high]."""
    bounds = FloatingPointRange(from_value=low, to_value=high)
    return ParameterDescriptor(description=description, floating_point_range=[bounds], read_only=is_fixed)


def integer(description: str, low: int, high: int, *, is_fixed: bool = False) -> ParameterDescriptor:
    """Describe an integer parameter in [low, high]."""
    bounds = IntegerRange(from_value=low, to_value=high)
    return ParameterDescriptor(description=description, integer_range=[bounds], read_only=is_fixed)


def ignored_parameters(node: Any) -> list[str]:
    """Return what a parameter file or the command line sets and the node does not have, which rclpy passes over in silence."""
    given = node._parameter_overrides  # noqa: SLF001  rclpy tells it nowhere else
    return sorted(name for name in given if not node.has_parameter(name) and not name.startswith("qos_overrides."))
