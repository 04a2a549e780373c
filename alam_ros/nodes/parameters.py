"""Parameter descriptors: each parameter says what it means and what values it takes."""

from __future__ import annotations

from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import InvalidTopicNameException
from rclpy.parameter import Parameter
from rclpy.validate_topic_name import validate_topic_name

from alam_ros.errors import ConfigurationError


def fixed(description: str) -> ParameterDescriptor:
    """Describe a parameter that is set once, when the node starts: paths, names, types."""
    return ParameterDescriptor(description=description, read_only=True)


def declare_if_given(node: Any, name: str, kind: Parameter.Type, description: str) -> None:
    """Declare a parameter that is set once and has no default, only where a file or the command line sets it.

    Of a parameter without a value rclpy answers no question, nor of any other that is asked for with it: `ros2 param dump` would
    be empty.
    """
    if name in node._parameter_overrides:  # noqa: SLF001  rclpy tells it nowhere else
        node.declare_parameter(name, kind, fixed(description))


def number(description: str, low: float, high: float, *, is_fixed: bool = False) -> ParameterDescriptor:
    """Describe a float parameter in [low, high]."""
    bounds = FloatingPointRange(from_value=low, to_value=high)
    return ParameterDescriptor(description=description, floating_point_range=[bounds], read_only=is_fixed)


def integer(description: str, low: int, high: int, *, is_fixed: bool = False) -> ParameterDescriptor:
    """Describe an integer parameter in [low, high]."""
    bounds = IntegerRange(from_value=low, to_value=high)
    return ParameterDescriptor(description=description, integer_range=[bounds], read_only=is_fixed)


def check_topic(parameter: str, topic: str) -> None:
    """Refuse what is no topic's name, and say which parameter has it.

    Raises:
        ConfigurationError: with rclpy's reason.
    """
    try:
        validate_topic_name(topic)
    except InvalidTopicNameException as error:
        reason = str(error).splitlines()[0].partition(": ")[2].rstrip(":")
        raise ConfigurationError(f"a topic in `{parameter}`", f"{topic!r}", f"correct it: {reason}") from error


OTHERS_QUALITIES = tuple(f"qos_overrides.{topic}." for topic in ("/clock", "/parameter_events", "/rosout"))
"""Of what ROS itself publishes and subscribes to; all other qualities are fixed here."""


def ignored_parameters(node: Any) -> list[str]:
    """Return what a parameter file or the command line sets and the node does not have, which rclpy passes over in silence."""
    given = node._parameter_overrides  # noqa: SLF001  rclpy tells it nowhere else
    return sorted(name for name in given if not node.has_parameter(name) and not name.startswith(OTHERS_QUALITIES))
