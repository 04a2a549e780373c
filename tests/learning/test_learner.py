"""What an update does to actor, temperature, multiplier and targets."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
import torch

from alam_ros.learning.agents import LearnerAgent
from alam_ros.learning.config import FAMILY
from alam_ros.learning.fast_learner import FastLearner
from alam_ros.learning.learner import Learner, PolicySample
from alam_ros.learning.multiplier import StateMultiplier
from tests.support.learners import (
    ACTION,
    BATCH,
    CONFIG,
    OBSERVATION,
    are_equal,
    default_dtype,
    make,
    make_batch,
    member_multiplier,
    snapshot,
    tensors,
)


def network_multiplier(learner: Learner) -> StateMultiplier:
    assert isinstance(learner.multiplier, StateMultiplier)
    return learner.multiplier


def test_the_dual_target_sees_the_gap_within_its_own_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    learner = make()
    seen: list[torch.Tensor] = []
    monkeypatch.setattr(learner.multiplier, "update", lambda _, gap, __: seen.append(gap) or torch.zeros(()))
    for value in (9.0, -9.0):
        monkeypatch.setattr(learner.critics, "forward", lambda state, _, value=value: torch.full((4, len(state)), value))
        learner._update_multiplier(make_batch().observation)
    torch.testing.assert_close(seen[0], torch.full((BATCH,), learner.threshold))
    torch.testing.assert_close(seen[1], torch.full((BATCH,), -learner.threshold))


def test_the_policy_is_judged_by_the_worst_critic_and_a_gap_of_which_the_multiplier_sees_a_part() -> None:
    multiplier = replace(CONFIG.multiplier, start=0.0, ramp=0.0, effective_maximum=None)
    learner = make(replace(CONFIG, multiplier=multiplier))
    learner.set_progress(1.0)
    d, observation = CONFIG.constraint.threshold, make_batch().observation
    for cost_values, expected in (((0.2, 0.5), 0.5 - d), ((100.0, 3.0), 100.0 - d), ((-50.0, -60.0), -d)):
        values = torch.tensor([1.0, 3.0, *cost_values])
        with torch.no_grad():
            for part in learner.critics.parameters():
                part.zero_()
            learner.critics.biases[-1].copy_(values[:, None, None])
        sample = learner.sample_policy(observation)
        torch.testing.assert_close(sample.reward_value, torch.ones(BATCH))
        torch.testing.assert_close(sample.gap, torch.full((BATCH,), expected), rtol=1e-5, atol=1e-5)
        price = torch.full((BATCH,), max(0.7 * min(expected, 20 * d), 0.0))
        torch.testing.assert_close(learner._price(torch.zeros(BATCH), sample.gap.detach()), price, rtol=1e-5, atol=1e-5)


def actor_gradient(learner: Learner, observation: torch.Tensor) -> torch.Tensor:
    """Return the gradient the learner's own actor update leaves behind; the actor stays as it was."""
    before = learner._actor_vector.values.clone()
    torch.manual_seed(7)
    learner._update_actor(observation)
    learner._actor_vector.values.copy_(before)
    return torch.cat([part.flatten() for part in learner._actor_vector.gradients]).clone()


def actor_objective(learner: Learner, observation: torch.Tensor, weight: torch.Tensor, penalty: float, limit: float) -> float:
    """Return J_π of alam.md §4.2 written out in NumPy, with the per-state weight held fixed; m is felt up to `limit`."""
    torch.manual_seed(7)
    with torch.no_grad():
        action, log_probability = (part.numpy() for part in learner.actor.sample(observation))
        q = learner.critics(observation, torch.from_numpy(action)).numpy()
        multiplier = learner.multiplier.value(observation).numpy()
    gap = np.maximum(q[2], q[3]) - CONFIG.constraint.threshold
    effective = np.maximum(multiplier + penalty * gap, 0)
    felt = np.minimum(effective, np.maximum(limit, multiplier))
    penalised = felt**2 / (2 * penalty) + felt * (effective - felt) / penalty if penalty else multiplier * gap
    bracket = 0.2 * log_probability - np.minimum(q[0], q[1]) + penalised
    return float((bracket * weight.numpy()).mean())


