from __future__ import annotations

import copy
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
import torch

from alam_ros.errors import ConfigurationError
from alam_ros.learning.config import AlgorithmConfig, ConstraintConfig, MultiplierConfig
from alam_ros.learning.learner import Learner, PolicySample
from alam_ros.learning.optimization import minimise
from alam_ros.learning.replay import Batch

OBSERVATION, ACTION, BATCH = 4, 2, 32
CONFIG = AlgorithmConfig(
    hidden=(16, 16),
    constraint=ConstraintConfig(episode_cost_limit=10.0, episode_steps=100, cost_discount=0.9),
    multiplier=MultiplierConfig(start=0, ramp=1, delay=1, penalty=0.7),
    actor_delay=1,
)


def make(config: AlgorithmConfig = CONFIG, seed: int = 0) -> Learner:
    torch.manual_seed(seed)
    learner = Learner(config, OBSERVATION, ACTION)
    learner.set_progress(1_000_000)
    return learner


def make_batch(seed: int = 0, size: int = BATCH) -> Batch:
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator)

    return Batch(
        observation=normal(size, OBSERVATION),
        action=normal(size, ACTION).tanh(),
        next_observation=normal(size, OBSERVATION),
        reward=normal(size),
        cost=(normal(size) > 0).float(),
        terminated=(normal(size) > 0).float(),
    )


def snapshot(*modules: torch.nn.Module) -> list[torch.Tensor]:
    return [part.detach().clone() for module in modules for part in module.parameters()]


