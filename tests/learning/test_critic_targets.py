"""The Bellman targets of the four critics, by their closed forms."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
import torch

from alam_ros.learning.config import ConstraintConfig
from alam_ros.learning.learner import Learner
from tests.support.learners import ACTION, BATCH, CONFIG, make, make_batch

DECAY = replace(CONFIG, constraint=ConstraintConfig(certificate="constraint_decay", decay_limit=0.2, cost_discount=0.9))


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


@pytest.mark.parametrize(("bootstrap", "cost_value"), [("mean", 1.75), ("max", 3.0), ("min", 0.5)])
def test_critic_targets_equal_the_closed_form(
    monkeypatch: pytest.MonkeyPatch, bootstrap: Literal["mean", "max", "min"], cost_value: float
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


@pytest.mark.parametrize("log_probability", [-8.0, 8.0])
def test_entropy_never_enters_a_cost_target(monkeypatch: pytest.MonkeyPatch, log_probability: float) -> None:
    learner, batch = make(), make_batch()
    fix_values(monkeypatch, learner, [1.0, 1.0, 1.0, 1.0], log_probability=0.0)
    without = learner.critic_targets(batch)
    fix_values(monkeypatch, learner, [1.0, 1.0, 1.0, 1.0], log_probability=log_probability)
    entropic = learner.critic_targets(batch)
    assert torch.equal(entropic[2:], without[2:])
    assert (entropic[:2] - without[:2]).abs().max() > 1


@pytest.mark.parametrize("twins", [(0.0, 0.0), (0.2, 0.7), (1.0, 1.0), (3.0, 4.0)])
def test_constraint_decay_is_the_discounted_probability_of_a_cost(
    monkeypatch: pytest.MonkeyPatch, twins: tuple[float, float]
) -> None:
    learner, batch = make(DECAY), make_batch()
    fix_values(monkeypatch, learner, [1.0, 1.0, *twins], log_probability=-3.0)
    targets = learner.critic_targets(batch)[2:].numpy()
    cost, terminated = batch.cost.numpy(), batch.terminated.numpy()
    # 1 where a cost occurs; otherwise γ_c times that of the next state, which after a termination is 0.
    following = np.where(terminated == 1, 0.0, 0.9 * sum(twins) / 2)
    expected = np.where(cost == 1, 1.0, np.minimum(following, 1.0))
    assert {(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)} <= set(zip(cost, terminated, strict=True))
    np.testing.assert_allclose(targets, np.stack((expected, expected)), rtol=1e-6)
    assert targets.min() >= 0
    assert targets.max() <= 1


def test_constraint_decay_of_a_chain_is_the_discount_to_the_power_of_the_steps_left(monkeypatch: pytest.MonkeyPatch) -> None:
    learner = make(DECAY)
    batch = replace(make_batch(), terminated=torch.zeros(BATCH))
    value = 1.0
    for steps in range(1, 6):
        fix_values(monkeypatch, learner, [0.0, 0.0, value, value], log_probability=0.0)
        value = float(learner.critic_targets(replace(batch, cost=torch.zeros(BATCH)))[2, 0])
        assert value == pytest.approx(0.9**steps, rel=1e-5)


def test_a_cost_is_certain_whatever_the_critics_say_of_the_next_state(monkeypatch: pytest.MonkeyPatch) -> None:
    learner = make(DECAY)
    fix_values(monkeypatch, learner, [0.0, 0.0, -0.4, -0.2], log_probability=0.0)  # errors below zero, which are not clipped
    targets = learner.critic_targets(replace(make_batch(), cost=torch.ones(BATCH), terminated=torch.zeros(BATCH)))
    assert torch.equal(targets[2:], torch.ones(2, BATCH))
