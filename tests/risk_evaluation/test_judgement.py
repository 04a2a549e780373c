"""Scores held against what followed."""

from __future__ import annotations

import numpy as np
import pytest

from alam_ros.learning.evaluation import EpisodeRecord
from alam_ros.learning.futures import futures
from alam_ros.risk_evaluation.judgement import Judgement, judge
from alam_ros.risk_evaluation.scores import scores_of
from tests.support.episodes import episode

HORIZON = 1


def episodes(count: int, seed: int = 0) -> list[EpisodeRecord]:
    """Episodes in which the probability is true, the cost value is a noisy reading of it and the multiplier knows nothing."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        probability = rng.beta(0.5, 2.0, 100)
        cost = (rng.random(100) < probability).astype(float)
        clearance = rng.normal(size=100)
        noisy = probability + rng.normal(scale=0.3, size=100)
        made.append(episode(cost, probability=probability, cost_value=noisy, multiplier=rng.random(100), clearance=clearance))
    return made


def judged(records: list[EpisodeRecord], *, stated: int | None = HORIZON, horizon: int = HORIZON) -> Judgement:
    return judge(scores_of(records), futures(records), horizon, stated_horizon=stated, resamples=100)


def test_better_scores_are_told_from_worse_ones() -> None:
    found = judged(episodes(60))
    areas = {name: figures.auroc.value for name, figures in found.scores.items()}
    assert areas["probability"] > areas["cost_value"] > areas["multiplier"] == pytest.approx(0.5, abs=0.03)
    advantage = found.advantages["probability - cost_value"]
    assert advantage.value == pytest.approx(areas["probability"] - areas["cost_value"])
    assert 0 < advantage.low < advantage.value < advantage.high
    assert found.advantages["multiplier - cost_value"].high < 0
    assert "cost_value - clearance" not in found.advantages


def test_a_stated_probability_is_taken_at_its_word() -> None:
    honest = judged(episodes(60)).scores["probability"].expected_calibration_error.value
    halved = [EpisodeRecord(**(vars(one) | {"probability": one.probability / 2})) for one in episodes(60)]
    assert honest < 0.02
    assert judged(halved).scores["probability"].expected_calibration_error.value > 0.05
    # It speaks of another horizon: then it is a score like the others, mapped out of fold.
    assert judged(halved, stated=5).scores["probability"].expected_calibration_error.value < 0.02


def test_probabilities_from_scores_are_out_of_fold() -> None:
    assert judged(episodes(30)).scores["multiplier"].brier_skill.value < 0.01
    # It tells the only episode with violations from the others: perfect for a map that saw this episode, of no use to any other.
    records = [episode([0, index == 4] * 10, multiplier=[index] * 20) for index in range(5)]
    figures = judged(records, stated=None, horizon=2).scores["multiplier"]
    assert figures.auroc.value == 1.0
    assert figures.brier_skill.value < 0


def test_states_are_counted() -> None:
    records = [episode([0, 0, 1, 0, 0], clearance=[1, 1, 0, 1, 1], cost_value=[1, 2, 3, 4, 5]) for _ in range(6)]
    found = judged(records, stated=None, horizon=2)
    # State 0 has no clearance, state 3 is in violation, the future of state 4 is cut off: 1 and 2 are left, both before the cost.
    assert (found.states, found.positives, found.episodes, found.in_violation, found.censored) == (12, 12, 6, 6, 6)
    assert "probability" not in found.scores
    assert np.isnan(found.scores["cost_value"].auroc.value)


@pytest.mark.parametrize("with_states", [0, 1])
def test_states_of_fewer_than_two_episodes_say_nothing(with_states: int) -> None:
    in_violation = [episode([1, 1, 1], clearance=[0, 0, 0])] * 3  # but for the first states, whose clearance is unknown
    records = [*in_violation, *episodes(with_states)]
    found = judge(scores_of(records), futures(records), HORIZON, resamples=5)
    assert found.episodes == with_states
    assert (found.states > 0) == (with_states > 0)
    assert "multiplier - cost_value" in found.advantages
    for interval in (*vars(found.scores["cost_value"]).values(), *found.advantages.values()):
        assert str(interval) == "nan [nan, nan]"


def test_a_score_that_is_nowhere_known_is_left_out() -> None:
    assert "clearance" not in scores_of([episode([0, 1, 0])])
