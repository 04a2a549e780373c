"""Intervals over episodes."""

from __future__ import annotations

import numpy as np
import pytest

from alam_ros.risk_evaluation.bootstrap import bootstrap


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
