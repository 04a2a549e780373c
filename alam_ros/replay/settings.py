"""What is replayed, and by which parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from alam_ros.errors import ConfigurationError
from alam_ros.onboard.gate_settings import CHOICES, NAMES, RATE_HZ, RATE_RANGE_HZ, THRESHOLDS
from alam_ros.runtime import RiskLevels

POLICY_DEFAULTS = {"caution_probability": 0.2, "danger_probability": 0.5, "novelty_limit": 0.5}
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
        cost: topic of the ground truth, a number above 0 in every step that violates the constraint.
        hazard_distance: m of the nearest return below which a scan counts as hazard, where the cost was not recorded.
    """

    recording: Path
    policy: Path
    robot: str = ""
    parameters: Path | None = None
    namespace: str = ""
    commands: str = ""
    cost: str = "simulator/cost"
    hazard_distance: float = 0.25

    def __post_init__(self) -> None:
        """Refuse a distance without meaning."""
        if not (math.isfinite(self.hazard_distance) and self.hazard_distance > 0.0):
            raise ConfigurationError("a hazard distance above 0 m", str(self.hazard_distance), "correct it")

    def topic(self, name: str) -> str:
        """Return a topic's name in the recording."""
        return name if name.startswith("/") else f"{'/' + self.namespace.strip('/') if self.namespace else ''}/{name}"


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


def node_parameters(path: Path | None) -> NodeParameters:
    """Read a ROS parameter file, such as `config/robot.yaml`; what it does not name has the nodes' defaults.

    Only sections of a node's own name count (`policy`, `safety_monitor`, in whatever namespace), and of them what decides about
    estimates and gate.

    Raises:
        ConfigurationError: when it cannot be read, has neither section, names what the node does not have (which would leave a
            threshold at its default in silence), or gives a value that the node would not start with.
    """
    document = {} if path is None else _document(path)
    policy, gate = (_given(document, node, known) for node, known in _READ.items())
    return NodeParameters(RiskLevels(**policy), gate, path is not None)


def _given(document: Mapping[str, Any], node: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return what replay needs of a node's parameters: the file's values, and the defaults of the rest."""
    section = _of(document, node)
    for name in section:
        if name not in NAMES_OF[node] and not name.startswith("qos_overrides."):
            alike = get_close_matches(name, NAMES_OF[node], n=1)
            fix = f"write `{alike[0]}`" if alike else "remove it; `ros2 param list` names those that the node has"
            raise ConfigurationError(f"parameters that {node} has", f"`{name}`", fix)
    given = {name: value for name, value in section.items() if name in known}
    for name, value in given.items():
        expected = _expectation(name, value, known[name])
        if expected:
            is_whole = type(value) is int and type(known[name]) is float
            fix = f"write {value}.0: ROS tells whole numbers from others" if is_whole else "correct it"
            raise ConfigurationError(f"`{node}.{name}`: {expected}", repr(value), fix)
    return {**known, **given}


def _expectation(name: str, value: Any, default: Any) -> str:
    """Return what a parameter must be where the value is not that, by the types that rclpy declares."""
    kind = bool if default is None else type(default)
    if type(value) is not kind:
        return {bool: "true or false", float: "a number with a decimal point", str: "a text"}[kind]
    if kind is not float:
        return ""
    low, high = RATE_RANGE_HZ if name == "rate" else THRESHOLDS[name][1:3]
    return "" if low <= value <= high else f"from {low:g} to {high:g}"


def _document(path: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError("a readable parameter file", f"{path}: {error.strerror}", "check the path") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"YAML in {path}", str(error), "correct the file's syntax") from error
    if not isinstance(document, dict) or not (_of(document, "policy") or _of(document, "safety_monitor")):
        raise ConfigurationError(
            f"`policy` or `safety_monitor` with `ros__parameters` in {path}", "neither", "take config/robot.yaml as a pattern"
        )
    return document


def _of(document: Mapping[str, Any], node: str) -> dict[str, Any]:
    """Return the parameters of a node, under whatever namespace the file gives it."""
    for name, section in document.items():
        if str(name).rpartition("/")[2] == node and isinstance(section, dict):
            return _flat(section.get("ros__parameters") or {})
    return {}


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return parameters by their full names: `limits: {low: …}` is `limits.low`, as in every parameter file of ROS."""
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat
