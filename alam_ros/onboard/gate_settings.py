"""The safety monitor's parameters, and the gate configuration that they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from alam_ros.contract import Contract
from alam_ros.errors import ConfigurationError
from alam_ros.gate import CommandLimits, GateConfig, Hysteresis, RiskThresholds
from alam_ros.onboard.gated_action import STAMPED

THRESHOLDS: dict[str, tuple[float, float, float, str]] = {
    "source_timeout": (0.5, 0.001, 60.0, "s after which a command or a risk estimate is stale"),
    "stop_pub_timeout": (1.0, 0.0, 3600.0, "s after which a zero command that is held is sent at 5 Hz only"),
    "hold_time": (0.5, 0.0, 3600.0, "s for which a cause stays in force after its condition has ended"),
    "caution_probability": (0.2, 0.0, 1.0, "probability of a violation above which commands are slowed down"),
    "caution_release": (0.1, 0.0, 1.0, "probability below which they are no more"),
    "danger_probability": (0.5, 0.0, 1.0, "probability of a violation above which the robot is stopped"),
    "danger_release": (0.35, 0.0, 1.0, "probability below which it is no more"),
    "caution_cost_ratio": (1.0, 0.0, 1e6, "cost_value / threshold for caution, for estimates without a probability"),
    "caution_cost_ratio_release": (0.9, 0.0, 1e6, "cost_value / threshold below which caution ends"),
    "danger_cost_ratio": (2.0, 0.0, 1e6, "cost_value / threshold for danger, for estimates without a probability"),
    "danger_cost_ratio_release": (1.8, 0.0, 1e6, "cost_value / threshold below which danger ends"),
    "acceptable_probability": (0.02, 0.0, 1.0, "probability of a violation up to which a judged command passes"),
    "acceptable_release": (0.01, 0.0, 1.0, "probability of a judged command from which it passes again"),
    "acceptable_cost_ratio": (0.4, 0.0, 1e6, "cost_value / threshold up to which a judged command passes without a probability"),
    "acceptable_cost_ratio_release": (0.3, 0.0, 1e6, "cost_value / threshold of a judged command from which it passes again"),
    "novelty_limit": (0.5, 0.0, 1e6, "novelty (in training ranges outside them) above which the robot is stopped"),
    "novelty_release": (0.4, 0.0, 1e6, "novelty below which it is no more"),
    "rest_benefit": (0.5, 0.0, 1e6, "risk restricts commands only where rest has at most this share of it; 1e6: always"),
    "slowdown_ratio": (0.5, 0.0, 1.0, "factor on all components of a slowed command"),
    "escape_ratio": (0.0, 0.0, 1.0, "factor on commands that may pass in danger after escape_delay; 0 keeps the robot stopped"),
    "escape_delay": (2.0, 0.0, 3600.0, "s for which danger alone must have stopped the robot before it may escape"),
    "limit_tolerance": (0.01, 0.0, 0.5, "fraction of its range by which a component may exceed its limits and be scaled back"),
}
"""Parameters that may change at any time: default, lowest, highest, description."""

CHOICES: dict[str, tuple[str, str]] = {
    "response": (
        "policy",
        "to a judged command of too high a risk: policy (acts instead), scale, stop, scale_or_policy (acts if rest is too risky)",
    ),
}
"""The same for texts: default, description."""

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
    "policy": ("", "path of the policy file, whose contract gives limits and observation topics"),
    "robot": ("", "path of this robot's contract; without a policy, or where it differs from the policy's"),
    "limit_slew": (False, "whether components may grow only as fast as the contract's or the limits' slew"),
    "mode": ("enforcing", "enforcing, or monitoring: judge and report, but let commands pass"),
}
"""Parameters that are set once, when the node starts: default, description."""

WITHOUT_DEFAULT: dict[str, tuple[Any, str]] = {
    **{name: (bool, description) for name, description in STAMPED.items()},
    "limits.components": (list[str], "names of the commanded components, such as linear.x, without a contract"),
    "limits.low": (list[float], "lower limit of each of limits.components"),
    "limits.high": (list[float], "upper limit of each of limits.components"),
    "limits.slew": (list[float], "fastest growth of each of limits.components, per s"),
}
"""The same for those that the node has only where they are given: type, description."""

SAME_NAMES = (
    "response",
    "source_timeout",
    "stop_pub_timeout",
    "hold_time",
    "rest_benefit",
    "slowdown_ratio",
    "escape_ratio",
    "escape_delay",
)
"""Parameters that the gate's configuration calls the same."""

RATE_HZ = 50.0
RATE_RANGE_HZ = 10.0, 1000.0
"""Of the gate's own steady clock: default, lowest and highest."""

NAMES = (*FIXED, *WITHOUT_DEFAULT, *THRESHOLDS, *CHOICES, "rate", "enabled")
"""All of the safety monitor's own parameters."""


def gate_config(values: Mapping[str, Any], limits: CommandLimits, observation_timeout: Mapping[str, float | None]) -> GateConfig:
    """Return the configuration that parameter values make.

    Raises:
        ConfigurationError: when they contradict one another.
    """

    def threshold(trigger: str, release: str) -> Hysteresis:
        try:
            return Hysteresis(trigger=values[trigger], release=values[release])
        except ConfigurationError as error:
            found = f"{values[release]} and {values[trigger]}"
            raise ConfigurationError(f"`{release}` below `{trigger}`", found, "change the other of the two first") from error

    def levels(caution: tuple[str, str], danger: tuple[str, str]) -> RiskThresholds:
        limits = threshold(*caution), threshold(*danger)
        for lower, upper in zip(caution, danger, strict=True):
            if values[lower] > values[upper]:
                found = f"{values[lower]} and {values[upper]}"
                raise ConfigurationError(f"`{lower}` not above `{upper}`", found, "change the other of the two first")
        return RiskThresholds(caution=limits[0], danger=limits[1])

    return GateConfig(
        limits=replace(limits, tolerance=values["limit_tolerance"]),
        observation_timeout=observation_timeout,
        probability=levels(("caution_probability", "caution_release"), ("danger_probability", "danger_release")),
        cost_ratio=levels(
            ("caution_cost_ratio", "caution_cost_ratio_release"), ("danger_cost_ratio", "danger_cost_ratio_release")
        ),
        novelty=threshold("novelty_limit", "novelty_release"),
        acceptable_probability=threshold("acceptable_probability", "acceptable_release"),
        acceptable_cost_ratio=threshold("acceptable_cost_ratio", "acceptable_cost_ratio_release"),
        mode=values["mode"],
        risk_source=values["risk_source"],
        **{name: values[name] for name in SAME_NAMES},
    )


def topic_timeouts(contract: Contract) -> dict[str, float | None]:
    """Return for each observation topic the shortest timeout of the channels read from it; None for a latched topic."""
    timeouts: dict[str, float | None] = {}
    for topic, _ in contract.topics():
        readers = [channel for channel in contract.observation if topic in (channel.topic, channel.reference_topic)]
        timeouts[topic] = min((channel.timeout for channel in readers if channel.timeout is not None), default=None)
    return timeouts