@pytest.mark.parametrize(("penalise", "limit"), [(True, 1e6), (True, 1.12), (False, 1e6)])
def test_actor_gradient_equals_finite_differences(penalise: bool, limit: float) -> None:
    wide = replace(CONFIG.multiplier, penalise=penalise, gap_low=1e6, gap_high=1e6, effective_maximum=limit)
    with default_dtype(torch.float64):
        learner, observation = make(replace(CONFIG, multiplier=wide, gradient_norm=1e9)), make_batch().observation
        with torch.no_grad():
            network_multiplier(learner).average.trunk[-1].bias.fill_(0.5)
            learner.critics.biases[-1][2:] += 1.0  # the constraint binds, in half of the states beyond the lower limit
            torch.manual_seed(7)
            sample = learner.sample_policy(observation)
            effective = learner.multiplier.felt(learner.multiplier.value(observation), sample.gap)
            assert (0.2 < float((effective == limit).double().mean()) < 0.8) is (limit == 1.12)
        weight, penalty = 1 / (1 + effective), learner.multiplier.penalty
        analytic = actor_gradient(learner, observation)
        values = learner._actor_vector.values
        start, generator = values.clone(), torch.Generator().manual_seed(0)
        for _ in range(8):
            direction = torch.randn(len(values), generator=generator)
            objectives = []
            for step in (1e-6, -1e-6):
                values.copy_(start + step * direction)
                objectives.append(actor_objective(learner, observation, weight, penalty, limit))
            slope = (objectives[0] - objectives[1]) / 2e-6
            assert float(analytic @ direction) == pytest.approx(slope, rel=1e-4, abs=1e-6)


def test_the_multiplier_learns_from_fresh_actions(monkeypatch: pytest.MonkeyPatch) -> None:
    learner, batch = make(), make_batch()
    seen: list[PolicySample] = []
    draw = learner.sample_policy

    def record(observation: torch.Tensor) -> PolicySample:
        seen.append(draw(observation))
        return seen[-1]

    monkeypatch.setattr(learner, "sample_policy", record)
    target = network_multiplier(learner).average(batch.observation)
    prediction = network_multiplier(learner).online(batch.observation)
    scalars = learner._update_multiplier(batch.observation)
    expected = (
        (prediction - (target + learner.multiplier.penalty * seen[0].gap).clamp(0, learner.multiplier.config.maximum))
        .square()
        .mean()
    )
    torch.testing.assert_close(scalars["multiplier/loss"], expected.detach())
    learner._update_multiplier(batch.observation)
    assert not torch.equal(seen[0].log_probability, seen[1].log_probability)


@pytest.mark.parametrize("target", [-1.0, -3.0])
def test_temperature_rises_when_entropy_is_below_its_target_and_falls_above(
    monkeypatch: pytest.MonkeyPatch, target: float
) -> None:
    for excess, sign in ((0.5, 1), (-0.5, -1)):
        learner = make(replace(CONFIG, entropy_target=target, final_entropy_target=target))
        draw = learner.sample_policy
        log_probability = -ACTION * target + excess

        def sample(observation: torch.Tensor) -> PolicySample:
            drawn = draw(observation)  # noqa: B023
            return replace(drawn, log_probability=0 * drawn.log_probability + log_probability)  # noqa: B023

        monkeypatch.setattr(learner, "sample_policy", sample)
        before = learner.log_temperature.item()
        learner._update_actor(make_batch().observation)
        assert sign * (learner.log_temperature.item() - before) > 0


def test_the_entropy_target_goes_from_its_first_to_its_last_value_over_the_budget() -> None:
    learner = make(replace(CONFIG, entropy_target=-0.5, final_entropy_target=-2.5))
    targets = []
    for share in (0.0, 0.25, 1.0, 1.1):
        learner.set_progress(share)
        targets.append(learner.target_entropy / ACTION)
    assert targets == pytest.approx([-0.5, -1.0, -2.5, -2.5])


