"""One learner for the whole SAC family: the arithmetic of an update, readable from top to bottom.

Equations are those of SAC (Haarnoja et al. 2018) and of the state-wise augmented Lagrangian (alam.md §3 and §4, after the
abstract of arXiv 2605.00667; what it does not state is inferred). `FastLearner` takes the same steps in less time.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from alam_ros.learning.config import AlgorithmConfig
from alam_ros.learning.multiplier import StateMultiplier
from alam_ros.learning.networks import Actor, BatchedCritics
from alam_ros.learning.parameters import ParameterVector, flatten, step_adam, views_like
from alam_ros.learning.replay import Batch
from alam_ros.learning.scalar_multiplier import ScalarMultiplier
from alam_ros.learning.scaling import Units
from alam_ros.learning.threshold import Threshold

REWARD, COST, ALL = slice(0, 2), slice(2, 4), slice(0, 4)
"""Which of the four critics."""


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

    Attributes:
        limit: d and λ_max, which follow what is measured.
        gap_limits: how gaps are clipped, in the unit of Q_c: -gap_low · d₀ and so on, with d₀ the d that was computed.
        units: of observations and rewards, measured as well.
        actor: what is trained, and collects.
        average_actor: what is evaluated and exported (Polyak and Juditsky 1992).
    """

    def __init__(self, config: AlgorithmConfig, observation_size: int, action_size: int) -> None:
        self.config = config
        self.limit = Threshold(config.constraint, config.multiplier.maximum)
        threshold = config.constraint.threshold
        self.gap_limits = config.gap_limits
        self.units = Units(observation_size, observations=config.normalise_observations, reward=config.reward_scale)
        self.actor = Actor(observation_size, action_size, config.hidden)
        self.average_actor = copy.deepcopy(self.actor).requires_grad_(False)
        self.critics = BatchedCritics(observation_size, action_size, config.hidden)
        self.target_critics = copy.deepcopy(self.critics).requires_grad_(False)
        self.log_temperature = torch.tensor([config.initial_temperature]).log().requires_grad_()
        self._action_size = action_size
        self.target_entropy = config.entropy_target * action_size
        self.multiplier: StateMultiplier | ScalarMultiplier = (
            StateMultiplier(config.multiplier, observation_size, config.hidden)
            if config.multiplier.kind == "network"
            else ScalarMultiplier(config.multiplier, threshold)
        )
        self.updates = 0
        self._progress = 0.0
        self._critic_vector = ParameterVector(self.critics, config.critic_learning_rate, config.gradient_norm)
        self._reward_steps, self._cost_steps = (self._critic_vector.members(part) for part in (REWARD, COST))
        self._target_vector = flatten(self.target_critics)
        self._target_rates = self._rates()
        self._actor_vector = ParameterVector(self.actor, config.actor_learning_rate, config.gradient_norm)
        self._average_actor_vector = flatten(self.average_actor)
        self._temperature_optimizer = torch.optim.Adam([self.log_temperature], lr=config.temperature_learning_rate, fused=True)

    @property
    def is_constrained(self) -> bool:
        """Whether the multiplier takes part at all."""
        return self.config.multiplier.kind != "none"

    @property
    def is_constraint_in_force(self) -> bool:
        """Whether the constraint counts in full; it is not yet in the first part of a training, and never where there is none."""
        return self.multiplier.ramp == 1.0

    @property
    def threshold(self) -> float:
        """The limit d on the cost value, as it is now."""
        return self.limit.value

    @property
    def episode_excess(self) -> float:
        """(J_c - D) / D, with D less the margin, which some members follow: an episode at the measured cost of a step."""
        return self.limit.spent_share - 1.0

    def set_progress(self, share: float) -> None:
        """Set what follows the share of the training budget that is spent: the constraint's ramp and the target entropy."""
        self._progress = share
        entropies = self.config.entropy_target, self.config.final_entropy_target
        self.target_entropy = self._action_size * (entropies[0] + min(share, 1.0) * (entropies[1] - entropies[0]))
        config = self.config.multiplier
        ramp = min(max((share - config.start) / max(config.ramp, 1e-9), 0.0), 1.0)
        self.multiplier.ramp = ramp if self.is_constrained else 0.0

    def measure(
        self,
        observation: NDArray[np.float32],
        reward: NDArray[np.floating[Any]],
        cost: NDArray[np.floating[Any]],
        exported: int = 0,
    ) -> None:
        """Take in n collected transitions, and keep the units and the limit d in step with them.

        Args:
            observation: (n, observation_size).
            reward: (n,).
            cost: (n,).
            exported: how many of them, the first ones, were collected as the exported policy acts.
        """
        self.limit.follow(
            float(cost.mean()),
            self._progress,
            moves=self.is_constraint_in_force,
            exported=float(cost[:exported].mean()) if exported else None,
        )
        self.multiplier.maximum = self.limit.multiplier_maximum
        self.units.measure(observation, reward)
        before = self.units.reward_factor
        if self.units.refresh():
            self._rescale_reward_values(self.units.reward_factor / before)

    @torch.no_grad()
    def explore(self, observation: Tensor, exported: int = 0) -> Tensor:
        """Choose actions to collect with.

        Args:
            observation: raw, (n, observation_size).
            exported: in how many of them, the first ones, the averaged actor's mean action is taken, as exported.

        Returns:
            (n, action_size), in [-1, 1]; the others are drawn from the policy.
        """
        rows = self.normalise(observation)
        action = self.actor.sample(rows)[0]
        if exported:
            action[:exported] = self.average_actor(rows[:exported])
        return action

    def normalise(self, observation: Tensor) -> Tensor:
        """Return raw observations (batch, observation_size) in the networks' units."""
        return self.units.normalise(observation) if self.config.normalise_observations else observation

    def update(self, batch: Batch) -> dict[str, Tensor]:
        """Take one gradient step on every network that is due.

        Args:
            batch: transitions as collected, in raw units.

        Returns:
            Detached scalars for the log, by name.
        """
        self.updates += 1
        batch = self._in_units(batch)
        scalars = self._update_critics(batch)
        if self.updates % self.config.actor_delay == 0:
            scalars |= self._update_actor(batch.observation)
        if self.multiplier.ramp > 0 and self.updates % self.config.multiplier.delay == 0:
            scalars |= self._update_multiplier(batch.observation)
        self._move_targets()
        return scalars

    @torch.no_grad()
    def critic_targets(self, batch: Batch) -> Tensor:
        """Return the Bellman targets of the four critics, (4, batch).

        Reward: y = r + γ (1 - terminated) (min_i Q_i(s', a') - α log π(a'|s')).
        Cost value: y_c = c + γ_c (1 - terminated) mean_i Q_c,i(s', a'), at most 1 / (1 - γ_c).
        Constraint decay: y_c = c + (1 - c) γ_c (1 - terminated) mean_i Q_c,i(s', a'), at most 1.
        Entropy enters neither (alam.md §2).

        The cost critics bootstrap from their mean and without a lower clip: a max, or a clip at the value most states have, is
        biased upward in every step and bootstrapping multiplies that by 1 / (1 - γ_c) (docs/decisions/0002).
        """
        action, log_probability = self.actor.sample(batch.next_observation)
        values = self.target_critics(batch.next_observation, action)
        constraint = self.config.constraint
        alive = 1.0 - batch.terminated
        soft = values[:2].amin(0) - self.log_temperature.exp() * log_probability
        reward_target = batch.reward + self.config.discount * alive * soft
        if constraint.certificate == "constraint_decay":
            alive = alive * (1.0 - batch.cost)
        bootstrap = combine(values[2:], self.config.cost_bootstrap)
        cost_target = (batch.cost + constraint.discount * alive * bootstrap).clamp(max=constraint.largest_value)
        return torch.stack((reward_target, reward_target, cost_target, cost_target))

    def sample_policy(self, observation: Tensor) -> PolicySample:
        """Draw a ~ π(s) and evaluate it: min of the reward critics, G = Q_c(s, a) - d, clipped from below."""
        action, log_probability = self.actor.sample(observation)
        values = self.critics(observation, action)
        gap = combine(values[2:], self.config.cost_pessimism) - self.threshold
        return PolicySample(log_probability, values[:2].amin(0), gap.clamp(min=self.gap_limits.lowest))

    def _in_units(self, batch: Batch) -> Batch:
        return replace(
            batch,
            observation=self.normalise(batch.observation),
            next_observation=self.normalise(batch.next_observation),
            reward=batch.reward * self.units.reward_factor,
        )

    @property
    def _due_critics(self) -> slice:
        """Return which critics this update steps."""
        return REWARD if self.updates % self.config.cost_critic_period else ALL

    def _update_critics(self, batch: Batch) -> dict[str, Tensor]:
        due = self._due_critics
        targets = self.critic_targets(batch)[due]
        values = self.critics(batch.observation, batch.action)[due]
        errors = (values - targets).square().mean(1)
        self._critic_vector.differentiate(errors.sum())
        return self._critic_scalars(errors.detach(), self._step_critic_vector())

    def _step_critic_vector(self) -> Tensor:
        """Take Adam's step on the critics that are due, with the gradients that are written, and return the norm."""
        if self.config.cost_critic_period == 1:
            return self._critic_vector.step()
        norm = self._reward_steps.step(self.updates)
        if self._due_critics == ALL:
            self._cost_steps.step(self.updates // self.config.cost_critic_period)
        return norm

    def _critic_scalars(self, errors: Tensor, norm: Tensor) -> dict[str, Tensor]:
        """Return what the log says of the critics that were due; errors: (critics, …)."""
        scalars = {"critic/reward_loss": errors[REWARD].mean(), "critic/gradient_norm": norm}
        return scalars | ({"critic/cost_loss": errors[COST].mean()} if self._due_critics == ALL else {})

    def _update_actor(self, observation: Tensor) -> dict[str, Tensor]:
        """J_π = E[α log π - min_i Q_i + [λ̄ + ρ G]_+² / (2 ρ)], each state's bracket divided by 1 + m (alam.md §4.2).

        The last term enters as m G with m held fixed, which has the same gradient for every member of the family.
        """
        sample = self.sample_policy(observation)
        temperature = self.log_temperature.exp().detach()
        objective = temperature * sample.log_probability - sample.reward_value
        scalars = {}
        if self.multiplier.ramp > 0:
            with torch.no_grad():
                multiplier = self.multiplier.value(observation)
                self.limit.saturation = float(multiplier.mean()) / self.multiplier.maximum
                price = self._price(multiplier, sample.gap)
            objective = (objective + price * sample.gap) / (1.0 + price)
            scalars = {
                "multiplier/effective": price.mean(),
                "multiplier/mean": multiplier.mean(),
                "multiplier/max": multiplier.max(),
                "multiplier/threshold": torch.tensor(self.threshold),
                "multiplier/limit": torch.tensor(self.multiplier.maximum),
            }
        norm = self._actor_vector.minimise(objective.mean())
        self._follow_actor()
        self._update_temperature(sample.log_probability.detach().mean())
        return scalars | {
            "actor/entropy": -sample.log_probability.detach().mean(),
            "actor/reward_value": sample.reward_value.detach().mean(),
            "actor/gap": sample.gap.detach().mean(),
            "actor/infeasible_share": (sample.gap.detach() > 0).float().mean(),
            "actor/temperature": temperature[0],
            "actor/gradient_norm": norm,
        }

    @torch.no_grad()
    def _follow_actor(self) -> None:
        """Move the averaged actor by τ; at first it is the mean of all actors so far, not of the random one."""
        count = max(1, self.updates // self.config.actor_delay)
        self._average_actor_vector.lerp_(self._actor_vector.values, max(self.config.actor_averaging, 1.0 / count))

    @torch.no_grad()
    def _update_temperature(self, log_probability: Tensor) -> None:
        """Step down -log α (E[log π] + H_target)."""
        self.log_temperature.grad = -(log_probability + self.target_entropy).reshape(1)
        step_adam(self._temperature_optimizer)

    def _update_multiplier(self, observation: Tensor) -> dict[str, Tensor]:
        with torch.no_grad():
            gap = self._dual_gap(self.sample_policy(observation).gap)
        return {"multiplier/loss": self.multiplier.update(observation, gap, self.episode_excess)}

    def _price(self, multiplier: Tensor, gap: Tensor) -> Tensor:
        """Return the price of G in each state, (batch,): m, d/dG of the constraint's term.

        m sees at most a limit of G and is itself limited (`felt`), which makes the term linear in G where it is large.
        """
        return self.multiplier.felt(multiplier, gap.clamp(max=self.gap_limits.seen))

    def _dual_gap(self, gap: Tensor) -> Tensor:
        """Return what moves the multiplier."""
        return gap.clamp(-self.gap_limits.dual, self.gap_limits.dual)

    @torch.no_grad()
    def _move_targets(self) -> None:
        if self.config.cost_critic_period == 1:
            self._target_vector.lerp_(self._critic_vector.values, self._target_rates)
            return
        averagings = (REWARD, self.config.target_averaging), (COST, self.config.cost_target_averaging)
        for members, averaging in averagings[: 2 if self._due_critics == ALL else 1]:
            for target, critic in zip(self.target_critics.parameters(), self.critics.parameters(), strict=True):
                target[members].lerp_(critic[members], averaging)

    def _rates(self) -> Tensor | float:
        """Return τ, for each element of the target critics' vector where they differ: the first two critics are the reward's."""
        if self.config.target_averaging == self.config.cost_target_averaging:
            return self.config.target_averaging
        rates = torch.empty_like(self._target_vector)
        for view in views_like(rates, list(self.target_critics.parameters())):
            view[:2], view[2:] = self.config.target_averaging, self.config.cost_target_averaging
        return rates

    @torch.no_grad()
    def _rescale_reward_values(self, factor: float) -> None:
        """Express what the reward critics have learned in a new unit of reward, exactly (after van Hasselt et al. 2016)."""
        for critics in (self.critics, self.target_critics):
            critics.weights[-1][:2] *= factor
            critics.biases[-1][:2] *= factor

    def state_dict(self) -> dict[str, Any]:
        """Return everything `load_state_dict` needs to continue exactly here."""
        return {name: part.state_dict() for name, part in self._parts().items()} | {
            "log_temperature": self.log_temperature.detach().clone(),
            "updates": self.updates,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore networks, optimisers, units and counters."""
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        with torch.no_grad():
            self.log_temperature.copy_(state["log_temperature"])
        self.multiplier.maximum = self.limit.multiplier_maximum
        self.updates = state["updates"]

    def _parts(self) -> dict[str, Any]:
        return {
            "actor": self.actor,
            "average_actor": self.average_actor,
            "critics": self.critics,
            "target_critics": self.target_critics,
            "critic_optimizer": self._critic_vector,
            "actor_optimizer": self._actor_vector,
            "temperature_optimizer": self._temperature_optimizer,
            "multiplier": self.multiplier,
            "units": self.units,
            "threshold": self.limit,
        }


def combine(twins: Tensor, how: str) -> Tensor:
    """Return the mean, the max or the min of twin values (2, batch), (batch,)."""
    if how == "mean":
        return twins.mean(0)
    return twins.amax(0) if how == "max" else twins.amin(0)
