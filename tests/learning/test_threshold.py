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
from alam_ros.learning.config import ConstraintConfig
from alam_ros.learning.learner import Learner
from alam_ros.learning.threshold import (
    AVERAGING,
    ENOUGH,
    EXPORTED_AVERAGING,
    FELT,
    LARGEST_EXCESS,
    MULTIPLIER_RANGE,
    NOTABLE,
    SATURATED,
    Threshold,
)
from tests.support.learners import CONFIG, OBSERVATION, make, member_multiplier

CONSTRAINT = ConstraintConfig(
    episode_cost_limit=10.0, episode_steps=100, margin=0.2, cost_discount=0.9, adaptation=4.0, adaptation_trust=1.0
)
TARGET = 0.08  # of a step
BEGUN = 0.1  # share of the budget from which actions are the policy's
PRICE = 2.0


def make_threshold(config: ConstraintConfig = CONSTRAINT) -> Threshold:
    threshold = Threshold(config, PRICE)
    threshold.saturation = 0.5  # λ is felt, and not in all states at its limit
    return threshold


def settled(cost: float, config: ConstraintConfig = CONSTRAINT) -> Threshold:
    """Return one that has measured `cost` for long and not moved yet."""
    threshold = make_threshold(config)
    for spent in (BEGUN / 2, BEGUN):
        threshold.follow(cost, spent, moves=False)
    return threshold


def train(
    threshold: Threshold,
    cost: float,
    share: float,
    steps: int = 100,
    *,
    moves: bool = True,
    exported: float | None = None,
) -> None:
    """Let a share of the budget pass, from where `settled` ends, in which every step costs the same."""
    for step in range(1, steps + 1):
        threshold.follow(cost, BEGUN + share * step / steps, moves=moves, exported=exported)


def test_the_computed_threshold_stays_while_the_measured_cost_is_the_target() -> None:
    threshold = settled(TARGET)
    train(threshold, TARGET, 1.0)
    assert threshold.value == pytest.approx(CONSTRAINT.threshold)


@pytest.mark.parametrize("cost", [0.0, 0.04, 0.12, 0.2])
def test_it_moves_exponentially_at_the_rate_of_the_relative_error(cost: float) -> None:
    threshold = settled(cost)
    train(threshold, cost, 0.1)
    assert threshold.value == pytest.approx(CONSTRAINT.threshold * math.exp(4.0 * 0.1 * (1.0 - cost / TARGET)))


@pytest.mark.parametrize(("spent", "rate"), [(0.0, 0.3), (0.2 * ENOUGH, 0.3), (0.5 * ENOUGH, 0.5), (ENOUGH, 1.0), (0.6, 1.0)])
def test_with_less_trust_it_rises_slowly_where_hardly_anything_is_spent(spent: float, rate: float) -> None:
    threshold = settled(TARGET * spent, replace(CONSTRAINT, adaptation_trust=0.3))
    train(threshold, TARGET * spent, 0.1)
    assert threshold.value == pytest.approx(CONSTRAINT.threshold * math.exp(4.0 * 0.1 * (1.0 - spent) * rate))


@pytest.mark.parametrize(("multiplier", "rate"), [(0.0, 0.0), (0.25 * FELT, 0.25), (FELT, 1.0), (0.5 * PRICE, 1.0)])
def test_it_rises_as_far_as_the_multiplier_says_that_it_is_felt(multiplier: float, rate: float) -> None:
    threshold = settled(0.04)
    threshold.saturation = multiplier / PRICE
    train(threshold, 0.04, 0.1)
    assert threshold.value == pytest.approx(CONSTRAINT.threshold * math.exp(4.0 * 0.1 * 0.5 * rate))


def test_it_falls_at_its_full_rate_where_nothing_of_it_is_felt() -> None:
    threshold = settled(0.12)
    threshold.saturation = 0.0
    train(threshold, 0.12, 0.1)
    assert threshold.value == pytest.approx(CONSTRAINT.threshold * math.exp(-4.0 * 0.1 * 0.5))


@pytest.mark.parametrize("cost", [0.12, 1.0])
def test_with_less_trust_it_falls_as_fast(cost: float) -> None:
    trusting, other = settled(cost), settled(cost, replace(CONSTRAINT, adaptation_trust=0.0))
    for threshold in (trusting, other):
        train(threshold, cost, 0.1)
    assert other.value == trusting.value < CONSTRAINT.threshold


def test_no_excess_tightens_faster_than_the_largest_that_counts() -> None:
    costs = TARGET * (1.0 + LARGEST_EXCESS), 1.0
    high, higher = map(settled, costs)
    for threshold, cost in zip((high, higher), costs, strict=True):
        train(threshold, cost, 0.01)
    assert high.value == pytest.approx(higher.value)
    assert high.value < CONSTRAINT.threshold


