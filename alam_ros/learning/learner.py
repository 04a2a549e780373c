"""One learner for the whole SAC family: the arithmetic of an update, readable from top to bottom.

Equations are those of SAC (Haarnoja et al. 2018) and of the state-wise augmented Lagrangian (alam.md §3 and §4, after the
abstract of arXiv 2605.00667; what it does not state is inferred).
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from alam_ros.learning.config import AlgorithmConfig
from alam_ros.learning.multiplier import StateMultiplier
from alam_ros.learning.networks import Actor, BatchedCritics, move_toward
from alam_ros.learning.optimization import adam, minimise
from alam_ros.learning.replay import Batch


@dataclass(frozen=True, slots=True)
class PolicySample:
    """A fresh action for each state of a batch and what the critics say of it, each (batch,)."""

    log_probability: Tensor
    reward_value: Tensor
    gap: Tensor


class Learner:
    """Networks, optimisers and their updates.

    Args:
        config: the member of the family.
        observation_size, action_size: of the contract.
    """

    def __init__(self, config: AlgorithmConfig, observation_size: int, action_size: int) -> None:
        self.config = config
        self.threshold = config.constraint.threshold
        self.actor = Actor(observation_size, action_size, config.hidden)
        self.critics = BatchedCritics(observation_size, action_size, config.hidden)
        self.target_critics = copy.deepcopy(self.critics).requires_grad_(False)
        self.log_temperature = torch.tensor(config.initial_temperature).log().requires_grad_()
        self.target_entropy = -float(action_size)
        self.multiplier = StateMultiplier(config.multiplier, observation_size, config.hidden)
        self.updates = 0
        self._critic_optimizer = adam(self.critics.parameters(), config.critic_learning_rate)
        self._actor_optimizer = adam(self.actor.parameters(), config.actor_learning_rate)
        self._temperature_optimizer = adam([self.log_temperature], config.temperature_learning_rate)

    @property
    def is_constrained(self) -> bool:
        """Whether the multiplier takes part at all."""
        return self.config.name == "sac_alam"

    def set_progress(self, environment_steps: int) -> None:
        """Set the penalty ρ for this moment of training: zero, then a ramp, then its value."""
        config = self.config.multiplier
        share = (environment_steps - config.start) / max(config.ramp, 1)
        self.multiplier.ramp = min(max(share, 0.0), 1.0) if self.is_constrained else 0.0

    def update(self, batch: Batch) -> dict[str, Tensor]:
        """Take one gradient step on every network that is due.

        Returns:
            Detached scalars for the log, by name.
        """
        self.updates += 1
        scalars = self._update_critics(batch)
        if self.updates % self.config.actor_delay == 0:
            scalars |= self._update_actor(batch.observation)
        if self.multiplier.ramp > 0 and self.updates % self.config.multiplier.delay == 0:
            scalars |= self._update_multiplier(batch.observation)
        move_toward(self.target_critics, self.critics, self.config.target_averaging)
        return scalars

    @torch.no_grad()
    def critic_targets(self, batch: Batch) -> Tensor:
        """Return the Bellman targets of the four critics, (4, batch).

        Reward: y = r + γ (1 - terminated) (min_i Q_i(s', a') - α log π(a'|s')).
        Cost: y_c = c + γ_c (1 - terminated) mean_i Q_c,i(s', a'), at most 1 / (1 - γ_c); entropy never enters (alam.md §2).

        The cost critics bootstrap from their mean and without a lower clip: a max, or a clip at the value most states have, is
        biased upward in every step and bootstrapping multiplies that by 1 / (1 - γ_c) (docs/decisions/0002).
        """
        action, log_probability = self.actor.sample(batch.next_observation)
        values = self.target_critics(batch.next_observation, action)
        alive = 1.0 - batch.terminated
        soft = values[:2].amin(0) - self.log_temperature.exp() * log_probability
        reward_target = batch.reward + self.config.discount * alive * soft
        cost_discount = self.config.constraint.cost_discount
        cost_values = values[2:].mean(0) if self.config.cost_bootstrap == "mean" else values[2:].amax(0)
        cost_target = batch.cost + cost_discount * alive * cost_values
        cost_target = cost_target.clamp(max=1.0 / (1.0 - cost_discount))
        return torch.stack((reward_target, reward_target, cost_target, cost_target))

    def sample_policy(self, observation: Tensor) -> PolicySample:
        """Draw a ~ π(s) and evaluate it: min of the reward critics, G = max_i Q_c,i(s, a) - d clipped."""
        action, log_probability = self.actor.sample(observation)
        values = self.critics(observation, action)
        config = self.config.multiplier
        gap = values[2:].amax(0) - self.threshold
        gap = gap.clamp(-config.gap_low * self.threshold, config.gap_high * self.threshold)
        return PolicySample(log_probability, values[:2].amin(0), gap)

    def _update_critics(self, batch: Batch) -> dict[str, Tensor]:
        targets = self.critic_targets(batch)
        values = self.critics(batch.observation, batch.action)
        errors = (values - targets).square().mean(1)
        norm = minimise(self._critic_optimizer, errors.sum(), self.config.gradient_norm)
        errors = errors.detach()
        return {"critic/reward_loss": errors[:2].mean(), "critic/cost_loss": errors[2:].mean(), "critic/gradient_norm": norm}

    def _update_actor(self, observation: Tensor) -> dict[str, Tensor]:
        """J_π = E[α log π - min_i Q_i + [λ̄ + ρ G]_+² / (2 ρ)], each state's bracket divided by 1 + m (alam.md §4.2)."""
        sample = self.sample_policy(observation)
        temperature = self.log_temperature.exp().detach()
        objective = temperature * sample.log_probability - sample.reward_value
        scalars = {}
        if self.multiplier.ramp > 0:
            multiplier = self.multiplier.average(observation)
            effective = self.multiplier.effective(multiplier, sample.gap).detach()
            objective = (objective + self.multiplier.augmented_lagrangian(multiplier, sample.gap)) / (1.0 + effective)
            scalars = {
                "multiplier/effective": effective.mean(),
                "multiplier/mean": multiplier.mean(),
                "multiplier/max": multiplier.max(),
            }
        norm = minimise(self._actor_optimizer, objective.mean(), self.config.gradient_norm)
        entropy_error = (sample.log_probability.detach() + self.target_entropy).mean()
        minimise(self._temperature_optimizer, -self.log_temperature * entropy_error, None)
        return scalars | {
            "actor/entropy": -sample.log_probability.detach().mean(),
            "actor/reward_value": sample.reward_value.detach().mean(),
            "actor/gap": sample.gap.detach().mean(),
            "actor/infeasible_share": (sample.gap.detach() > 0).float().mean(),
            "actor/temperature": temperature,
            "actor/gradient_norm": norm,
        }

    def _update_multiplier(self, observation: Tensor) -> dict[str, Tensor]:
        with torch.no_grad():
            limit = self.config.multiplier.dual_gap * self.threshold
            gap = self.sample_policy(observation).gap.clamp(-limit, limit)
        return {"multiplier/loss": self.multiplier.update(observation, gap)}

    def state_dict(self) -> dict[str, Any]:
        """Return everything `load_state_dict` needs to continue exactly here."""
        return {name: part.state_dict() for name, part in self._parts().items()} | {
            "log_temperature": self.log_temperature.detach().clone(),
            "updates": self.updates,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore networks, optimisers and counters."""
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        with torch.no_grad():
            self.log_temperature.copy_(state["log_temperature"])
        self.updates = state["updates"]

    def _parts(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        parts: dict[str, nn.Module | torch.optim.Optimizer] = {
            "actor": self.actor,
            "critics": self.critics,
            "target_critics": self.target_critics,
            "critic_optimizer": self._critic_optimizer,
            "actor_optimizer": self._actor_optimizer,
            "temperature_optimizer": self._temperature_optimizer,
        }
        return parts | self.multiplier.parts()
