"""One level for people and machines, from the calibrated probability or, without one, from the margin."""

from __future__ import annotations

import math

import pytest

from alam_ros.errors import ConfigurationError
from alam_ros.onboard.gate_settings import THRESHOLDS
from alam_ros.runtime import RiskLevel, RiskLevels, RiskScores

LEVELS = RiskLevels(caution_probability=0.2, danger_probability=0.6, novelty_limit=1.0)
"""The threshold of `scores` is 0.5: without a calibration CAUTION begins there, and DANGER at 1."""


def scores(*, probability: float = 0.0, cost_value: float = 0.0, novelty: float = 0.0) -> RiskScores:
    return RiskScores(
        probability=probability,
        horizon=2.5,
        cost_value=cost_value,
        threshold=0.5,
        multiplier=0.0,
        effective_multiplier=0.0,
        novelty=novelty,
    )


@pytest.mark.parametrize(
    ("probability", "level"),
    [
        (0.0, RiskLevel.NOMINAL),
        (0.19, RiskLevel.NOMINAL),
        (0.2, RiskLevel.CAUTION),
        (0.59, RiskLevel.CAUTION),
        (0.6, RiskLevel.DANGER),
        (1.0, RiskLevel.DANGER),
    ],
)
def test_the_probability_decides(probability: float, level: RiskLevel) -> None:
    assert LEVELS.of(scores(probability=probability)) == level


@pytest.mark.parametrize(
    ("cost_value", "level"),
    [
        (-1.0, RiskLevel.NOMINAL),
        (0.4, RiskLevel.NOMINAL),
        (0.5, RiskLevel.CAUTION),
        (0.9, RiskLevel.CAUTION),
        (1.0, RiskLevel.DANGER),
        (9.0, RiskLevel.DANGER),
    ],
)
def test_without_calibration_the_cost_value_decides(cost_value: float, level: RiskLevel) -> None:
    assert LEVELS.of(scores(probability=math.nan, cost_value=cost_value)) == level


@pytest.mark.parametrize("novelty", [1.01, math.inf, math.nan])
def test_nothing_is_known_about_what_was_never_seen(novelty: float) -> None:
    assert LEVELS.of(scores(probability=0.9, novelty=novelty)) == RiskLevel.UNKNOWN


def test_novelty_up_to_the_limit_is_judged() -> None:
    assert LEVELS.of(scores(novelty=1.0)) == RiskLevel.NOMINAL


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        ({"caution_probability": 0.6}, r"`caution_probability` not above `danger_probability`; found 0\.6 and 0\.5"),
        ({"caution_cost_ratio": 3.0}, "`caution_cost_ratio` not above"),
        ({"danger_probability": math.nan}, "`caution_probability` not above"),
        ({"novelty_limit": math.inf}, "finite `novelty_limit`"),
    ],
)
def test_levels_that_contradict_one_another_are_refused(levels: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        RiskLevels(**levels)


def test_a_level_begins_where_the_gate_begins_to_act() -> None:
    gate = {name: THRESHOLDS[name][0] for name in vars(RiskLevels())}
    assert gate == vars(RiskLevels())
