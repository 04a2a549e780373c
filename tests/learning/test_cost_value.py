"""Q_c against the costs that followed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alam_ros.learning.cost_value import cost_value_error, discounted_costs
from alam_ros.learning.evaluation import EpisodeRecord


def record(cost: list[float], cost_value: list[float], *, terminated: bool) -> EpisodeRecord:
    zeros = np.zeros(len(cost))
    pairs = np.zeros((len(cost), 1), np.float32)
    value = np.array(cost_value, np.float32)
    return EpisodeRecord(
        0, terminated, pairs, pairs, zeros, 5 * np.array(cost), np.array(cost), zeros, value, value, value, value
    )


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=30), st.floats(0.1, 0.99))
def test_discounted_costs_are_the_sum_of_their_definition(cost: list[float], discount: float) -> None:
    expected = [sum(discount**k * later for k, later in enumerate(cost[t:])) for t in range(len(cost))]
    assert discounted_costs(np.array(cost), discount) == pytest.approx(expected)


def test_a_critic_that_is_one_too_high_has_a_bias_of_one() -> None:
    cost = [0.0, 1.0, 0.0, 1.0]
    value = [v + 1.0 for v in discounted_costs(np.array(cost), 0.5)]
    error = cost_value_error([record(cost, value, terminated=True)], 0.5)
    assert error.bias == pytest.approx(1.0)
    assert error.correlation == pytest.approx(1.0)


def test_steps_whose_future_was_cut_off_are_left_out() -> None:
    # With a discount of 0.5 the last 4 steps of a truncated episode have seen less than 95 % of their future.
    cost, value = [0.0] * 8, [0.0] * 4 + [9.0] * 4
    assert cost_value_error([record(cost, value, terminated=False)], 0.5).bias == 0.0
    assert cost_value_error([record(cost, value, terminated=True)], 0.5).bias == 4.5


def test_without_costs_there_is_a_bias_but_no_correlation() -> None:
    error = cost_value_error([record([0.0, 0.0, 0.0], [1.0, 2.0, 3.0], terminated=True)], 0.9)
    assert error.bias == 2.0
    assert math.isnan(error.correlation)
