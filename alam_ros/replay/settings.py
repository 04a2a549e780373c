"""What is replayed, and by which parameters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from alam_ros.errors import ConfigurationError
from alam_ros.onboard.gate_settings import CHOICES, NAMES, RATE_HZ, RATE_RANGE_HZ, THRESHOLDS
from alam_ros.parameter_file import Section, full_name, read_sections, require_sections
from alam_ros.runtime import RiskLevels

POLICY_DEFAULTS: dict[str, Any] = vars(RiskLevels())
GATE_DEFAULTS: dict[str, Any] = {
    **{name: default for name, (default, *_) in THRESHOLDS.items()},
    **{name: default for name, (default, _) in CHOICES.items()},
    "risk_source": "estimate",
    "enable_stamped_cmd_vel": None,
    "limit_slew": False,
    "mode": "enforcing",
    "rate": RATE_HZ,
}
_READ: Mapping[str, Mapping[str, Any]] = {"policy": POLICY_DEFAULTS, "safety_monitor": GATE_DEFAULTS}
_PROCESS = ("executor", "realtime_priority", "use_sim_time", "start_type_description_service")
NAMES_OF: Mapping[str, frozenset[str]] = {
    "policy": frozenset({*POLICY_DEFAULTS, "policy", "robot", *_PROCESS}),
    "safety_monitor": frozenset({*NAMES, *_PROCESS}),
}
"""All parameters that the nodes have, those included that decide nothing in a replay."""


@dataclass(frozen=True, kw_only=True)
class ReplaySettings:
    """What is replayed.

    Attributes:
        recording: file or folder.
        policy: the policy file.
        robot: this robot's contract; empty for the policy's own.
        parameters: of the nodes, as their launch files take them; None for those of the drive, or the defaults.
        namespace: of the robot in the recording.
        commands: topic of the commander, where the recording has no trace of the gate; empty for the policy's own actions.
        cost: topic of the ground truth, a number above 0 in every step that violates the constraint; empty for the simulator's,
            where it was recorded.
        hazard_distance: m of the nearest return below which a scan counts as hazard, where the cost was not recorded.
    """

    recording: Path
    policy: Path
    robot: str = ""
    parameters: Path | None = None
    namespace: str = ""
    commands: str = ""
    cost: str = ""
    hazard_distance: float = 0.25

    def __post_init__(self) -> None:
        """Refuse a distance without meaning."""
        if not (math.isfinite(self.hazard_distance) and self.hazard_distance > 0.0):
            raise ConfigurationError("a hazard distance above 0 m", str(self.hazard_distance), "correct it")

    def topic(self, name: str) -> str:
        """Return a topic's name in the recording."""
        namespace = self.namespace.strip("/")
        return name if name.startswith("/") else f"{'/' + namespace if namespace else ''}/{name}"


@dataclass(frozen=True)
class NodeParameters:
    """The nodes' parameters that decide about estimates and gate.

    Attributes:
        levels: of the estimates.
        gate: the safety monitor's values.
        is_given: whether a file gave them.
    """

    levels: RiskLevels
    gate: Mapping[str, Any] = field(default_factory=dict)
    is_given: bool = False

    @property
    def is_judging(self) -> bool:
        """Whether the monitor judges commands itself."""
        return bool(self.gate["risk_source"] == "command")


def node_parameters(path: Path | None, namespace: str = "") -> NodeParameters:
    """Read a ROS parameter file, such as `config/robot.yaml`; what it does not name has the nodes' defaults.

    The sections count that the nodes themselves would take, of the launch files' names and in that namespace, and of them what
    decides about estimates and gate.

    Raises:
        ConfigurationError: when it cannot be read, has no section for either node, names what the node does not have (which
            would leave a threshold at its default in silence), or gives a value that the node would not start with.
    """
    sections = [] if path is None else read_sections(path)
    nodes = {node: full_name(namespace, node) for node in _READ}
    if path is not None:
        require_sections(sections, nodes.values(), path)
    policy, gate = (_given(sections, nodes[node], known) for node, known in _READ.items())
    return NodeParameters(RiskLevels(**policy), gate, path is not None)


def _given(sections: Sequence[Section], full_name: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return what replay needs of a node's parameters: the file's values, and the defaults of the rest."""
    node = full_name.rpartition("/")[2]
    given: dict[str, Any] = {}
    for section in sections:
        if section.is_of(full_name):
            if section.is_named(full_name):
                _check_names(node, section.parameters)
            given |= {name: value for name, value in section.parameters.items() if name in known}
    for name, value in given.items():
        expected = _expectation(name, value, known[name])
        if expected:
            is_whole = type(value) is int and type(known[name]) is float
            fix = f"write {value}.0: ROS tells whole numbers from others" if is_whole else "correct it"
            raise ConfigurationError(f"`{node}.{name}`: {expected}", repr(value), fix)
    return {**known, **given}


def _check_names(node: str, parameters: Iterable[str]) -> None:
    for name in parameters:
        if name not in NAMES_OF[node] and not name.startswith("qos_overrides."):
            alike = get_close_matches(name, NAMES_OF[node], n=1)
            fix = f"write `{alike[0]}`" if alike else "remove it; `ros2 param list` names those that the node has"
            raise ConfigurationError(f"parameters that {node} has", f"`{name}`", fix)


def _expectation(name: str, value: Any, default: Any) -> str:
    """Return what a parameter must be where the value is not that, by the types that rclpy declares."""
    kind = bool if default is None else type(default)
    if type(value) is not kind:
        return {bool: "true or false", float: "a number with a decimal point", str: "a text"}[kind]
    if kind is not float:
        return ""
    low, high = RATE_RANGE_HZ if name == "rate" else THRESHOLDS[name][1:3]
    return "" if low <= value <= high else f"from {low:g} to {high:g}"
