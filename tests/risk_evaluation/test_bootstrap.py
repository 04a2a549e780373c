"""Intervals over episodes."""

from __future__ import annotations

import numpy as np
import pytest

from alam_ros.learning.reliability import Reliability
from alam_ros.risk_evaluation.bootstrap import Interval, bootstrap, bootstrap_absolute_sum


def mean_of(values: np.ndarray):
    return lambda weight: np.array([(weight * values).sum() / weight.sum()])


def test_the_interval_of_a_mean_is_that_of_the_episodes_not_of_their_states() -> None:
    rng = np.random.default_rng(0)
    level = rng.normal(size=100)  # an episode's states are all alike
    episode = np.repeat(np.arange(100), 50)
    (interval,) = bootstrap(mean_of(level[episode]), episode, resamples=500)
    assert interval.value == pytest.approx(level.mean())
    half_width = 1.96 * level.std() / np.sqrt(100)
    assert interval.high - interval.low == pytest.approx(2 * half_width, rel=0.2)
    assert interval.low < interval.value < interval.high


def test_equal_seeds_draw_equal_episodes() -> None:
    values, episode = np.arange(60.0), np.repeat(np.arange(6), 10)
    assert bootstrap(mean_of(values), episode, resamples=20) == bootstrap(mean_of(values), episode, resamples=20)


def test_resamples_without_a_figure_are_left_out() -> None:
    def sometimes(weight: np.ndarray) -> np.ndarray:
        return np.array([weight[0] if weight[0] > 0 else np.nan, np.nan])

    known, unknown = bootstrap(sometimes, np.arange(4), resamples=100)
    assert known.low >= 1.0
    assert np.isnan([unknown.value, unknown.low, unknown.high]).all()


def test_the_reach_of_an_absolute_sum_is_that_of_its_parts() -> None:
    values = np.array([[0.3, -0.1], [0.1, -0.3]])  # two episodes of one state each: a half is drawn alike, a quarter twice each
    found = bootstrap_absolute_sum(lambda weight: weight @ values / weight.sum(), np.arange(2), resamples=200)
    assert (found.value, found.low, found.high) == pytest.approx((0.4, 0.2, 0.6))
    far = bootstrap_absolute_sum(lambda weight: weight @ (10 * values - 1) / weight.sum(), np.arange(2), resamples=200)
    assert far.low > 0.0


def calibration_error(seed: int, stated: float) -> tuple[Interval, Interval]:
    """Return the interval of 60 episodes whose states have `stated` times their true probability, and the percentile interval."""
    rng = np.random.default_rng(seed)
    danger = np.exp(0.5 * rng.normal(size=(60, 1)))
    probability = np.clip(danger * rng.beta(0.4, 4.0, (60, 50)), 0.001, 0.999).ravel()
    reliability = Reliability(stated * probability, rng.random(3000) < probability)
    episode = np.repeat(np.arange(60), 50)

    def figure(weight: np.ndarray) -> np.ndarray:
        return np.array([reliability.judge(weight).expected_calibration_error])

    return bootstrap_absolute_sum(reliability.gaps, episode, resamples=100), bootstrap(figure, episode, resamples=100)[0]


def test_the_interval_of_a_calibration_error_reaches_zero_where_there_is_none() -> None:
    found = [calibration_error(seed, stated=1.0) for seed in range(20)]
    assert sum(one.low == 0.0 for one, _ in found) >= 17
    assert all(one.low <= one.value <= one.high for one, _ in found)
    assert not any(percentile.low <= 0.0 for _, percentile in found)  # why it has an interval of its own


def test_the_interval_of_a_calibration_error_stays_away_from_zero_where_there_is_one() -> None:
    found = [calibration_error(seed, stated=0.5)[0] for seed in range(10)]
    assert all(0.0 < one.low < 0.051 < one.high for one in found)  # half of a mean of 0.1
