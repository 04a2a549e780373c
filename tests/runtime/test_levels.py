"""One level for people and machines, from the calibrated probability or, without one, from the margin."""

from __future__ import annotations

import math

import pytest

from alam_ros.runtime import RiskLevel, RiskLevels, RiskScores

LEVELS = RiskLevels(caution_probability=0.2, danger_probability=0.6, novelty_limit=1.0)


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
        (0.2, RiskLevel.NOMINAL),
        (0.3, RiskLevel.CAUTION),
        (0.5, RiskLevel.DANGER),
        (9.0, RiskLevel.DANGER),
    ],
)
def test_without_calibration_the_margin_decides(cost_value: float, level: RiskLevel) -> None:
    assert LEVELS.of(scores(probability=math.nan, cost_value=cost_value)) == level


@pytest.mark.parametrize("novelty", [1.01, math.inf, math.nan])
def test_nothing_is_known_about_what_was_never_seen(novelty: float) -> None:
    assert LEVELS.of(scores(probability=0.9, novelty=novelty)) == RiskLevel.UNKNOWN


def test_novelty_up_to_the_limit_is_judged() -> None:
    assert LEVELS.of(scores(novelty=1.0)) == RiskLevel.NOMINAL