def test_target_critics_follow_by_their_rates() -> None:
    learner = make(replace(CONFIG, target_averaging=0.005, cost_target_averaging=0.02))
    before = snapshot(learner.target_critics)
    learner.update(make_batch())
    rates = torch.tensor([0.005, 0.005, 0.02, 0.02]).reshape(4, 1, 1)
    for old, new, online in zip(before, learner.target_critics.parameters(), learner.critics.parameters(), strict=True):
        torch.testing.assert_close(new, (1 - rates) * old + rates * online.detach(), rtol=1e-6, atol=1e-7)
    assert not are_equal(before, snapshot(learner.target_critics))


def test_the_averaged_actor_is_the_mean_of_the_first_ones_and_then_follows() -> None:
    learner = make(replace(CONFIG, actor_delay=1, actor_averaging=0.4))
    trained = []
    for step in range(4):
        learner.update(make_batch(step))
        trained.append(torch.cat([tensor.reshape(-1) for tensor in snapshot(learner.actor)]))
    expected = 0.6 * (0.6 * (trained[0] + trained[1]) / 2 + 0.4 * trained[2]) + 0.4 * trained[3]
    found = torch.cat([tensor.reshape(-1) for tensor in snapshot(learner.average_actor)])
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)
    assert not are_equal(snapshot(learner.actor), snapshot(learner.average_actor))


def test_each_network_is_updated_at_its_own_pace() -> None:
    learner = make(replace(CONFIG, actor_delay=2, multiplier=replace(CONFIG.multiplier, delay=3)))
    changed: dict[str, list[int]] = {"actor": [], "multiplier": []}
    for step in range(1, 7):
        before = {"actor": snapshot(learner.actor), "multiplier": snapshot(network_multiplier(learner).average)}
        learner.update(make_batch(step))
        after = {"actor": snapshot(learner.actor), "multiplier": snapshot(network_multiplier(learner).average)}
        for name, steps in changed.items():
            if not are_equal(before[name], after[name]):
                steps.append(step)
    assert changed == {"actor": [2, 4, 6], "multiplier": [3, 6]}


def unconstrained(**changes: object) -> Learner:
    return make(replace(CONFIG, name="sac", multiplier=member_multiplier("sac"), gradient_norm=1e9, **changes))


def test_without_a_multiplier_cost_critics_and_their_targets_rest_between_their_steps() -> None:
    learner = unconstrained(cost_critic_delay=3)
    changed = []
    for step in range(1, 7):
        before = [part[2:] for network in (learner.critics, learner.target_critics) for part in snapshot(network)]
        scalars = learner.update(make_batch(step))
        after = [part[2:] for network in (learner.critics, learner.target_critics) for part in snapshot(network)]
        rests = [torch.equal(old, new) for old, new in zip(before, after, strict=True)]
        assert all(rests) or not any(rests)
        assert ("critic/cost_loss" in scalars) == (not any(rests))
        if not any(rests):
            changed.append(step)
    assert changed == [3, 6]


def test_how_often_cost_critics_step_does_not_change_a_policy_without_constraint() -> None:
    learners = unconstrained(cost_critic_delay=1), unconstrained(cost_critic_delay=4)
    for learner in learners:
        torch.manual_seed(1)
        for step in range(9):
            learner.update(make_batch(step))
    often, rarely = learners
    assert are_equal(snapshot(often.actor), snapshot(rarely.actor))
    assert are_equal([part[:2] for part in snapshot(often.critics)], [part[:2] for part in snapshot(rarely.critics)])
    assert not are_equal(snapshot(often.critics), snapshot(rarely.critics))


def test_with_a_multiplier_cost_critics_step_each_time() -> None:
    learners = make(replace(CONFIG, cost_critic_delay=1)), make(replace(CONFIG, cost_critic_delay=4))
    for learner in learners:
        torch.manual_seed(1)
        learner.update(make_batch())
    assert are_equal(*(snapshot(learner.critics, learner.actor) for learner in learners))