def test_the_measured_cost_is_an_average_over_its_share_of_the_budget() -> None:
    threshold = make_threshold()
    threshold.follow(0.0, BEGUN, moves=False)
    for spent in np.linspace(BEGUN, 5.0, 500)[1:]:
        threshold.follow(0.0, float(spent), moves=False, exported=0.0)
    for spent in np.linspace(5.0, 5.0 + AVERAGING, 50)[1:]:
        threshold.follow(1.0, float(spent), moves=False, exported=1.0)
    assert threshold.collected.mean == pytest.approx(1.0 - math.exp(-1.0), abs=1e-6)
    assert threshold.exported.mean == pytest.approx(1.0 - math.exp(-AVERAGING / EXPORTED_AVERAGING), abs=1e-6)
    assert threshold.value == CONSTRAINT.threshold


def test_what_is_exported_begins_at_what_is_collected() -> None:
    threshold = settled(0.04)
    train(threshold, 0.04, AVERAGING, 1, exported=0.0)
    kept = math.exp(-AVERAGING / EXPORTED_AVERAGING)
    assert threshold.exported.mean == pytest.approx(0.04 * (1.0 - kept) * kept / (1.0 - kept**2))


def test_one_step_in_violation_at_the_beginning_is_no_policy_that_costs_more() -> None:
    threshold = settled(TARGET)
    train(threshold, TARGET, 1e-4, 1, exported=1.0)
    assert threshold.spent_share == pytest.approx(1.0)


def test_the_first_steps_of_a_policy_weigh_no_more_than_others() -> None:
    threshold = make_threshold()
    costs = [1.0, 0.0, 0.0, 0.0, 0.0]
    for step, cost in enumerate(costs):
        threshold.follow(cost, BEGUN + 1e-6 * step, moves=False)
    assert threshold.collected.mean == pytest.approx(0.0)  # of the first step the share of the budget is not known
    threshold.follow(1.0, BEGUN + 5e-6, moves=False)
    assert threshold.collected.mean == pytest.approx(0.2, rel=1e-3)


def test_random_steps_are_not_measured() -> None:
    threshold = make_threshold()
    for _ in range(50):
        threshold.follow(1.0, 0.0, moves=True, exported=1.0)
    threshold.follow(1.0, BEGUN, moves=True, exported=1.0)
    assert threshold.collected.mean is threshold.exported.mean is None
    assert threshold.spent_share == 1.0
    assert threshold.value == CONSTRAINT.threshold


@pytest.mark.parametrize(
    ("exported", "counts"),
    [(0.0, 0.04), (0.04 * (NOTABLE - 0.1), 0.04), (0.04 * (NOTABLE + 0.1), 0.04 * (NOTABLE + 0.1)), (0.3, 0.3), (None, 0.04)],
)
def test_what_is_exported_counts_where_it_costs_notably_more_than_what_collects(exported: float | None, counts: float) -> None:
    threshold = settled(0.04)
    train(threshold, 0.04, 3.0, 1000, exported=exported)
    assert threshold.spent_share == pytest.approx(counts / TARGET)
    assert (threshold.value > CONSTRAINT.threshold) == (counts < TARGET)


def test_an_exported_policy_that_costs_nothing_does_not_hide_what_collecting_costs() -> None:
    threshold = settled(0.12)
    train(threshold, 0.12, 0.1, exported=0.0)
    assert threshold.value == pytest.approx(CONSTRAINT.threshold * math.exp(4.0 * 0.1 * (1.0 - 0.12 / TARGET)))


@given(costs=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=50), saturation=st.floats(0.0, 1.0))
def test_both_stay_finite_and_within_their_ranges_whatever_is_measured(costs: list[float], saturation: float) -> None:
    threshold = make_threshold()
    threshold.saturation = saturation
    for step, cost in enumerate(costs):
        threshold.follow(cost, step / 10, moves=True, exported=cost)
    assert PRICE <= threshold.multiplier_maximum <= PRICE * MULTIPLIER_RANGE
    factor = threshold.value / CONSTRAINT.threshold
    assert 1.0 / CONSTRAINT.adaptation_range * (1 - 1e-9) <= factor <= CONSTRAINT.adaptation_range * (1 + 1e-9)


@pytest.mark.parametrize("cost", [0.12, 0.2])
def test_where_most_states_are_at_the_largest_price_it_rises_in_place_of_the_limit(cost: float) -> None:
    threshold = settled(cost)
    threshold.saturation = SATURATED + 0.01
    train(threshold, cost, 0.1)
    assert threshold.multiplier_maximum == pytest.approx(PRICE * math.exp(4.0 * 0.1 * (cost / TARGET - 1.0)))
    assert threshold.value == CONSTRAINT.threshold


def test_the_price_comes_back_before_the_limit_moves() -> None:
    threshold = settled(0.04)
    threshold.multiplier_maximum = PRICE * math.exp(0.1)
    train(threshold, 0.04, 0.1)
    assert threshold.multiplier_maximum == PRICE
    assert threshold.value == pytest.approx(CONSTRAINT.threshold * math.exp(4.0 * 0.1 * 0.5 - 0.1), rel=0.01)


