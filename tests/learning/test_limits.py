"""The limits d and λ_max follow the measured cost: by their closed form, within their ranges, and only where they may."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from alam_ros.errors import ConfigurationError
from alam_ros.learning.config import ConstraintConfig, MultiplierConfig
from alam_ros.learning.learner import Learner
from alam_ros.learning.limits import AVERAGING, ENOUGH, LARGEST_EXCESS, LEAST_SHARE, Limits
from tests.support.learners import CONFIG, OBSERVATION, make, member_multiplier

CONSTRAINT = ConstraintConfig(
    episode_cost_limit=10.0, episode_steps=100, margin=0.2, cost_discount=0.9, adaptation=4.0, adaptation_trust=1.0
)
TARGET = 0.08  # of a step


MULTIPLIER = MultiplierConfig(maximum=2.0, maximum_adaptation=10.0)
FIXED = replace(MULTIPLIER, maximum_adaptation=0.0)


def settled(cost: float, config: ConstraintConfig = CONSTRAINT, multiplier: MultiplierConfig = FIXED) -> Limits:
    """Return limits that have measured `cost` for long and not moved yet."""
    limits = Limits(config, multiplier)
    limits.follow(cost, 0.0, moves=False)
    return limits


def train(limits: Limits, cost: float, share: float, steps: int = 100, *, begin: float = 0.0, moves: bool = True) -> None:
    """Let a share of the budget pass in which every step costs the same."""
    for step in range(1, steps + 1):
        limits.follow(cost, begin + share * step / steps, moves=moves)


def test_the_computed_threshold_stays_while_the_measured_cost_is_the_target() -> None:
    limits = settled(TARGET)
    train(limits, TARGET, 1.0)
    assert limits.threshold == pytest.approx(CONSTRAINT.threshold)


@pytest.mark.parametrize("cost", [0.0, 0.04, 0.12, 0.2])
def test_it_moves_exponentially_at_the_rate_of_the_relative_error(cost: float) -> None:
    limits = settled(cost)
    train(limits, cost, 0.1)
    assert limits.threshold == pytest.approx(CONSTRAINT.threshold * math.exp(4.0 * 0.1 * (1.0 - cost / TARGET)))


@pytest.mark.parametrize(("spent", "rate"), [(0.0, 0.3), (0.2 * ENOUGH, 0.3), (0.5 * ENOUGH, 0.5), (ENOUGH, 1.0), (0.6, 1.0)])
def test_with_less_trust_it_rises_slowly_where_hardly_anything_is_spent(spent: float, rate: float) -> None:
    limits = settled(TARGET * spent, replace(CONSTRAINT, adaptation_trust=0.3))
    train(limits, TARGET * spent, 0.1)
    assert limits.threshold == pytest.approx(CONSTRAINT.threshold * math.exp(4.0 * 0.1 * (1.0 - spent) * rate))


@pytest.mark.parametrize("cost", [0.12, 1.0])
def test_with_less_trust_it_falls_as_fast(cost: float) -> None:
    trusting, other = settled(cost), settled(cost, replace(CONSTRAINT, adaptation_trust=0.0))
    for limits in (trusting, other):
        train(limits, cost, 0.1)
    assert other.threshold == trusting.threshold < CONSTRAINT.threshold


def test_no_excess_tightens_faster_than_the_largest_that_counts() -> None:
    costs = TARGET * (1.0 + LARGEST_EXCESS), 1.0
    high, higher = map(settled, costs)
    for limits, cost in zip((high, higher), costs, strict=True):
        train(limits, cost, 0.01)
    assert high.threshold == pytest.approx(higher.threshold)
    assert high.threshold < CONSTRAINT.threshold


def test_the_measured_cost_is_an_average_over_its_share_of_the_budget() -> None:
    limits = settled(0.0)
    train(limits, 1.0, AVERAGING, moves=False)
    assert limits.measured == pytest.approx(1.0 - math.exp(-1.0))
    assert limits.threshold == CONSTRAINT.threshold


@given(costs=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=50))
def test_it_stays_finite_and_within_its_range_whatever_is_measured(costs: list[float]) -> None:
    limits = Limits(CONSTRAINT, FIXED)
    for step, cost in enumerate(costs):
        limits.follow(cost, step / 10, moves=True)
    factor = limits.threshold / CONSTRAINT.threshold
    assert 1.0 / CONSTRAINT.adaptation_range * (1 - 1e-9) <= factor <= CONSTRAINT.adaptation_range * (1 + 1e-9)


@pytest.mark.parametrize("cost", [0.0, 0.04])
def test_a_cost_is_worth_less_while_the_budget_is_not_spent_and_the_threshold_stays(cost: float) -> None:
    limits = settled(cost, multiplier=MULTIPLIER)
    train(limits, cost, 0.1)
    assert limits.multiplier == pytest.approx(2.0 * math.exp(-10.0 * 0.1 * (1.0 - cost / TARGET)))
    assert limits.threshold == CONSTRAINT.threshold


def test_a_cost_is_worth_some_share_at_least() -> None:
    limits = settled(0.0, multiplier=MULTIPLIER)
    train(limits, 0.0, 1.0)
    assert limits.multiplier == pytest.approx(LEAST_SHARE * MULTIPLIER.maximum)


def test_where_a_cost_is_worth_the_most_already_the_threshold_falls_and_recovers_before_the_worth_does() -> None:
    limits = settled(TARGET * 2, multiplier=MULTIPLIER)
    train(limits, TARGET * 2, 0.1)
    assert limits.multiplier == MULTIPLIER.maximum
    assert limits.threshold == pytest.approx(CONSTRAINT.threshold * math.exp(-4.0 * 0.1))
    limits.measured = 0.0
    train(limits, 0.0, 0.1, begin=0.1)  # as far back as it went
    assert limits.multiplier == pytest.approx(MULTIPLIER.maximum, rel=0.02)
    assert limits.threshold == pytest.approx(CONSTRAINT.threshold)
    train(limits, 0.0, 0.1, begin=0.2)
    assert limits.multiplier < MULTIPLIER.maximum / 2
    assert limits.threshold == pytest.approx(CONSTRAINT.threshold)


def test_what_a_cost_is_worth_recovers_before_the_threshold_falls() -> None:
    limits = settled(TARGET * 1.5, multiplier=MULTIPLIER)
    limits.multiplier = 1.0
    train(limits, TARGET * 1.5, 0.1)
    assert limits.multiplier == pytest.approx(math.exp(10.0 * 0.1 * 0.5))
    assert limits.threshold == CONSTRAINT.threshold


@given(costs=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=50))
def test_both_limits_stay_within_their_ranges_whatever_is_measured(costs: list[float]) -> None:
    limits = Limits(CONSTRAINT, MULTIPLIER)
    for step, cost in enumerate(costs):
        limits.follow(cost, step / 10, moves=True)
    assert CONSTRAINT.threshold / CONSTRAINT.adaptation_range * (1 - 1e-9) <= limits.threshold <= CONSTRAINT.threshold
    assert LEAST_SHARE * MULTIPLIER.maximum <= limits.multiplier <= MULTIPLIER.maximum


@pytest.mark.parametrize("changes", [{"adaptation": 0.0}, {"certificate": "constraint_decay"}])
def test_a_fixed_threshold_stays(changes: dict[str, object]) -> None:
    config = replace(CONSTRAINT, **changes)
    for multiplier in (FIXED, MULTIPLIER):
        limits = settled(1.0, config, multiplier)
        train(limits, 1.0, 0.5)
        assert (limits.threshold, limits.multiplier) == (config.threshold, multiplier.maximum)


@pytest.mark.parametrize(
    "changes", [{"adaptation": -1.0}, {"adaptation": math.nan}, {"adaptation_range": 0.5}, {"adaptation_trust": 1.5}]
)
def test_an_adaptation_without_meaning_is_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError, match="adaptation"):
        replace(CONSTRAINT, **changes)


def collect(learner: Learner, cost: float) -> None:
    learner.measure(np.zeros((8, OBSERVATION), np.float32), np.zeros(8), np.full(8, cost))


def test_a_learner_tightens_where_collected_steps_cost_too_much_and_keeps_it_in_a_checkpoint() -> None:
    config = replace(CONFIG, constraint=CONSTRAINT, multiplier=member_multiplier("sac_alam", start=0.25, ramp=0.15))
    learner = make(config)
    for share in np.linspace(0.0, 0.38, 20):
        learner.set_progress(float(share))
        collect(learner, 1.0)
    assert learner.threshold == CONSTRAINT.threshold  # the constraint is not in full force yet
    for share in np.linspace(0.4, 0.6, 20):
        learner.set_progress(float(share))
        collect(learner, 1.0)
    assert learner.threshold < CONSTRAINT.threshold / 2
    restored = make(config, seed=1)
    restored.load_state_dict(learner.state_dict())
    assert restored.threshold == learner.threshold


def test_the_gap_is_taken_from_the_threshold_as_it_is_now() -> None:
    config = replace(CONFIG, constraint=CONSTRAINT)
    learner = make(config)
    observation = torch.zeros(5, OBSERVATION)
    torch.manual_seed(0)
    before = learner.sample_policy(observation).gap
    learner.limits.threshold += 0.01
    torch.manual_seed(0)
    torch.testing.assert_close(learner.sample_policy(observation).gap, before - 0.01)


def test_without_a_constraint_the_threshold_stays() -> None:
    learner = make(replace(CONFIG, name="sac", constraint=CONSTRAINT, multiplier=member_multiplier("sac")))
    for share in (0.5, 0.8, 1.0):
        learner.set_progress(share)
        collect(learner, 1.0)
    assert learner.threshold == CONSTRAINT.threshold
