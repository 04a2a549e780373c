"""What the launch files share: their arguments, and nodes that take them.

Imported by launch files only; needs the `launch_ros` of a ROS installation.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any

from launch import Action, LaunchContext
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction, Shutdown
from launch.conditions import IfCondition
from launch.events.process import ProcessExited
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import LifecycleNode, Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare
from launch_ros.utilities import prefix_namespace
from rclpy.exceptions import InvalidNamespaceException
from rclpy.validate_namespace import validate_namespace

from alam_ros.errors import ConfigurationError, LaunchError
from alam_ros.nodes.launched_by import INTERRUPTED, LAUNCH_PROCESS
from alam_ros.parameter_file import Section, full_name, read_sections, require_sections
from alam_ros.stray_arguments import refuse_stray_arguments

PACKAGE = "alam_ros"
_DESCRIPTIONS = {
    "namespace": "Namespace of all nodes and of the relative topics.",
    "use_sim_time": "Whether stamps and rates follow /clock; the gate's own timer never does.",
    "params_file": "YAML file of node parameters.",
    "policy": "Policy file (*.alam) written by `alam export`.",
    "robot": "Contract YAML of this robot, where topics or frames differ from the policy file's; empty takes the policy file's.",
    "autostart": "Whether the lifecycle nodes are configured and activated at once.",
    "markers": "Whether risk and gate are drawn for RViz and Foxglove, on alam/markers.",
    "log_level": "Least severity the nodes log: debug, info, warn, error or fatal.",
}
START_TIMEOUT_S = "60"
"""Within which a lifecycle node is found, and then answers; the computer of a robot may be slow."""
_NODES = ("policy", "safety_monitor", "simulator", "markers")
_BOOLEAN = ("true", "false", "True", "False")
_CHOICES = {
    "log_level": ("debug", "info", "warn", "error", "fatal"),
    **dict.fromkeys(("use_sim_time", "autostart", "markers"), _BOOLEAN),
}
_DEFAULTS = {"namespace": "", "use_sim_time": "false", "robot": "", "autostart": "true", "markers": "false", "log_level": "info"}


_SIMULATED = {"use_sim_time": ParameterValue(LaunchConfiguration("use_sim_time"), value_type=bool)}
_POLICY = {name: ParameterValue(LaunchConfiguration(name), value_type=str) for name in ("policy", "robot")}


def declare_arguments(params_file: str, **defaults: str | PathJoinSubstitution | None) -> list[Action]:
    """Declare the arguments every launch file takes, and refuse others, and files that are not there, before anything starts.

    Args:
        params_file: default parameter file, in the package's `config` folder.
        **defaults: of arguments whose default differs in this launch file; None makes one required.
    """
    default_values: dict[str, Any] = {**_DEFAULTS, "params_file": _share("config", params_file), **defaults}
    declared = [
        DeclareLaunchArgument(name, default_value=default_values[name], description=description, choices=_CHOICES.get(name))
        for name, description in _DESCRIPTIONS.items()
    ]
    return [*declared, OpaqueFunction(function=_require_arguments)]


def shipped_policy(name: str) -> PathJoinSubstitution:
    """Return where a policy file that comes with this package is installed."""
    return _share("policies", name)


def include(launch_file: str) -> Action:
    """Start everything another launch file of this package starts, with the arguments of this one."""
    arguments = [(name, LaunchConfiguration(name)) for name in _DESCRIPTIONS]
    return IncludeLaunchDescription(_share("launch", launch_file), launch_arguments=arguments)


def node(executable: str, **options: Any) -> Node:
    """Return a node that takes the launch file's arguments, those that concern policies aside."""
    return Node(executable=executable, **_common(executable, _SIMULATED), **options)


def optional_node(executable: str) -> Node:
    """Return a node that is started where the launch argument of its name is true."""
    is_wanted = IfCondition(LaunchConfiguration(executable))
    return Node(executable=executable, **_common(executable, _POLICY | _SIMULATED), condition=is_wanted)


def lifecycle_node(executable: str, **options: Any) -> list[Action]:
    """Return a lifecycle node that takes the launch file's arguments, and what brings it to work when `autostart` is true.

    A node that refuses to be brought to work, or is not there, then ends the launch, with status 1: who started it, a person or a
    supervisor, would wait for ever. The transitions are not `launch_ros`'s own: those follow `transition_event` alone, and an
    event from before the launch's subscription is matched is lost, and the launch then waits for ever.
    """

    def end(event: ProcessExited, context: LaunchContext) -> None:
        if event.returncode not in (0, INTERRUPTED) and not context.is_shutdown:
            raise LaunchError(f"a {executable} that works as it was started", "one that does not", "see the log")

    started = LifecycleNode(executable=executable, **_common(executable, _POLICY | _SIMULATED), **options)
    start = Node(
        executable="bring_up",
        **_of_this_launch(),
        arguments=["--timeout", START_TIMEOUT_S, executable],
        condition=IfCondition(LaunchConfiguration("autostart")),
        on_exit=end,
    )
    return [started, start]


