"""Parameter descriptors: each parameter says what it means and what values it takes."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import InvalidTopicNameException
from rclpy.parameter import Parameter
from rclpy.validate_topic_name import validate_topic_name

from alam_ros.errors import ConfigurationError
from alam_ros.onboard.gate_settings import WITHOUT_DEFAULT
from alam_ros.parameter_file import read_sections

NEAR = 0.9
"""Similarity, by difflib, from which a name counts as another misspelt: `model` in a section of several nodes is not `mode`."""


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


def refused_parameters(node: Any) -> dict[str, str]:
    """Return, of those that are ignored, the ones that can only have been meant for this node, each with what was probably meant.

    That is every name in a section of a parameter file that is this node's alone, and elsewhere (in a section of several nodes,
    where another one's parameters are right, or on the command line, where a launch puts those of all) a misspelling.
    """
    ignored = [name for name in ignored_parameters(node) if not name.startswith("qos_overrides.")]  # told, and harmless
    if not ignored:
        return {}
    own = _names_in_own_sections(node.get_fully_qualified_name())
    known = {*node.list_parameters([], 0).names, *WITHOUT_DEFAULT}
    refused = {}
    for name in ignored:
        near = get_close_matches(name, known - {name}, n=1)
        is_misspelt = name not in known and get_close_matches(name, near, cutoff=NEAR)
        if name in own or is_misspelt:
            refused[name] = near[0] if near else ""
    return refused


def require_understood(node: Any) -> None:
    """Refuse parameters that the node does not have: it would work by a default where somebody wanted another value.

    Raises:
        ConfigurationError: with the name that was probably meant.
    """
    for name, near in refused_parameters(node).items():
        remedy = f"write `{near}`" if near else "remove it; `ros2 param list` names those that the node has"
        raise ConfigurationError(f"parameters that {node.get_name()} has", f"`{name}`", f"{remedy}, and start the node anew")


def _names_in_own_sections(node: str) -> set[str]:
    """Return what the parameter files of the command line give to this node alone."""
    paths = [Path(path) for option, path in zip(sys.argv, sys.argv[1:], strict=False) if option == "--params-file"]
    sections = [section for path in paths if path.is_file() for section in read_sections(path)]  # a launch may have cleared up
    return {name for section in sections if section.is_of(node) and section.is_named(node) for name in section.parameters}
