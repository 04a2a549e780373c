"""Against cases with a closed form, and against rliable where it is installed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from alam_ros.study.statistics import estimate, interquartile_mean


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([1, 2, 3, 4, 5, 6, 7, 8], 4.5),  # 3 to 6
        ([100, 1, 2, -50], 1.5),  # without both extremes
        ([3, 1, 100], 104 / 3),  # fewer than four: nothing to cut off
        ([7], 7),
    ],
)
def test_the_interquartile_mean_is_the_mean_of_the_middle_half(scores: list[float], expected: float) -> None:
    assert interquartile_mean(np.array(scores, float)) == pytest.approx(expected)
    assert estimate([scores]).value == pytest.approx(expected)


def test_two_runs_give_the_binomial_interval() -> None:
    # The mean of two draws of {0, 1} is 0, 1/2, 1 with probabilities 1/4, 1/2, 1/4.
    result = estimate([[0.0, 1.0]])
    assert (result.value, result.low, result.high) == (0.5, 0.0, 1.0)


def test_six_runs_give_the_interval_of_the_trimmed_binomial() -> None:
    # A sample has k ones, binomial with n = 6 and p = 1/6; of its middle four max(k - 1, 0) are ones. P(k >= 3) = 6.2 % and
    # P(k >= 4) = 0.9 %, so the 97.5 % quantile is at k = 3; P(k <= 1) = 74 %, so the 2.5 % quantile is at 0.
    result = estimate([[0.0, 0.0, 0.0, 0.0, 0.0, 1.0]])
    assert (result.value, result.low, result.high) == (0.0, 0.0, 0.5)


def test_the_bootstrap_draws_within_each_task() -> None:
    # Without strata a sample could hold any number of tens.
    result = estimate([[0.0, 0.0], [10.0, 10.0]])
    assert (result.value, result.low, result.high) == (5.0, 5.0, 5.0)


def test_a_single_run_a_task_has_no_interval() -> None:
    result = estimate([[1.0], [2.0]])
    assert (result.value, result.low, result.high, result.runs) == (1.5, None, None, 2)


def test_a_single_run_of_one_task_leaves_no_interval_for_all() -> None:
    # Drawn again and again it would count as certain.
    result = estimate([[1.0, 2.0, 3.0], [2.0]])
    assert (result.value, result.low, result.high) == (2.0, None, None)


def test_a_score_that_is_not_finite_is_not_cut_off_as_the_highest() -> None:
    result = estimate([[1.0, 2.0, 3.0, 4.0, math.nan]])
    assert math.isnan(result.value)
    assert (result.low, result.high) == (None, None)


def test_the_interval_can_be_repeated() -> None:
    scores = [[0.3, 1.7, 2.2], [5.0, 4.0, 4.5]]
    assert estimate(scores) == estimate(scores)


def test_rliable_says_the_same() -> None:
    library = pytest.importorskip("rliable.library", reason="rliable is not installed: it needs pandas, statsmodels and seaborn")
    from rliable.metrics import aggregate_iqm

    scores = np.random.default_rng(3).normal(1.0, 0.4, (5, 4))  # runs × tasks
    points, intervals = library.get_interval_estimates(
        {"a": scores}, lambda runs: np.array([aggregate_iqm(runs)]), reps=20_000, random_state=np.random.RandomState(0)
    )
    result = estimate(list(scores.T), repetitions=20_000)
    assert result.value == pytest.approx(points["a"][0], rel=1e-12)
    assert [result.low, result.high] == pytest.approx(intervals["a"].ravel(), abs=0.01)
