"""The command that is gated: its components and their limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from alam_ros.contract import ActionComponent, ActionSpec, Contract
from alam_ros.contract.schema import TWIST_COMPONENTS
from alam_ros.errors import ConfigurationError
from alam_ros.gate import CommandLimits
from alam_ros.onboard.contracts import load_policy, robot_contract
from alam_ros.runtime import PolicyRuntime

STAMPED = {
    "enable_stamped_cmd_vel": (
        "whether velocity commands are TwistStamped rather than Twist; not set: as the contract says, else TwistStamped"
    ),
    "enable_stamped_cmd_vel_in": (
        "the same of the commands that come, where the commander's differ from the robot's; not set: as those that go out"
    ),
}
"""Parameters that choose between the Twist types, and their descriptions."""


@dataclass(frozen=True)
class GatedAction:
    """What the gate reads and limits.

    Attributes:
        spec: all components that a message has; its limits mean nothing.
        limits: of these components; those the contract does not name must stay zero, lest they pass ungated.
    """

    spec: ActionSpec
    limits: CommandLimits


def policy_and_contract(values: Mapping[str, Any]) -> tuple[PolicyRuntime | None, Contract | None]:
    """Return the policy and the contract that the parameters `policy` and `robot` name; None for what they do not.

    Raises:
        AlamError: when a file cannot be used.
    """
    if values["policy"]:
        runtime = load_policy(values["policy"])
        return runtime, robot_contract(runtime.contract, values["robot"])
    return None, Contract.load(values["robot"]) if values["robot"] else None


def contract_of(values: Mapping[str, Any]) -> Contract | None:
    """Return the contract alone."""
    return policy_and_contract(values)[1]


def commanded_action(values: Mapping[str, Any], contract: Contract | None) -> ActionSpec:
    """Return what is commanded: the contract's action, or without one what the parameters `limits.*` say.

    Raises:
        AlamError: when limits are given twice or not at all, or do not fit.
    """
    components = values["limits.components"]
    if bool(components) == (contract is not None):
        raise ConfigurationError(
            "limits from one place: the contract of `policy` or `robot`, or the parameters `limits.*`",
            "both" if components else "neither",
            "set the parameter `policy`, `robot` or `limits.components` with `limits.low` and `limits.high`",
        )
    return _explicit(values) if contract is None else contract.action


def gated_action(spec: ActionSpec, *, is_stamped: bool | None = None, limit_slew: bool = False) -> GatedAction:
    """Return what the gate reads and limits of an action.

    Args:
        spec: what is commanded.
        is_stamped: which of the Twist types the robot takes; None for that of `spec`.
        limit_slew: whether components may grow only as fast as `spec` says.

    Raises:
        ConfigurationError: for components that no message of the type has, for limits without zero between them, and where slews
            are to be limited and none is given.
    """
    names = TWIST_COMPONENTS if spec.is_twist else tuple(component.name for component in spec.components)
    spec = stamped(spec, is_stamped=is_stamped)
    return GatedAction(_with_components(spec, names), _limits(spec, names, limit_slew=limit_slew))


def stamped(spec: ActionSpec, *, is_stamped: bool | None) -> ActionSpec:
    """Return the specification with the Twist type that a parameter names; unchanged for None, and for what is no Twist."""
    if is_stamped is None or not spec.is_twist:
        return spec
    return replace(spec, type="geometry_msgs/msg/TwistStamped" if is_stamped else "geometry_msgs/msg/Twist")


def _explicit(values: Mapping[str, Any]) -> ActionSpec:
    names, low, high = (values[f"limits.{key}"] or () for key in ("components", "low", "high"))
    slew = values["limits.slew"] or (None,) * len(names)
    if len({len(names), len(low), len(high), len(slew)}) != 1:
        raise ConfigurationError(
            f"a low and a high limit (and a slew, if any) for each of {list(names)}",
            f"{len(low)} low, {len(high)} high, {len(slew)} slew",
            "complete the parameters `limits.*`",
        )
    rows = zip(names, low, high, slew, strict=True)
    components = tuple(ActionComponent(name=name, unit="", low=a, high=b, slew=rate) for name, a, b, rate in rows)
    return ActionSpec(topic="", type="geometry_msgs/msg/TwistStamped", components=components)


def _with_components(spec: ActionSpec, names: tuple[str, ...]) -> ActionSpec:
    """Return a specification of all components of the message; the converter reads names only, limits are the gate's."""
    return replace(spec, components=tuple(ActionComponent(name=name, unit="", low=-1.0, high=1.0) for name in names))


def _limits(spec: ActionSpec, names: tuple[str, ...], *, limit_slew: bool) -> CommandLimits:
    known = {component.name: component for component in spec.components}
    unknown = sorted(known.keys() - set(names))
    if unknown:
        raise ConfigurationError(
            f"components among {', '.join(names)}", ", ".join(unknown), "correct the contract or `limits.components`"
        )
    bounds = [(known[name].low, known[name].high) if name in known else (0.0, 0.0) for name in names]
    slews = [known[name].slew if name in known else None for name in names]
    if limit_slew and not any(slews):
        raise ConfigurationError("a slew of some component, as `limit_slew` asks for", "none", "name it, or unset `limit_slew`")
    return CommandLimits(
        names=names,
        low=tuple(low for low, _ in bounds),
        high=tuple(high for _, high in bounds),
        slew=tuple(slew or float("inf") for slew in slews) if limit_slew else None,
    )