def test_the_penalty_rests_then_ramps_then_stays() -> None:
    learner = make(replace(CONFIG, multiplier=replace(CONFIG.multiplier, penalty=4.0, start=0.25, ramp=0.5)))
    penalties = []
    for share in (0.0, 0.25, 0.375, 0.75, 1.0):
        learner.set_progress(share)
        penalties.append(learner.multiplier.penalty)
    assert penalties == [0.0, 0.0, 1.0, 4.0, 4.0]


def test_without_a_ramp_the_penalty_stands_at_once() -> None:
    learner = make(replace(CONFIG, multiplier=replace(CONFIG.multiplier, start=0.25, ramp=0.0)))
    for share, expected in ((0.25, 0.0), (0.26, 1.0)):
        learner.set_progress(share)
        assert learner.multiplier.ramp == expected


def test_what_collects_is_the_policy_but_for_the_copies_that_act_as_exported() -> None:
    learner = make(replace(CONFIG, normalise_observations=True))
    learner.measure(3.0 * torch.randn(50, OBSERVATION).numpy(), np.zeros(50), np.zeros(50))
    for step in range(20):
        learner.update(make_batch(step))
    observation = 3.0 * torch.randn(5, OBSERVATION)
    found = []
    for exported in (0, 2):
        torch.manual_seed(7)
        found.append(learner.explore(observation, exported))
    drawn, mixed = found
    assert torch.equal(mixed[2:], drawn[2:])
    assert mixed[:2].numpy() == pytest.approx(LearnerAgent(learner).act(observation.numpy())[:2], abs=1e-6)
    assert not torch.allclose(mixed[:2], drawn[:2], atol=0.01)


def train(name: str, *, cost_scale: float, progress: float = 1.0) -> Learner:
    strict = replace(CONFIG.constraint, episode_cost_limit=0.5)
    multiplier = member_multiplier(name, start=0.0, ramp=0.5, delay=1, penalty=0.7)
    learner = make(replace(CONFIG, name=name, constraint=strict, multiplier=multiplier))
    learner.set_progress(progress)
    learner.limit.collected.follow(cost_scale, 1.0)  # of a step, for members that follow what episodes cost
    torch.manual_seed(11)
    for step in range(30):
        batch = make_batch(step)
        learner.update(replace(batch, cost=cost_scale * batch.cost))
    return learner


