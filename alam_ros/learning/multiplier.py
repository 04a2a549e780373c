"""The state-wise multiplier λ(s): its dual update and what it adds to the actor's objective (alam.md §3 and §4.3).

After the abstract of arXiv 2605.00667; what the abstract does not state is inferred. The same code serves the learner and the
bandit whose λ* is known.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from alam_ros.learning.config import MultiplierConfig
from alam_ros.learning.networks import MultiplierNetwork, move_toward
from alam_ros.learning.optimization import adam, minimise

GRADIENT_NORM = 3.0


class StateMultiplier:
    """The multiplier network λ_ξ, its average λ̄, and the penalty ρ that ramps up at the start of training.

    Args:
        config: the update rule and its numbers.
        observation_size: of the contract.
        hidden: sizes of the hidden layers.

    Attributes:
        online: λ_ξ, the network that is trained.
        average: λ̄, its moving average: the multiplier that the actor feels and the policy file carries.
        ramp: share of ρ in force, 0 to 1; at 0 there is no constraint.
    """

    def __init__(self, config: MultiplierConfig, observation_size: int, hidden: Sequence[int]) -> None:
        self.config = config
        self.online = MultiplierNetwork(observation_size, hidden)
        self.average = copy.deepcopy(self.online).requires_grad_(False)
        self.optimizer: torch.optim.Optimizer = adam(self.online.parameters(), config.learning_rate)
        self.ramp = 0.0

    @property
    def dual_step(self) -> float:
        """How far a gap of 1 moves the dual target: ρ."""
        return self.config.penalty * self.ramp

    @property
    def penalty(self) -> float:
        """ρ of the quadratic penalty in the actor's objective; 0 gives the plain Lagrangian."""
        return self.dual_step if self.config.penalise else 0.0

    def effective(self, multiplier: Tensor, gap: Tensor) -> Tensor:
        """Return m = [λ + ρ G]_+, which multiplies the gradient of Q_c in the actor (alam.md §3)."""
        return functional.relu(multiplier + self.penalty * gap)

    def augmented_lagrangian(self, multiplier: Tensor, gap: Tensor) -> Tensor:
        """Return the constraint's term of the actor's objective: [λ + ρ G]_+² / (2 ρ), and for ρ = 0 its limit λ G.

        The -λ² / (2 ρ) that completes the augmented Lagrangian is left out: it does not depend on the action.
        """
        if self.penalty == 0.0:
            return multiplier * gap
        return self.effective(multiplier, gap).square() / (2.0 * self.penalty)

    def dual_target(self, multiplier: Tensor, gap: Tensor) -> Tensor:
        """Return y(s) = clip(λ + ρ G, 0, λ_max), the ALaM dual target (alam.md §4.3)."""
        return (multiplier + self.dual_step * gap).clamp(0.0, self.config.maximum)

    def loss(self, observation: Tensor, gap: Tensor) -> Tensor:
        """Return what the update rule minimises over ξ.

        Regression: J = E[(λ_ξ - y)²], y built from λ̄ or, with an online target, from λ_ξ itself. Dual ascent: J = -2 ρ E[λ_ξ G];
        the factor 2 makes its gradient that of the regression toward the online target, wherever that target is not clipped.
        """
        multiplier: Tensor = self.online(observation)
        if self.config.rule == "dual_ascent":
            return -2.0 * self.dual_step * (multiplier * gap).mean()
        with torch.no_grad():
            origin = self.average(observation) if self.config.rule == "averaged_target" else multiplier
            target = self.dual_target(origin, gap)
        return functional.mse_loss(multiplier, target)

    def update(self, observation: Tensor, gap: Tensor) -> Tensor:
        """Take one step on λ_ξ and move λ̄ toward it.

        Args:
            observation: (batch, observation_size).
            gap: G = Q_c(s, a) - d with fresh actions of the policy, without gradient, (batch,).

        Returns:
            The loss before the step, detached.
        """
        loss = self.loss(observation, gap)
        minimise(self.optimizer, loss, GRADIENT_NORM)
        move_toward(self.average, self.online, self.config.averaging)
        return loss.detach()

    def parts(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        """Return what a checkpoint keeps, by name."""
        return {"multiplier": self.online, "average_multiplier": self.average, "multiplier_optimizer": self.optimizer}