def are_equal(first: list[torch.Tensor], second: list[torch.Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def fix_values(monkeypatch: pytest.MonkeyPatch, learner: Learner, values: list[float], log_probability: float) -> None:
    """Let every critic and the policy answer the same in every state."""
    monkeypatch.setattr(
        learner.target_critics, "forward", lambda observation, _: torch.tensor(values)[:, None].expand(4, len(observation))
    )
    monkeypatch.setattr(
        learner.actor,
        "sample",
        lambda observation: (torch.zeros(len(observation), ACTION), torch.full((len(observation),), log_probability)),
    )


@pytest.mark.parametrize(("limit", "expected"), [(25.0, 2.50), (10.0, 1.00)])
def test_threshold_of_an_episode_budget(limit: float, expected: float) -> None:
    constraint = ConstraintConfig(episode_cost_limit=limit, episode_steps=1000, cost_discount=0.99)
    assert constraint.threshold == pytest.approx(expected, abs=0.005)
    # Costs spread evenly over the episode are discounted to exactly the threshold.
    assert constraint.threshold == pytest.approx(float(np.sum(limit / 1000 * 0.99 ** np.arange(1000))))


def test_a_limit_that_makes_every_state_infeasible_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="cost limit above 0"):
        replace(CONFIG, constraint=ConstraintConfig(episode_cost_limit=0.0))


@pytest.mark.parametrize(("bootstrap", "cost_value"), [("mean", 1.75), ("max", 3.0)])
def test_critic_targets_equal_the_closed_form(
    monkeypatch: pytest.MonkeyPatch, bootstrap: Literal["mean", "max"], cost_value: float
) -> None:
    learner, batch = make(replace(CONFIG, cost_bootstrap=bootstrap)), make_batch()
    fix_values(monkeypatch, learner, [2.0, -1.0, 0.5, 3.0], log_probability=-1.5)
    targets = learner.critic_targets(batch).numpy()
    reward, cost, terminated = (np.asarray(part, np.float64) for part in (batch.reward, batch.cost, batch.terminated))
    expected_reward = reward + 0.99 * (1 - terminated) * (-1.0 - 0.2 * -1.5)  # min of the twins, α = 0.2
    expected_cost = cost + 0.9 * (1 - terminated) * cost_value  # no entropy
    for index, expected in enumerate((expected_reward, expected_reward, expected_cost, expected_cost)):
        np.testing.assert_allclose(targets[index], expected, rtol=1e-5, atol=1e-6)


def test_targets_bootstrap_from_the_target_critics_at_the_next_state() -> None:
    learner, batch = make(), make_batch()
    with torch.no_grad():
        for part in learner.critics.parameters():
            part.zero_()  # the trained critics have no say
    torch.manual_seed(5)
    targets = learner.critic_targets(batch)
    torch.manual_seed(5)
    action, log_probability = learner.actor.sample(batch.next_observation)
    values = learner.target_critics(batch.next_observation, action).detach().numpy()
    alive = 1 - batch.terminated.numpy()
    soft = np.minimum(values[0], values[1]) - 0.2 * log_probability.detach().numpy()
    np.testing.assert_allclose(targets[0], batch.reward.numpy() + 0.99 * alive * soft, rtol=1e-4, atol=1e-5)
    mean = (values[2] + values[3]) / 2
    np.testing.assert_allclose(targets[2], np.minimum(batch.cost.numpy() + 0.9 * alive * mean, 10), rtol=1e-4, atol=1e-5)


def test_termination_ends_the_future_and_truncation_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    # A truncated transition reaches the learner with terminated = 0; only the flag stops the bootstrap.
    learner = make()
    fix_values(monkeypatch, learner, [4.0, 4.0, 2.0, 2.0], log_probability=0.0)
    batch = make_batch()
    ended = learner.critic_targets(replace(batch, terminated=torch.ones(BATCH)))
    truncated = learner.critic_targets(replace(batch, terminated=torch.zeros(BATCH)))
    torch.testing.assert_close(ended[0], batch.reward)
    torch.testing.assert_close(ended[2], batch.cost)
    torch.testing.assert_close(truncated[0], batch.reward + 0.99 * 4.0)
    torch.testing.assert_close(truncated[2], batch.cost + 0.9 * 2.0)


def test_cost_targets_never_exceed_what_costs_can_sum_to(monkeypatch: pytest.MonkeyPatch) -> None:
    learner = make()
    fix_values(monkeypatch, learner, [0.0, 0.0, 50.0, 80.0], log_probability=0.0)
    targets = learner.critic_targets(replace(make_batch(), terminated=torch.zeros(BATCH)))
    assert torch.allclose(targets[2:], torch.full((2, BATCH), 10.0))


def test_errors_below_zero_are_passed_on_so_that_they_cancel(monkeypatch: pytest.MonkeyPatch) -> None:
    learner = make()
    fix_values(monkeypatch, learner, [0.0, 0.0, -0.2, -0.1], log_probability=0.0)
    batch = replace(make_batch(), terminated=torch.zeros(BATCH), cost=torch.zeros(BATCH))
    torch.testing.assert_close(learner.critic_targets(batch)[2:], torch.full((2, BATCH), 0.9 * -0.15))


def test_the_dual_target_sees_the_gap_within_its_own_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    learner = make()
    learner.multiplier.ramp = 1.0
    seen = []
    monkeypatch.setattr(learner.multiplier, "update", lambda _, gap: seen.append(gap) or torch.zeros(()))
    for value in (9.0, -9.0):
        monkeypatch.setattr(learner.critics, "forward", lambda state, _, value=value: torch.full((4, len(state)), value))
        learner._update_multiplier(make_batch().observation)
    torch.testing.assert_close(seen[0], torch.full((BATCH,), learner.threshold))
    torch.testing.assert_close(seen[1], torch.full((BATCH,), -learner.threshold))


@pytest.mark.parametrize("log_probability", [-8.0, 8.0])
def test_entropy_never_enters_a_cost_target(monkeypatch: pytest.MonkeyPatch, log_probability: float) -> None:
    learner, batch = make(), make_batch()
    fix_values(monkeypatch, learner, [1.0, 1.0, 1.0, 1.0], log_probability=0.0)
    without = learner.critic_targets(batch)
    fix_values(monkeypatch, learner, [1.0, 1.0, 1.0, 1.0], log_probability=log_probability)
    entropic = learner.critic_targets(batch)
    assert torch.equal(entropic[2:], without[2:])
    assert (entropic[:2] - without[:2]).abs().max() > 1


def test_the_policy_is_judged_by_the_worst_critic_and_a_clipped_gap() -> None:
    learner = make()
    d, observation = CONFIG.constraint.threshold, make_batch().observation
    for cost_values, expected in (((0.2, 0.5), 0.5 - d), ((100.0, 3.0), 20 * d), ((-50.0, -60.0), -d)):
        values = torch.tensor([1.0, 3.0, *cost_values])
        with torch.no_grad():
            for part in learner.critics.parameters():
                part.zero_()
            learner.critics.biases[-1].copy_(values[:, None, None])
        sample = learner.sample_policy(observation)
        torch.testing.assert_close(sample.reward_value, torch.ones(BATCH))
        torch.testing.assert_close(sample.gap, torch.full((BATCH,), expected), rtol=1e-5, atol=1e-5)


def actor_gradient(learner: Learner, batch: Batch) -> torch.Tensor:
    """Return the gradient the learner's own actor update leaves behind."""
    learner._actor_optimizer = torch.optim.SGD(learner.actor.parameters(), lr=0.0)
    learner.config = replace(learner.config, gradient_norm=1e9)
    torch.manual_seed(7)
    learner._update_actor(batch.observation)
    return torch.cat([part.grad.flatten() for part in learner.actor.parameters()])


def actor_objective(learner: Learner, observation: torch.Tensor, weight: torch.Tensor, penalty: float) -> float:
    """Return J_π of alam.md §4.2 written out in NumPy, with the per-state weight held fixed."""
    torch.manual_seed(7)
    with torch.no_grad():
        action, log_probability = (part.numpy() for part in learner.actor.sample(observation))
        q = learner.critics(observation, torch.from_numpy(action)).numpy()
        multiplier = learner.multiplier.average(observation).numpy()
    gap = np.maximum(q[2], q[3]) - CONFIG.constraint.threshold
    penalised = np.maximum(multiplier + penalty * gap, 0) ** 2 / (2 * penalty) if penalty else multiplier * gap
    bracket = 0.2 * log_probability - np.minimum(q[0], q[1]) + penalised
    return float((bracket * weight.numpy()).mean())


@pytest.mark.parametrize("penalise", [True, False])
def test_actor_gradient_equals_finite_differences(penalise: bool) -> None:
    config = replace(CONFIG, multiplier=replace(CONFIG.multiplier, penalise=penalise, gap_low=1e6, gap_high=1e6))
    learner, observation = make(config), make_batch().observation.double()
    for module in (learner.actor, learner.critics, learner.multiplier.average):
        module.double()
    with torch.no_grad():
        learner.log_temperature.copy_(torch.tensor(0.2).log())
        learner.multiplier.average.trunk[-1].bias.fill_(0.5)
        learner.critics.biases[-1][2:] += 0.5  # the constraint binds in a good part of the states
        torch.manual_seed(7)
        sample = learner.sample_policy(observation)
        effective = learner.multiplier.effective(learner.multiplier.average(observation), sample.gap)
    weight = 1 / (1 + effective)
    penalty = 0.7 if penalise else 0.0
    batch = replace(make_batch(), observation=observation)
    analytic = actor_gradient(learner, batch)
    parameters = list(learner.actor.parameters())
    flat = torch.nn.utils.parameters_to_vector(parameters).detach()
    generator = torch.Generator().manual_seed(0)
    for _ in range(8):
        direction = torch.randn(len(flat), dtype=torch.float64, generator=generator)
        values = []
        for step in (1e-6, -1e-6):
            torch.nn.utils.vector_to_parameters(flat + step * direction, parameters)
            values.append(actor_objective(learner, observation, weight, penalty))
        assert float(analytic @ direction) == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-4, abs=1e-6)


