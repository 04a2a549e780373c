"""The networks of `networks.py` for several learners at once: one batched product for a layer of all of them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from alam_ros.learning.networks import squashed_log_std, squashed_sample


def stacked_mlp(parameters: Sequence[Tensor], rows: Tensor) -> Tensor:
    """Pass rows through `networks.mlp` of each learner.

    Args:
        parameters: weight (learners, out, in), bias (learners, out), weight, bias, …
        rows: (learners, batch, in).

    Returns:
        (learners, batch, out).
    """
    last = len(parameters) - 2
    for index in range(0, len(parameters), 2):
        weight, bias = parameters[index : index + 2]
        rows = torch.baddbmm(bias.unsqueeze(1), rows, weight.transpose(1, 2))
        if index < last:
            rows = functional.relu(rows)
    return rows


def stacked_action(parameters: Sequence[Tensor], rows: Tensor) -> Tensor:
    """Return the deterministic action of each learner's actor, (learners, batch, action_size), as `Actor` does."""
    return torch.tanh(stacked_mlp(parameters, rows).chunk(2, dim=-1)[0])


def stacked_sample(parameters: Sequence[Tensor], rows: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """Draw an action of each learner's actor in each of its states, as `Actor.sample` does.

    Args:
        parameters: of the actors.
        rows: (learners, batch, observation_size).
        noise: standard normal, (learners, batch, action_size).

    Returns:
        Actions (learners, batch, action_size) and their log-probabilities (learners, batch).
    """
    mean, raw = stacked_mlp(parameters, rows).chunk(2, dim=-1)
    return squashed_sample(mean, squashed_log_std(raw), noise)


def stacked_critics(parameters: Sequence[Tensor], observation: Tensor, action: Tensor) -> Tensor:
    """Evaluate critics of each learner as `BatchedCritics` does.

    Args:
        parameters: weights (critics · learners, in, out) from the first layer to the last, then biases (…, 1, out); the first
            critics of all learners come first.
        observation: (learners, batch, observation_size).
        action: (learners, batch, action_size).

    Returns:
        Values (critics, learners, batch).
    """
    rows = torch.cat((observation, action), -1)
    learners = len(rows)
    count = len(parameters[0]) // learners
    hidden = rows.expand(count, *rows.shape).flatten(0, 1)
    layers = len(parameters) // 2
    for index in range(layers):
        hidden = torch.baddbmm(parameters[layers + index], hidden, parameters[index])
        if index < layers - 1:
            hidden = functional.relu(hidden)
    return hidden.view(count, learners, -1)
