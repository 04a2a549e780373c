"""Is the multiplier the price it should be? λ̄ against what stationarity of the Lagrangian demands (alam.md §7)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import linregress
from torch import Tensor

from alam_ros.learning.learner import Learner

BINDING = 0.5
"""A state is binding where |G| is at most this share of d: the constraint neither rests there nor is it out of reach."""
DRAWS = 16
LEAST_STATES = 10
EDGE = 1e-6
"""Distance from ±1 within which a squashed action has no finite pre-image."""


@dataclass(frozen=True)
class ShadowPrice:
    """Linear regression of λ̄ on the shadow price over binding states; the ideal slope is 1. NaN with fewer than ten of them.

    Attributes:
        states: binding ones.
        slope, intercept, r_squared: of the regression.
    """

    states: int
    slope: float
    intercept: float
    r_squared: float


def shadow_price(learner: Learner, observation: NDArray[np.float32], *, seed: int = 0) -> ShadowPrice:
    """Compare λ̄ with [<∇_a (min Q - α log π), ∇_a Q_c>]_+ / |∇_a Q_c|².

    Gradients are means over actions drawn from the policy. Rewards are in the learner's units, in which λ̄ is.

    Args:
        learner: a constrained one.
        observation: of the probe states, (n, observation_size).
        seed: of the drawing.
    """
    rows = learner.normalise(torch.from_numpy(observation))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        draws = [gradients(learner, rows) for _ in range(DRAWS)]
    reward, cost, cost_value = (torch.stack(column).mean(0) for column in zip(*draws, strict=True))
    price = ((reward * cost).sum(1).clamp(min=0.0) / cost.square().sum(1).clamp(min=1e-12)).numpy()
    with torch.no_grad():
        multiplier = learner.multiplier.value(rows).numpy()
    is_binding = np.abs(cost_value.numpy() - learner.threshold) <= BINDING * learner.threshold
    return regress(price[is_binding], multiplier[is_binding])


def regress(price: NDArray[np.float32], multiplier: NDArray[np.float32]) -> ShadowPrice:
    """Fit λ̄ = slope · price + intercept over binding states, (n,) each."""
    if price.size < LEAST_STATES or np.ptp(price) == 0.0 or np.ptp(multiplier) == 0.0:
        return ShadowPrice(int(price.size), float("nan"), float("nan"), float("nan"))
    fit = linregress(price, multiplier)
    return ShadowPrice(int(price.size), float(fit.slope), float(fit.intercept), float(fit.rvalue**2))


def gradients(learner: Learner, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return ∇_a (min Q - α log π) and ∇_a Q_c, (n, action_size), and Q_c, (n,), at one drawn action of each state."""
    with torch.no_grad():
        mean, log_std = learner.actor.distribution(rows)
        action = learner.actor.sample(rows)[0].clamp(-1.0 + EDGE, 1.0 - EDGE)
    action.requires_grad_()
    values = learner.critics(rows, action)
    normal = torch.distributions.Normal(mean, log_std.exp())
    log_probability = (normal.log_prob(torch.atanh(action)) - torch.log1p(-action.square())).sum(1)  # type: ignore[no-untyped-call]
    soft = values[:2].amin(0) - learner.log_temperature.exp().detach() * log_probability
    cost_value = values[2:].amax(0)
    (reward_gradient,) = torch.autograd.grad(soft.sum(), action, retain_graph=True)
    (cost_gradient,) = torch.autograd.grad(cost_value.sum(), action)
    return reward_gradient, cost_gradient, cost_value.detach()
