"""Each parameter of the safety monitor reaches the field of the gate's configuration that it speaks of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from alam_ros.errors import ConfigurationError
from alam_ros.gate import CommandLimits, GateConfig, Hysteresis, RiskThresholds
from alam_ros.onboard.gate_settings import CHOICES, THRESHOLDS, gate_config, topic_timeouts
from tests.support.policies import navigation_contract

LIMITS = CommandLimits(names=("linear.x", "angular.z"), low=(-0.3, -2.0), high=(0.7, 2.0), slew=(1.2, 5.0))
TIMEOUTS = {"scan": 0.5, "goal": None}
NUMBERS = {
    "source_timeout": 0.7,
    "stop_pub_timeout": 1.5,
    "hold_time": 0.8,
    "caution_probability": 0.21,
    "caution_release": 0.11,
    "danger_probability": 0.51,
    "danger_release": 0.36,
    "caution_cost_ratio": 1.1,
    "caution_cost_ratio_release": 0.95,
    "danger_cost_ratio": 2.1,
    "danger_cost_ratio_release": 1.7,
    "acceptable_probability": 0.03,
    "acceptable_release": 0.015,
    "acceptable_cost_ratio": 0.45,
    "acceptable_cost_ratio_release": 0.32,
    "novelty_limit": 0.6,
    "novelty_release": 0.42,
    "rest_benefit": 0.55,
    "slowdown_ratio": 0.65,
    "escape_ratio": 0.25,
    "escape_delay": 3.0,
    "limit_tolerance": 0.05,
}
VALUES: dict[str, Any] = {**NUMBERS, "response": "scale", "mode": "monitoring", "risk_source": "command"}
HYSTERESES = {
    "caution_probability": "caution_release",
    "danger_probability": "danger_release",
    "caution_cost_ratio": "caution_cost_ratio_release",
    "danger_cost_ratio": "danger_cost_ratio_release",
    "acceptable_probability": "acceptable_release",
    "acceptable_cost_ratio": "acceptable_cost_ratio_release",
    "novelty_limit": "novelty_release",
}


def test_every_parameter_reaches_the_field_it_speaks_of() -> None:
    assert NUMBERS.keys() == THRESHOLDS.keys()
    assert len(set(NUMBERS.values())) == len(NUMBERS)
    assert gate_config(VALUES, LIMITS, TIMEOUTS) == GateConfig(
        limits=CommandLimits(names=("linear.x", "angular.z"), low=(-0.3, -2.0), high=(0.7, 2.0), slew=(1.2, 5.0), tolerance=0.05),
        source_timeout=0.7,
        observation_timeout={"scan": 0.5, "goal": None},
        stop_pub_timeout=1.5,
        hold_time=0.8,
        probability=RiskThresholds(caution=Hysteresis(trigger=0.21, release=0.11), danger=Hysteresis(trigger=0.51, release=0.36)),
        cost_ratio=RiskThresholds(caution=Hysteresis(trigger=1.1, release=0.95), danger=Hysteresis(trigger=2.1, release=1.7)),
        novelty=Hysteresis(trigger=0.6, release=0.42),
        rest_benefit=0.55,
        risk_source="command",
        response="scale",
        acceptable_probability=Hysteresis(trigger=0.03, release=0.015),
        acceptable_cost_ratio=Hysteresis(trigger=0.45, release=0.32),
        slowdown_ratio=0.65,
        escape_ratio=0.25,
        escape_delay=3.0,
        mode="monitoring",
    )


def test_the_defaults_are_those_of_the_configuration() -> None:
    defaults = {name: default for name, (default, *_) in {**THRESHOLDS, **CHOICES}.items()}
    assert gate_config({**defaults, "mode": "enforcing", "risk_source": "estimate"}, LIMITS, {}) == GateConfig(limits=LIMITS)


@pytest.mark.parametrize("trigger", HYSTERESES)
def test_a_release_that_is_not_below_its_trigger_is_named_with_it(trigger: str) -> None:
    release = HYSTERESES[trigger]
    with pytest.raises(ConfigurationError, match=f"`{release}` below `{trigger}`"):
        gate_config({**VALUES, release: VALUES[trigger]}, LIMITS, TIMEOUTS)


@pytest.mark.parametrize("lower", ["caution_probability", "caution_release", "caution_cost_ratio", "caution_cost_ratio_release"])
def test_a_caution_that_is_above_the_danger_is_named_with_it(lower: str) -> None:
    upper = lower.replace("caution", "danger")
    above = VALUES[upper] + 0.01
    values = {**VALUES, **{f"caution_{kind}": VALUES[f"danger_{kind}"] for kind in ("probability", "cost_ratio")}, lower: above}
    with pytest.raises(ConfigurationError, match=f"`{lower}` not above `{upper}`; found {above} and {VALUES[upper]};"):
        gate_config(values, LIMITS, TIMEOUTS)


@pytest.mark.parametrize(("first", "second", "expected"), [(0.2, 0.4, 0.2), (0.4, 0.2, 0.2), (0.4, None, 0.4), (None, 0.4, 0.4)])
def test_of_several_channels_of_a_topic_the_shortest_timeout_is_watched(
    first: float | None, second: float | None, expected: float
) -> None:
    contract = navigation_contract()
    scan, velocity, goal = contract.observation
    twice = (replace(velocity, timeout=first), replace(velocity, name="again", timeout=second))
    timeouts = topic_timeouts(replace(contract, observation=(scan, *twice, goal)))
    assert timeouts == {"scan": 0.5, "odom": expected, "goal": None}