def test_the_multiplier_learns_from_fresh_actions(monkeypatch: pytest.MonkeyPatch) -> None:
    learner, batch = make(), make_batch()
    seen: list[PolicySample] = []
    draw = learner.sample_policy

    def record(observation: torch.Tensor) -> PolicySample:
        seen.append(draw(observation))
        return seen[-1]

    monkeypatch.setattr(learner, "sample_policy", record)
    target = learner.multiplier.average(batch.observation)
    prediction = learner.multiplier.online(batch.observation)
    scalars = learner._update_multiplier(batch.observation)
    expected = (prediction - (target + 0.7 * seen[0].gap).clamp(0, 20)).square().mean()
    torch.testing.assert_close(scalars["multiplier/loss"], expected.detach())
    learner._update_multiplier(batch.observation)
    assert not torch.equal(seen[0].log_probability, seen[1].log_probability)


def test_temperature_rises_when_entropy_is_below_its_target_and_falls_above(monkeypatch: pytest.MonkeyPatch) -> None:
    for log_probability, sign in ((5.0, 1), (-5.0, -1)):
        learner = make()
        draw = learner.sample_policy

        def sample(observation: torch.Tensor) -> PolicySample:
            drawn = draw(observation)  # noqa: B023
            return replace(drawn, log_probability=0 * drawn.log_probability + log_probability)  # noqa: B023

        monkeypatch.setattr(learner, "sample_policy", sample)
        before = learner.log_temperature.item()
        learner._update_actor(make_batch().observation)
        assert sign * (learner.log_temperature.item() - before) > 0


