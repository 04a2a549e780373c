"""What every gradient step of the learner has in common."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn


def adam(parameters: Iterable[Tensor], learning_rate: float) -> torch.optim.Adam:
    """Return Adam over one group of parameters."""
    return torch.optim.Adam(list(parameters), lr=learning_rate, fused=True)


def minimise(optimizer: torch.optim.Optimizer, loss: Tensor, gradient_norm: float | None) -> Tensor:
    """Take one step in the optimiser's own parameters only, so that no gradient is computed to be thrown away.

    Args:
        optimizer: of one group of parameters.
        loss: a scalar.
        gradient_norm: the gradient is scaled down to this Euclidean norm; None leaves it as it is.

    Returns:
        The norm before it was limited; zero where none was asked for.
    """
    parameters = optimizer.param_groups[0]["params"]
    gradients = torch.autograd.grad(loss, parameters)
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
    norm = torch.zeros(())
    if gradient_norm is not None:
        norm = nn.utils.clip_grad_norm_(parameters, gradient_norm)
    optimizer.step()
    return norm