@pytest.mark.parametrize("name", ["sac_lag", "cal"])
@pytest.mark.parametrize("is_fast", [True, False])
def test_one_number_follows_the_mean_of_rare_high_costs(name: str, is_fast: bool) -> None:
    config = replace(CONFIG, name=name, multiplier=member_multiplier(name, start=0.0, ramp=0.0, delay=1))
    learner = FastLearner(config, OBSERVATION, ACTION, BATCH) if is_fast else make(config)
    learner.set_progress(1.0)
    gap = torch.full((BATCH,), -learner.threshold)
    gap[: BATCH // 8] = 20.0 * learner.threshold
    moved = learner.multiplier.update(torch.zeros(BATCH, OBSERVATION), learner._dual_gap(gap))
    assert float(moved) == pytest.approx(min(float(gap.mean()) / learner.threshold, 1.0)) == 1.0
    felt = learner._price(torch.zeros(BATCH), gap.clamp(min=learner.gap_limits.lowest))
    expected = 0.0 if name == "sac_lag" else min(learner.multiplier.penalty * float(gap.mean()), 3.0)
    assert felt.tolist() == pytest.approx([expected] * BATCH)


def test_the_price_is_the_derivative_of_the_constraints_term() -> None:
    multiplier = replace(CONFIG.multiplier, start=0.0, ramp=0.0, effective_maximum=0.9)
    learner = make(replace(CONFIG, multiplier=multiplier))
    learner.set_progress(1.0)
    levels = torch.rand(BATCH, dtype=torch.float64)
    gap = (torch.rand(BATCH, dtype=torch.float64) - 0.4).requires_grad_()
    assert isinstance(learner.multiplier, StateMultiplier)
    term = learner.multiplier.augmented_lagrangian(levels, gap).sum()
    expected = torch.autograd.grad(term, gap)[0]
    with torch.no_grad():
        price = learner._price(levels, gap)
    torch.testing.assert_close(price, expected)
    assert float(price.min()) == 0.0


@pytest.mark.parametrize("name", ["sac_lag", "sac_pid", "cal", "fac"])
def test_a_price_without_a_states_own_penalty_is_felt_however_safe_the_state_is(name: str) -> None:
    multiplier = member_multiplier(name, start=0.0, ramp=0.0)
    learner = make(replace(CONFIG, name=name, multiplier=multiplier))
    learner.limit.value = 4.0 * learner.limit.value  # every Q_c is far below d
    gap = learner.sample_policy(make_batch().observation).gap
    assert gap.requires_grad
    assert float(gap.detach().min()) < -2.0 * CONFIG.constraint.threshold
    assert torch.autograd.grad(gap.sum(), learner.actor.parameters())[0].abs().sum() > 0.0


def test_sac_keeps_no_trace_of_the_constraint() -> None:
    plain, costly = train("sac", cost_scale=0.0), train("sac", cost_scale=1.0)
    assert are_equal(snapshot(plain.actor), snapshot(costly.actor))
    assert torch.equal(plain.log_temperature, costly.log_temperature)
    for index in (0, 1):
        assert are_equal([part[index] for part in snapshot(plain.critics)], [part[index] for part in snapshot(costly.critics)])
    assert not costly.is_constrained
    assert costly.multiplier.value(make_batch().observation).abs().max() == 0


@pytest.mark.parametrize("name", [name for name in FAMILY if name != "sac"])
def test_every_other_member_heeds_the_cost_and_before_its_start_is_sac(name: str) -> None:
    free, costly = train(name, cost_scale=0.0), train(name, cost_scale=1.0)
    assert not are_equal(snapshot(free.actor), snapshot(costly.actor))
    waiting, sac = train(name, cost_scale=1.0, progress=0.0), train("sac", cost_scale=1.0)
    assert are_equal(snapshot(waiting.actor), snapshot(sac.actor))


@pytest.mark.parametrize("name", FAMILY)
@pytest.mark.parametrize("is_fast", [True, False])
def test_a_restored_learner_continues_bit_for_bit(name: str, is_fast: bool) -> None:
    multiplier = member_multiplier(name, start=0.0, ramp=0.5, delay=2)
    config = replace(CONFIG, name=name, multiplier=multiplier, normalise_observations=True, reward_scale=0.5)

    def begin(seed: int) -> Learner:
        torch.manual_seed(seed)
        fast = FastLearner(config, OBSERVATION, ACTION, BATCH)
        return fast if is_fast else Learner(config, OBSERVATION, ACTION)

    def go_on(learner: Learner, steps: range) -> None:
        learner.set_progress(0.4)
        for step in steps:
            batch = make_batch(step)
            learner.measure(3.0 * batch.observation.numpy() + 1.0, 7.0 * batch.reward.numpy(), batch.cost.numpy())
            learner.update(batch)

    original, restored = begin(0), begin(123)
    go_on(original, range(20))
    file = io.BytesIO()
    torch.save(original.state_dict(), file)
    restored.load_state_dict(torch.load(io.BytesIO(file.getvalue()), weights_only=True))
    assert tensors(original.state_dict()).keys() == tensors(restored.state_dict()).keys()
    for learner in (original, restored):
        torch.manual_seed(42)
        go_on(learner, range(20, 40))
    ours, theirs = tensors(restored.state_dict()), tensors(original.state_dict())
    assert len(ours) > 40
    for path, value in theirs.items():
        assert torch.equal(ours[path], value), path
