from __future__ import annotations

import math
from dataclasses import replace

import pytest

from alam_ros.errors import ConfigurationError
from alam_ros.gate import CommandLimits, Hysteresis, RiskThresholds
from tests.gate.support import LIMITS, config


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"source_timeout": 0.0}, "source_timeout"),
        ({"source_timeout": math.nan}, "source_timeout"),
        ({"observation_timeout": {"scan": -1.0}}, "scan"),
        ({"hold_time": -0.1}, "hold_time"),
        ({"stop_pub_timeout": math.inf}, "stop_pub_timeout"),
        ({"slowdown_ratio": 1.1}, "slowdown_ratio"),
        ({"escape_ratio": 0.6}, "escape_ratio"),
        ({"escape_delay": math.nan}, "escape_delay"),
        ({"novelty": Hysteresis(trigger=0.1, release=-0.1)}, "novelty"),
        ({"rest_benefit": -0.1}, "rest_benefit"),
        ({"rest_benefit": math.nan}, "rest_benefit"),
        ({"acceptable_probability": Hysteresis(trigger=1.5, release=0.01)}, "acceptable_probability.trigger"),
        ({"acceptable_probability": Hysteresis(trigger=0.02, release=-0.1)}, "acceptable_probability.release"),
        ({"acceptable_cost_ratio": Hysteresis(trigger=0.4, release=-0.1)}, "acceptable_cost_ratio"),
        ({"mode": "off"}, "mode"),
        ({"risk_source": "oracle"}, "risk_source"),
        (
            {
                "probability": RiskThresholds(
                    caution=Hysteresis(trigger=0.5, release=0.4), danger=Hysteresis(trigger=1.5, release=0.6)
                )
            },
            "probability.danger",
        ),
    ],
)
def test_a_value_without_meaning_is_refused_by_name(changes: dict[str, object], named: str):
    with pytest.raises(ConfigurationError, match=named):
        config(**changes)


@pytest.mark.parametrize("tolerance", [-0.01, 0.51, math.nan])
def test_a_tolerance_without_meaning_is_refused_by_name(tolerance: float):
    with pytest.raises(ConfigurationError, match="tolerance"):
        replace(LIMITS, tolerance=tolerance)


def test_a_slowdown_below_the_escape_names_both():
    with pytest.raises(ConfigurationError, match=r"`escape_ratio` at most `slowdown_ratio`; found 0\.4 and 0\.3"):
        config(slowdown_ratio=0.3, escape_ratio=0.4)


@pytest.mark.parametrize(("trigger", "release"), [(0.5, 0.5), (0.5, 0.6), (math.nan, 0.1), (0.5, math.nan), (math.inf, 0.1)])
def test_a_release_threshold_not_below_its_trigger_is_refused(trigger: float, release: float):
    with pytest.raises(ConfigurationError, match="release"):
        Hysteresis(trigger=trigger, release=release)


def test_a_danger_that_begins_before_the_caution_is_refused():
    with pytest.raises(ConfigurationError, match="caution"):
        RiskThresholds(caution=Hysteresis(trigger=0.5, release=0.1), danger=Hysteresis(trigger=0.4, release=0.2))


@pytest.mark.parametrize(
    ("low", "high", "slew"),
    [
        ((0.1, -1.0), (0.5, 1.0), None),
        ((-1.0, -1.0), (-0.5, 1.0), None),
        ((-math.inf, -1.0), (0.5, 1.0), None),
        ((-1.0, -1.0), (math.nan, 1.0), None),
        ((-1.0,), (1.0, 1.0), None),
        ((-1.0, -1.0), (1.0, 1.0), (1.0,)),
        ((-1.0, -1.0), (1.0, 1.0), (1.0, 0.0)),
    ],
)
def test_limits_that_exclude_rest_or_do_not_fit_are_refused(
    low: tuple[float, ...], high: tuple[float, ...], slew: tuple[float, ...] | None
):
    with pytest.raises(ConfigurationError):
        CommandLimits(names=("x", "y"), low=low, high=high, slew=slew)
    with pytest.raises(ConfigurationError):
        CommandLimits(names=(), low=(), high=())


def test_limits_are_told_component_by_component() -> None:
    limits = CommandLimits(names=("x", "yaw"), low=(-0.3, -2.0), high=(0.7, 2.0), slew=(1.0, 3.5))
    assert str(limits) == "x [-0.3, 0.7] by 1/s, yaw [-2, 2] by 3.5/s"
    assert str(replace(limits, slew=None)) == "x [-0.3, 0.7], yaw [-2, 2]"