def test_a_price_at_the_end_of_its_range_leaves_the_rest_to_the_limit() -> None:
    threshold = settled(0.2)
    threshold.saturation, threshold.multiplier_maximum = 1.0, PRICE * MULTIPLIER_RANGE
    train(threshold, 0.2, 0.1)
    assert threshold.multiplier_maximum == PRICE * MULTIPLIER_RANGE
    assert threshold.value < CONSTRAINT.threshold


@pytest.mark.parametrize("changes", [{"adaptation": 0.0}, {"certificate": "constraint_decay"}])
def test_a_fixed_threshold_stays(changes: dict[str, object]) -> None:
    config = replace(CONSTRAINT, **changes)
    threshold = settled(1.0, config)
    train(threshold, 1.0, 0.5)
    assert threshold.value == config.threshold


@pytest.mark.parametrize(
    "changes", [{"adaptation": -1.0}, {"adaptation": math.nan}, {"adaptation_range": 0.5}, {"adaptation_trust": 1.5}]
)
def test_an_adaptation_without_meaning_is_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError, match="adaptation"):
        replace(CONSTRAINT, **changes)


def collect(learner: Learner, cost: float) -> None:
    learner.measure(np.zeros((8, OBSERVATION), np.float32), np.zeros(8), np.full(8, cost))


def test_a_learner_follows_the_copies_that_act_as_exported() -> None:
    config = replace(CONFIG, constraint=CONSTRAINT, multiplier=member_multiplier("sac_alam", start=0.25, ramp=0.15))
    costs = np.array([0.4, 0.4, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])  # one in ten of all, four in ten as exported
    excesses = []
    for exported in (0, 2):
        learner = make(config)
        for share in np.linspace(0.4, 0.9, 100):
            learner.set_progress(float(share))
            learner.measure(np.zeros((8, OBSERVATION), np.float32), np.zeros(8), costs, exported=exported)
        excesses.append(learner.episode_excess)
        restored = make(config, seed=1)
        restored.load_state_dict(learner.state_dict())
        assert restored.limit.state_dict() == learner.limit.state_dict()
    assert excesses[0] == pytest.approx(0.1 / TARGET - 1.0)
    assert 0.3 / TARGET - 1.0 < excesses[1] < 0.4 / TARGET - 1.0


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
    learner.limit.saturation = 1.0
    learner.set_progress(0.7)
    collect(learner, 1.0)
    restored.load_state_dict(learner.state_dict())
    assert restored.threshold == learner.threshold
    assert restored.multiplier.maximum == learner.multiplier.maximum > config.multiplier.maximum
    assert restored.limit.saturation == 1.0
    assert restored.limit.state_dict() == learner.limit.state_dict()
    assert restored.episode_excess == learner.episode_excess


def test_the_gap_is_taken_from_the_threshold_as_it_is_now() -> None:
    config = replace(CONFIG, constraint=CONSTRAINT)
    learner = make(config)
    observation = torch.zeros(5, OBSERVATION)
    torch.manual_seed(0)
    before = learner.sample_policy(observation).gap
    learner.limit.value += 0.01
    torch.manual_seed(0)
    torch.testing.assert_close(learner.sample_policy(observation).gap, before - 0.01)


def test_gaps_are_clipped_in_units_of_the_computed_threshold_wherever_it_has_moved() -> None:
    learner = make(replace(CONFIG, constraint=CONSTRAINT, multiplier=member_multiplier("sac_alam", dual_gap=0.5)))
    computed = CONSTRAINT.threshold
    learner.limit.value = 3.0 * computed
    gap = learner.sample_policy(torch.zeros(5, OBSERVATION)).gap
    assert gap.tolist() == pytest.approx([-computed] * 5)  # Q_c of new networks is near 0
    assert learner._dual_gap(gap).tolist() == pytest.approx([-0.5 * computed] * 5)


def test_the_error_of_one_number_is_in_units_of_the_computed_threshold_wherever_it_has_moved() -> None:
    learner = make(replace(CONFIG, name="cal", constraint=CONSTRAINT, multiplier=member_multiplier("cal")))
    learner.limit.value = 0.5 * CONSTRAINT.threshold
    gap = torch.full((5,), 0.25 * CONSTRAINT.threshold)
    assert float(learner.multiplier.update(torch.zeros(5, OBSERVATION), gap)) == pytest.approx(0.25)


def test_without_a_constraint_the_threshold_stays() -> None:
    learner = make(replace(CONFIG, name="sac", constraint=CONSTRAINT, multiplier=member_multiplier("sac")))
    for share in (0.5, 0.8, 1.0):
        learner.set_progress(share)
        collect(learner, 1.0)
    assert learner.threshold == CONSTRAINT.threshold


def test_whatever_the_rate_a_limit_stays_within_its_range() -> None:
    threshold = settled(TARGET, replace(CONSTRAINT, adaptation=1e9))
    threshold.follow(0.0, 0.5, moves=True)
    assert threshold.value == CONSTRAINT.threshold * CONSTRAINT.adaptation_range
    threshold.follow(1.0, 1.0, moves=True)
    assert threshold.value == CONSTRAINT.threshold / CONSTRAINT.adaptation_range