def end_everything(event: ProcessExited, context: LaunchContext) -> Action | None:
    """Shut the launch down because a process ended (`on_exit`), unless that is why it ended: a second shutdown is an error.

    Raises:
        LaunchError: when it failed; launch then shuts down by itself, with status 1.
    """
    if context.is_shutdown:
        return None
    if event.returncode != 0:
        raise LaunchError(f"{event.process_name} to go on", f"its end with status {event.returncode}", "see its log")
    return Shutdown(reason=f"{event.process_name} ended")


def _common(name: str, parameters: Mapping[str, ParameterValue]) -> Mapping[str, Any]:
    return {
        **_of_this_launch(),
        "name": name,
        "parameters": [LaunchConfiguration("params_file"), parameters],
        "ros_arguments": ["--log-level", LaunchConfiguration("log_level")],
    }


def _of_this_launch() -> Mapping[str, Any]:
    """Return what every process that is started here has in common: among it, which launch it must not outlive."""
    return {
        "package": PACKAGE,
        "namespace": LaunchConfiguration("namespace"),
        "additional_env": {LAUNCH_PROCESS: str(os.getpid())},
        "output": "both",
    }


def _require_arguments(context: LaunchContext) -> None:
    """Refuse what ROS goes on with by the defaults: a misspelt argument, a path without a file, no YAML, or for other nodes.

    A namespace loses the slash that it may end with, for `//` is in no node's name.
    """
    refuse_stray_arguments(context, _DESCRIPTIONS)
    arguments = context.launch_configurations
    arguments["namespace"] = arguments["namespace"].rstrip("/")
    namespace = prefix_namespace(arguments.get("ros_namespace"), arguments["namespace"]) or ""  # within a PushRosNamespace
    _require_namespace(namespace)
    _require_file(arguments, "params_file")
    path = Path(arguments["params_file"])
    sections = read_sections(path)
    nodes = [full_name(namespace, name) for name in _NODES]
    require_sections(sections, nodes, path)
    _take_from_file(arguments, sections, nodes, path)
    for name in _POLICY:
        _require_file(arguments, name)


def _require_namespace(namespace: str) -> None:
    """Refuse what ROS would not start a node in; said here, for no section of a parameter file would be of a node there."""
    if not namespace:
        return
    try:
        validate_namespace(namespace if namespace.startswith("/") else f"/{namespace}")
    except InvalidNamespaceException as error:
        expected = "letters, digits and `_`, and no digit first, in each name of the launch argument `namespace`"
        parts = re.findall(r"[^/]+", re.sub(r"[^A-Za-z0-9_/]", "_", namespace))
        remedy = "/".join(f"_{part}" if part[0].isdigit() else part for part in parts)
        raise ConfigurationError(expected, f"`{namespace}`", f"write `{remedy}`" if remedy else "leave it out") from error


def _require_file(arguments: Mapping[str, str], name: str) -> None:
    path = arguments[name]
    if path and not Path(path).is_file():
        found = f"{'a folder' if Path(path).is_dir() else 'nothing'} at {path}"
        raise ConfigurationError(f"a file in the launch argument `{name}`", found, "check the path")


def _take_from_file(arguments: MutableMapping[str, str], sections: Sequence[Section], nodes: Sequence[str], path: Path) -> None:
    """Let a parameter file say what the launch leaves at its default; the arguments, which come last, would override it.

    Raises:
        ConfigurationError: when it says different things to different nodes.
    """
    for name in ("policy", "robot", "use_sim_time"):
        if arguments[name] not in ("", "false", "False"):
            continue
        of_nodes = {
            node: value
            for section in sections
            for node in nodes
            if section.is_of(node)
            for key, value in section.parameters.items()
            if key == name
        }
        given = sorted({str(value) for value in of_nodes.values()})
        if len(given) > 1:
            raise ConfigurationError(f"one `{name}` for all nodes in {path}", " and ".join(given), "give it as a launch argument")
        if given:
            arguments[name] = given[0].lower() if name == "use_sim_time" else given[0]


def _share(*path: str) -> PathJoinSubstitution:
    return PathJoinSubstitution([FindPackageShare(PACKAGE), *path])
