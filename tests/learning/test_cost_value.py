"""Q_c against the costs that followed."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alam_ros.learning.agents import LearnerAgent, PolicyAgent
from alam_ros.learning.config import AlgorithmConfig, ConstraintConfig
from alam_ros.learning.cost_value import cost_value_error, observed_certificate
from alam_ros.learning.evaluation import EpisodeRecord
from alam_ros.learning.learner import Learner
from alam_ros.learning.summary import summarise
from alam_ros.typed import to_mapping


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
    assert observed_certificate(np.array(cost), discount, "cost_value") == pytest.approx(expected)


def test_a_critic_that_is_one_too_high_has_a_bias_of_one() -> None:
    cost = [0.0, 1.0, 0.0, 1.0]
    value = [v + 1.0 for v in observed_certificate(np.array(cost), 0.5, "cost_value")]
    error = cost_value_error([record(cost, value, terminated=True)], 0.5, "cost_value")
    assert error.bias == pytest.approx(1.0)
    assert error.correlation == pytest.approx(1.0)


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=30), st.floats(0.1, 0.99))
def test_constraint_decay_is_the_discounted_time_to_the_first_cost(cost: list[float], discount: float) -> None:
    expected = [discount ** cost[t:].index(1.0) if 1.0 in cost[t:] else 0.0 for t in range(len(cost))]
    assert observed_certificate(np.array(cost), discount, "constraint_decay") == pytest.approx(expected)


def test_a_share_of_a_step_in_violation_decays_by_its_share() -> None:
    assert observed_certificate(np.array([0.25, 0.0, 1.0]), 0.5, "constraint_decay") == pytest.approx([0.4375, 0.5, 1.0])


@pytest.mark.parametrize(
    ("certificate", "value"), [("constraint_decay", [0.5, 1.0, 0.5, 1.0]), ("cost_value", [0.625, 1.25, 0.5, 1.0])]
)
def test_critics_are_held_against_the_certificate_they_were_trained_as(certificate: str, value: list[float]) -> None:
    records = [record([0.0, 1.0, 0.0, 1.0], value, terminated=True)]
    error = cost_value_error(records, 0.5, certificate)
    assert error.bias == pytest.approx(0.0)
    assert error.correlation == pytest.approx(1.0)
    agent = SimpleNamespace(threshold=0.5, cost_discount=0.5, certificate=certificate)
    assert summarise(records, agent)["q_cost_bias"] == pytest.approx(0.0)


@pytest.mark.parametrize("certificate", ["cost_value", "constraint_decay"])
def test_run_and_policy_file_say_which_certificate_theirs_is(certificate: str) -> None:
    config = AlgorithmConfig(hidden=(4,), constraint=ConstraintConfig(certificate=certificate, cost_discount=0.9))
    assert LearnerAgent(Learner(config, observation_size=2, action_size=1)).certificate == certificate
    risk = SimpleNamespace(threshold=0.5, cost_discount=0.9)
    manifest = SimpleNamespace(risk=risk, configuration={"algorithm": to_mapping(config)})
    assert PolicyAgent(SimpleNamespace(manifest=manifest)).certificate == certificate


def test_steps_whose_future_was_cut_off_are_left_out() -> None:
    # With a discount of 0.5 the last 4 steps of a truncated episode have seen less than 95 % of their future.
    cost, value = [0.0] * 8, [0.0] * 4 + [9.0] * 4
    assert cost_value_error([record(cost, value, terminated=False)], 0.5, "cost_value").bias == 0.0
    assert cost_value_error([record(cost, value, terminated=True)], 0.5, "cost_value").bias == 4.5


def test_without_costs_there_is_a_bias_but_no_correlation() -> None:
    error = cost_value_error([record([0.0, 0.0, 0.0], [1.0, 2.0, 3.0], terminated=True)], 0.9, "cost_value")
    assert error.bias == 2.0
    assert math.isnan(error.correlation)
