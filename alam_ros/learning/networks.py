"""The networks of the SAC family: squashed-Gaussian actor, batched critics, multiplier network."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from alam_ros.errors import ConfigurationError

LOG_STD_RANGE = (-5.0, 2.0)
MULTIPLIER_BIAS = -3.0


def mlp(sizes: Sequence[int]) -> nn.Sequential:
    """Return a ReLU network with linear output; `sizes` counts input, hidden layers and output."""
    layers: list[nn.Module] = []
    for index, (size_in, size_out) in enumerate(itertools.pairwise(sizes)):
        try:
            layers.append(nn.Linear(size_in, size_out))
        except RuntimeError as error:
            found = f"too little for {size_in:,} x {size_out:,}"
            raise ConfigurationError("memory for all layers", found, "lower algorithm.hidden") from error
        if index < len(sizes) - 2:
            layers.append(nn.ReLU())
    return nn.Sequential(*layers)


def linear_layers(network: nn.Sequential) -> list[tuple[Tensor, Tensor]]:
    """Return weight (out, in) and bias (out,) of each linear layer."""
    return [(layer.weight, layer.bias) for layer in network if isinstance(layer, nn.Linear)]


class Actor(nn.Module):
    """Gaussian policy squashed by tanh (Haarnoja et al. 2018, appendix C)."""

    def __init__(self, observation_size: int, action_size: int, hidden: Sequence[int]) -> None:
        super().__init__()
        self.trunk = mlp([observation_size, *hidden, 2 * action_size])

    def distribution(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log standard deviation before squashing, each (batch, action_size)."""
        mean, raw = self.trunk(observation).chunk(2, dim=-1)
        return mean, squashed_log_std(raw)

    def forward(self, observation: Tensor) -> Tensor:
        """Return the deterministic action, (batch, action_size) in [-1, 1]."""
        mean: Tensor = self.trunk(observation).chunk(2, dim=-1)[0]
        return torch.tanh(mean)

    def sample(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        """Draw a reparametrised action.

        Returns:
            The action (batch, action_size) in [-1, 1] and its log-probability (batch,), with the tanh's Jacobian.
        """
        mean, log_std = self.distribution(observation)
        return squashed_sample(mean, log_std, torch.randn_like(mean))


def squashed_sample(mean: Tensor, log_std: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """Return tanh(mean + σ · noise) and its log-probability, with the tanh's Jacobian.

    Args:
        mean: before squashing, (…, action_size).
        log_std: log standard deviation before squashing, (…, action_size).
        noise: standard normal, (…, action_size).

    Returns:
        Actions in [-1, 1], (…, action_size), and log-probabilities, (…).
    """
    raw = mean + log_std.exp() * noise
    # log N(raw) - log |d tanh(raw)/d raw|, the latter as 2 (log 2 - raw - softplus(-2 raw)), which cannot overflow.
    log_normal = -0.5 * noise.square() - log_std - 0.5 * math.log(2 * math.pi)
    log_jacobian = 2.0 * (math.log(2.0) - raw - functional.softplus(-2.0 * raw))
    return torch.tanh(raw), (log_normal - log_jacobian).sum(-1)


def squashed_log_std(raw: Tensor) -> Tensor:
    """Return the log standard deviation that the actor's output stands for, within `LOG_STD_RANGE`."""
    low, high = LOG_STD_RANGE
    return low + 0.5 * (high - low) * (torch.tanh(raw) + 1.0)


class BatchedCritics(nn.Module):
    """Several critics of (observation, action) with equal shape, evaluated as one batched product.

    The first two estimate the reward value, the last two the cost value.
    """

    def __init__(self, observation_size: int, action_size: int, hidden: Sequence[int], count: int = 4) -> None:
        super().__init__()
        sizes = [observation_size + action_size, *hidden, 1]
        self.weights = nn.ParameterList()
        self.biases = nn.ParameterList()
        for size_in, size_out in itertools.pairwise(sizes):
            bound = 1.0 / math.sqrt(size_in)  # as nn.Linear's own default
            self.weights.append(nn.Parameter(torch.empty(count, size_in, size_out).uniform_(-bound, bound)))
            self.biases.append(nn.Parameter(torch.empty(count, 1, size_out).uniform_(-bound, bound)))

    def forward(self, observation: Tensor, action: Tensor) -> Tensor:
        """Return (count, batch) values."""
        hidden = torch.cat((observation, action), -1)
        hidden = hidden.expand(self.weights[0].shape[0], *hidden.shape)
        last = len(self.weights) - 1
        for index, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            hidden = torch.baddbmm(bias, hidden, weight)
            if index < last:
                hidden = functional.relu(hidden)
        return hidden.squeeze(-1)


class MultiplierNetwork(nn.Module):
    """State-wise Lagrange multiplier λ(s) ≥ 0 (arXiv 2605.00667); starts near zero in every state."""

    def __init__(self, observation_size: int, hidden: Sequence[int]) -> None:
        super().__init__()
        self.trunk = mlp([observation_size, *hidden, 1])
        output = self.trunk[-1]
        assert isinstance(output, nn.Linear)
        nn.init.uniform_(output.weight, -1e-3, 1e-3)
        nn.init.constant_(output.bias, MULTIPLIER_BIAS)

    def forward(self, observation: Tensor) -> Tensor:
        """Return λ, (batch,)."""
        return functional.softplus(self.trunk(observation).squeeze(-1))
