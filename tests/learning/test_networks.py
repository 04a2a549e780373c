from __future__ import annotations

import pytest
import torch
from torch.distributions import Normal, TransformedDistribution
from torch.distributions.transforms import TanhTransform

from alam_ros.errors import ConfigurationError
from alam_ros.learning.networks import Actor, BatchedCritics, MultiplierNetwork


def squashed_gaussian(actor: Actor, observation: torch.Tensor) -> TransformedDistribution:
    mean, log_std = actor.distribution(observation)
    return TransformedDistribution(Normal(mean, log_std.exp()), TanhTransform(cache_size=1))


def test_layers_without_room_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"lower algorithm\.hidden"):
        Actor(4, 2, (30_000_000, 30_000_000))


def test_log_probability_is_that_of_a_tanh_transformed_normal() -> None:
    torch.manual_seed(0)
    actor = Actor(5, 3, (16,)).double()
    observation = torch.randn(200, 5, dtype=torch.float64)
    action, log_probability = actor.sample(observation)
    reference = squashed_gaussian(actor, observation).log_prob(action.clamp(-1 + 1e-12, 1 - 1e-12)).sum(-1)
    inside = action.abs().amax(-1) < 1 - 1e-6  # beyond, atanh in the reference has lost its digits
    assert inside.float().mean() > 0.9
    torch.testing.assert_close(log_probability[inside], reference[inside], rtol=1e-6, atol=1e-6)


def test_density_of_the_samples_integrates_to_one() -> None:
    torch.manual_seed(1)
    actor, count = Actor(1, 1, (8,)).double(), 400_000
    with torch.no_grad():
        action, log_probability = actor.sample(torch.zeros(count, 1, dtype=torch.float64))
    position, order = action.squeeze(-1).sort()
    density = log_probability[order].exp()
    assert float(torch.trapezoid(density, position)) == pytest.approx(1.0, abs=1e-3)

    # It is also the density the samples have: then the mean of 1 / density over those in an interval is the interval's length.
    low, high = position[count // 10], position[-count // 10]
    inside = (position >= low) & (position <= high)
    assert float((inside / density).mean()) == pytest.approx(float(high - low), rel=0.01)


def test_log_probability_stays_finite_where_the_squashing_saturates() -> None:
    actor = Actor(1, 1, ())
    with torch.no_grad():
        actor.trunk[0].weight.fill_(1.0)
        actor.trunk[0].bias.zero_()
    action, log_probability = actor.sample(torch.tensor([[60.0], [-60.0]]))
    assert action.abs().max() == 1.0
    assert torch.isfinite(log_probability).all()


def test_deterministic_action_is_the_squashed_mean() -> None:
    actor = Actor(4, 2, (8,))
    observation = torch.randn(6, 4)
    torch.testing.assert_close(actor(observation), torch.tanh(actor.distribution(observation)[0]))


def test_batched_critics_equal_separate_networks() -> None:
    torch.manual_seed(2)
    critics = BatchedCritics(3, 2, (7, 5))
    observation, action = torch.randn(11, 3), torch.randn(11, 2)
    together = critics(observation, action)
    for index in range(4):
        hidden = torch.cat((observation, action), -1)
        for layer, (weight, bias) in enumerate(zip(critics.weights, critics.biases, strict=True)):
            hidden = hidden @ weight[index] + bias[index]
            hidden = hidden.relu() if layer < 2 else hidden
        torch.testing.assert_close(together[index], hidden.squeeze(-1))


def test_critics_start_different_from_each_other() -> None:
    critics = BatchedCritics(3, 2, (7,))
    values = critics(torch.randn(5, 3), torch.randn(5, 2))
    assert all((values[i] - values[j]).abs().max() > 1e-3 for i in range(4) for j in range(i))


def test_multiplier_is_never_negative_and_starts_near_zero_everywhere() -> None:
    torch.manual_seed(3)
    network = MultiplierNetwork(4, (32, 32))
    start = network(10 * torch.randn(1000, 4))
    assert 0 < start.min() <= start.max() < 0.1
    with torch.no_grad():
        network.trunk[-1].weight.uniform_(-50, 50)
    assert network(10 * torch.randn(1000, 4)).min() >= 0
