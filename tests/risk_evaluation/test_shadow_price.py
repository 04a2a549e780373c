"""The shadow price of the constraint, on a real learner's networks."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from alam_ros.learning.config import AlgorithmConfig, ConstraintConfig
from alam_ros.learning.learner import Learner
from alam_ros.risk_evaluation.shadow_price import gradients, regress, shadow_price


@pytest.fixture(scope="module")
def learner() -> Learner:
    torch.manual_seed(0)
    config = AlgorithmConfig(hidden=(16, 16), constraint=ConstraintConfig(cost_discount=0.9))
    return Learner(config, observation_size=5, action_size=2)


def soft_value(learner: Learner, rows: torch.Tensor, raw: torch.Tensor) -> torch.Tensor:
    """min Q - α log π at the squashed action of `raw`, with the log-probability as the actor itself states it."""
    mean, log_std = learner.actor.distribution(rows)
    log_normal = torch.distributions.Normal(mean, log_std.exp()).log_prob(raw)
    log_jacobian = 2.0 * (np.log(2.0) - raw - torch.nn.functional.softplus(-2.0 * raw))
    log_probability = (log_normal - log_jacobian).sum(1)
    return learner.critics(rows, torch.tanh(raw))[:2].amin(0) - learner.log_temperature.exp() * log_probability


@torch.no_grad()
def test_gradients_agree_with_differences(learner: Learner) -> None:
    rows = torch.randn(50, 5)
    torch.manual_seed(1)
    with torch.enable_grad():
        reward, cost, _ = gradients(learner, rows)
    torch.manual_seed(1)
    action = learner.actor.sample(rows)[0]
    inside = (action.abs() < 0.95).all(1)  # where differences are accurate
    rows, action, reward, cost = rows[inside], action[inside], reward[inside], cost[inside]
    assert len(rows) > 20
    for element in range(2):
        step = torch.zeros(2)
        step[element] = 1e-3
        above, below = torch.atanh(action + step), torch.atanh(action - step)
        slope = (soft_value(learner, rows, above) - soft_value(learner, rows, below)) / 2e-3
        torch.testing.assert_close(reward[:, element], slope, rtol=0.05, atol=0.02)
        values = [learner.critics(rows, action + sign * step)[2:].amax(0) for sign in (1, -1)]
        torch.testing.assert_close(cost[:, element], (values[0] - values[1]) / 2e-3, rtol=0.05, atol=0.02)


def test_a_multiplier_that_is_the_price_has_slope_one() -> None:
    price = np.linspace(0, 3, 40, dtype=np.float32)
    found = regress(price, price + 0.01 * np.sin(50 * price))
    assert found.states == 40
    assert found.slope == pytest.approx(1.0, abs=0.02)
    assert found.r_squared > 0.99
    assert regress(price, 2 * price + 1).intercept == pytest.approx(1.0)


def test_few_or_equal_states_say_nothing() -> None:
    price = np.linspace(0, 3, 9, dtype=np.float32)
    assert np.isnan(regress(price, price).slope)
    assert np.isnan(regress(np.zeros(40, np.float32), np.arange(40, dtype=np.float32)).slope)


def test_only_binding_states_count(learner: Learner) -> None:
    learner = copy.deepcopy(learner)
    observation = np.random.default_rng(0).normal(size=(200, 5)).astype(np.float32)
    torch.manual_seed(2)
    torch.nn.init.uniform_(learner.multiplier.average.trunk[-1].weight, -1.0, 1.0)
    _, _, cost_value = averages(learner, observation)
    with torch.no_grad():  # half of the states lie below what binds
        learner.critics.biases[-1][2:] += 0.5 * learner.threshold - float(np.median(cost_value))
    reward, cost, cost_value = averages(learner, observation)
    multiplier = learner.multiplier.value(torch.from_numpy(observation)).detach().numpy()
    price = np.maximum((reward * cost).sum(1), 0.0) / (cost**2).sum(1)
    binding = (cost_value >= 0.5 * learner.threshold) & (cost_value <= 1.5 * learner.threshold)
    assert 90 < binding.sum() < 110
    slope, intercept = np.polyfit(price[binding], multiplier[binding], 1)
    found = shadow_price(learner, observation)
    assert found.states == binding.sum()
    assert found.slope == pytest.approx(slope, rel=1e-3)
    assert found.intercept == pytest.approx(intercept, rel=1e-3)
    assert abs(found.slope - np.polyfit(price, multiplier, 1)[0]) > 0.01 * abs(slope)
    assert found == shadow_price(learner, observation)


def averages(learner: Learner, observation: np.ndarray) -> list[np.ndarray]:
    """∇_a (min Q - α log π), ∇_a Q_c and Q_c of each state, means over the 16 actions that the seed 0 draws."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        draws = [gradients(learner, torch.from_numpy(observation)) for _ in range(16)]
    return [np.mean([part.numpy() for part in column], axis=0, dtype=np.float64) for column in zip(*draws, strict=True)]