def test_target_critics_follow_by_their_rate() -> None:
    learner = make()
    before = snapshot(learner.target_critics)
    learner.update(make_batch())
    for old, new, online in zip(before, learner.target_critics.parameters(), learner.critics.parameters(), strict=True):
        torch.testing.assert_close(new, 0.995 * old + 0.005 * online.detach(), rtol=1e-6, atol=1e-7)
    assert not are_equal(before, snapshot(learner.target_critics))


def test_each_network_is_updated_at_its_own_pace() -> None:
    learner = make(replace(CONFIG, actor_delay=2, multiplier=replace(CONFIG.multiplier, delay=3)))
    changed: dict[str, list[int]] = {"actor": [], "multiplier": []}
    for step in range(1, 7):
        before = {"actor": snapshot(learner.actor), "multiplier": snapshot(learner.multiplier.average)}
        learner.update(make_batch(step))
        after = {"actor": snapshot(learner.actor), "multiplier": snapshot(learner.multiplier.average)}
        for name, steps in changed.items():
            if not are_equal(before[name], after[name]):
                steps.append(step)
    assert changed == {"actor": [2, 4, 6], "multiplier": [3, 6]}


def test_the_penalty_rests_then_ramps_then_stays() -> None:
    learner = make(replace(CONFIG, multiplier=MultiplierConfig(penalty=4.0, start=1000, ramp=2000)))
    penalties = []
    for steps in (0, 1000, 1500, 3000, 10_000):
        learner.set_progress(steps)
        penalties.append(learner.multiplier.penalty)
    assert penalties == [0.0, 0.0, 1.0, 4.0, 4.0]


def train(name: str, *, cost_scale: float, progress: int = 1_000_000) -> Learner:
    strict = replace(CONFIG.constraint, episode_cost_limit=0.5)
    learner = make(replace(CONFIG, name=name, constraint=strict))  # type: ignore[arg-type]
    learner.set_progress(progress)
    torch.manual_seed(11)
    for step in range(30):
        batch = make_batch(step)
        learner.update(replace(batch, cost=cost_scale * batch.cost))
    return learner


def test_sac_keeps_no_trace_of_the_constraint() -> None:
    plain, costly = train("sac", cost_scale=0.0), train("sac", cost_scale=1.0)
    assert are_equal(snapshot(plain.actor), snapshot(costly.actor))
    assert torch.equal(plain.log_temperature, costly.log_temperature)
    for index in (0, 1):
        assert are_equal([part[index] for part in snapshot(plain.critics)], [part[index] for part in snapshot(costly.critics)])
    assert are_equal(snapshot(costly.multiplier.average), snapshot(make().multiplier.average))


def test_sac_alam_does_heed_the_cost_and_before_its_start_is_sac() -> None:
    free, costly = train("sac_alam", cost_scale=0.0), train("sac_alam", cost_scale=1.0)
    assert not are_equal(snapshot(free.actor), snapshot(costly.actor))
    waiting, sac = train("sac_alam", cost_scale=1.0, progress=0), train("sac", cost_scale=1.0)
    assert are_equal(snapshot(waiting.actor), snapshot(sac.actor))


def test_a_restored_learner_continues_bit_for_bit() -> None:
    original = train("sac_alam", cost_scale=1.0)
    state = copy.deepcopy(original.state_dict())
    restored = make(original.config, seed=123)
    restored.load_state_dict(state)
    for learner in (original, restored):
        torch.manual_seed(42)
        for step in range(100, 112):
            learner.update(make_batch(step))
    assert original.updates == restored.updates
    assert torch.equal(original.log_temperature, restored.log_temperature)
    for name, part in original._parts().items():
        if isinstance(part, torch.nn.Module):
            assert are_equal(snapshot(part), snapshot(restored._parts()[name])), name


def test_minimising_limits_the_gradient_and_reports_its_norm() -> None:
    weights = torch.zeros(2, requires_grad=True)
    other = torch.zeros(2, requires_grad=True)
    loss = (weights * torch.tensor([30.0, 40.0])).sum() + other.sum()
    norm = minimise(torch.optim.SGD([weights], lr=1.0), loss, 5.0)
    assert float(norm) == pytest.approx(50.0)
    torch.testing.assert_close(weights.detach(), torch.tensor([-3.0, -4.0]), rtol=1e-5, atol=1e-5)
    assert other.grad is None

    minimise(torch.optim.SGD([weights], lr=1.0), (weights * torch.tensor([3.0, 0.0])).sum(), 5.0)
    torch.testing.assert_close(weights.detach(), torch.tensor([-6.0, -4.0]), rtol=1e-5, atol=1e-5)
