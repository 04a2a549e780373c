"""The state-wise multiplier λ(s): its dual update and what it adds to the actor's objective (alam.md §3 and §4.3).

After the abstract of arXiv 2605.00667; what the abstract does not state is inferred. The same code serves the learner and the
bandit whose λ* is known.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from alam_ros.learning.config import MultiplierConfig
from alam_ros.learning.networks import MultiplierNetwork
from alam_ros.learning.parameters import ParameterVector, flatten

GRADIENT_NORM = 3.0


def bounded(effective: Tensor, multiplier: Tensor, maximum: float | None) -> Tensor:
    """Return m where it is at most `maximum`, or λ where that is more: a limit to what the penalty adds (decision 17).

    Args:
        effective: m, (batch,), or of several learners (learners, batch).
        multiplier: λ, of the same shape.
        maximum: None for no limit.
    """
    return effective if maximum is None else torch.minimum(effective, multiplier.clamp(min=maximum))


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
        maximum: λ_max, which the learner moves.
    """

    def __init__(self, config: MultiplierConfig, observation_size: int, hidden: Sequence[int]) -> None:
        self.config = config
        self.online = MultiplierNetwork(observation_size, hidden)
        self.average = copy.deepcopy(self.online).requires_grad_(False)
        self.vector = ParameterVector(self.online, config.learning_rate, GRADIENT_NORM)
        self.average_vector = flatten(self.average)
        self.ramp = 0.0
        self.maximum = config.maximum

    @property
    def dual_step(self) -> float:
        """How far a gap of 1 moves the dual target: ρ."""
        return self.config.penalty * self.ramp

    @property
    def penalty(self) -> float:
        """ρ of the quadratic penalty in the actor's objective; 0 gives the plain Lagrangian."""
        return self.dual_step if self.config.penalise else 0.0

    def value(self, observation: Tensor) -> Tensor:
        """Return λ̄(s), at most λ_max, (batch,)."""
        multiplier: Tensor = self.average(observation)
        return multiplier.clamp(max=self.maximum)

    def effective(self, multiplier: Tensor, gap: Tensor) -> Tensor:
        """Return m = [λ + ρ G]_+, which multiplies the gradient of Q_c in the actor (alam.md §3), (batch,).

        Args:
            multiplier: λ, (batch,).
            gap: G, (batch,), in the unit of Q_c.
        """
        return functional.relu(multiplier + self.penalty * gap)

    def felt(self, multiplier: Tensor, gap: Tensor) -> Tensor:
        """Return what the actor feels of m, (batch,), of the same arguments as `effective`."""
        return bounded(self.effective(multiplier, gap), multiplier, self.config.effective_maximum)

    def augmented_lagrangian(self, multiplier: Tensor, gap: Tensor) -> Tensor:
        """Return the constraint's term of the actor's objective: [λ + ρ G]_+² / (2 ρ), and for ρ = 0 its limit λ G, (batch,).

        Where m is larger than what the actor feels of it, the term goes on as a straight line. The -λ² / (2 ρ) that completes the
        augmented Lagrangian is left out: it does not depend on the action.

        Args:
            multiplier: λ, (batch,), without gradient.
            gap: G, (batch,), with the gradient that the actor is to follow.
        """
        if self.penalty == 0.0:
            return multiplier * gap
        felt = self.felt(multiplier, gap)
        return (felt * self.effective(multiplier, gap) - felt.square() / 2.0) / self.penalty

    def dual_target(self, multiplier: Tensor, gap: Tensor) -> Tensor:
        """Return y(s) = clip(λ + ρ G, 0, λ_max), the ALaM dual target (alam.md §4.3), (batch,), of λ and G, (batch,) each."""
        return (multiplier + self.dual_step * gap).clamp(0.0, self.maximum)

    def loss(self, observation: Tensor, gap: Tensor) -> Tensor:
        """Return what the update rule minimises over ξ, a scalar.

        Regression: J = E[(λ_ξ - y)²], y built from λ̄ or, with an online target, from λ_ξ itself. Dual ascent: J = -2 ρ E[λ_ξ G];
        the factor 2 makes its gradient that of the regression toward the online target, wherever that target is not clipped.

        Args:
            observation: in the networks' units, (batch, observation_size).
            gap: G, (batch,), without gradient.
        """
        multiplier: Tensor = self.online(observation)
        if self.config.rule == "dual_ascent":
            return -2.0 * self.dual_step * (multiplier * gap).mean()
        with torch.no_grad():
            origin = self.average(observation) if self.config.rule == "averaged_target" else multiplier
            target = self.dual_target(origin, gap)
        return functional.mse_loss(multiplier, target)

    def update(self, observation: Tensor, gap: Tensor, episode_excess: float = 0.0) -> Tensor:
        """Take one step on λ_ξ and move λ̄ toward it.

        Args:
            observation: (batch, observation_size).
            gap: G = Q_c(s, a) - d with fresh actions of the policy, without gradient, (batch,).
            episode_excess: not used: each state has its own gap.

        Returns:
            The loss before the step, detached.
        """
        loss = self.loss(observation, gap)
        self.vector.minimise(loss)
        self.follow()
        return loss.detach()

    def follow(self) -> None:
        """Move λ̄ toward λ_ξ by τ_λ."""
        self.average_vector.lerp_(self.vector.values.detach(), self.config.averaging)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {
            "online": self.online.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.vector.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore networks and optimiser."""
        self.online.load_state_dict(state["online"])
        self.average.load_state_dict(state["average"])
        self.vector.load_state_dict(state["optimizer"])
