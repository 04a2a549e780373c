"""The learner's update with its gradients written out; `Learner` is the reference it agrees with to 1e-5 over 100 updates."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from alam_ros.learning.config import AlgorithmConfig
from alam_ros.learning.learner import ALL, COST, REWARD, Learner, combine
from alam_ros.learning.memory import memory
from alam_ros.learning.multiplier import StateMultiplier
from alam_ros.learning.passes import ActorPass, CriticMemory, CriticPass, multiplier_pass
from alam_ros.learning.replay import Batch


class FastLearner(Learner):
    """Takes the steps of `Learner` without autograd, for batches of one size.

    Args:
        config: the member of the family.
        observation_size, action_size: of the contract.
        batch_size: of every batch.
    """

    def __init__(self, config: AlgorithmConfig, observation_size: int, action_size: int, batch_size: int) -> None:
        super().__init__(config, observation_size, action_size)
        self._batch_size = batch_size
        self._next_rows, self._rows = memory.empty(2, batch_size, observation_size + action_size)
        self._next_observation, self._next_action = self._next_rows.split((observation_size, action_size), dim=1)
        self._observation, self._action = self._rows.split((observation_size, action_size), dim=1)
        self._actor_pass = ActorPass(self.actor, batch_size, action_size, self._actor_vector.gradients)
        shared = CriticMemory(config.hidden, batch_size, count=4)
        self._target_pass = CriticPass(self.target_critics, ALL, self._next_rows, observation_size, shared)
        self._reward_target_pass = CriticPass(self.target_critics, REWARD, self._next_rows, observation_size, shared)
        gradients = self._critic_vector.gradients
        self._critic_pass = CriticPass(self.critics, ALL, self._rows, observation_size, shared, gradients)
        self._reward_pass = CriticPass(self.critics, REWARD, self._rows, observation_size, shared, gradients)
        self._cost_pass = CriticPass(self.critics, COST, self._rows, observation_size, shared)
        self._targets, self._errors = torch.empty(4, batch_size), torch.empty(4, batch_size)
        if isinstance(self.multiplier, StateMultiplier):
            self._online_pass = multiplier_pass(self.multiplier.online, batch_size, self.multiplier.vector.gradients)
            self._average_pass = multiplier_pass(self.multiplier.average, batch_size)

    @torch.inference_mode()
    def update(self, batch: Batch, *, record: bool = True) -> dict[str, Tensor]:
        """Take one gradient step on every network that is due.

        Args:
            batch: transitions as collected, in raw units.
            record: whether scalars for the log are wanted; they take time.

        Returns:
            The scalars by name; none where none are wanted.
        """
        self.updates += 1
        self._take_in(batch.observation, self._observation)
        self._take_in(batch.next_observation, self._next_observation)
        scalars = self._step_critics(batch, record=record)
        if self.updates % self.config.actor_delay == 0:
            scalars |= self._step_actor(record=record)
        if self.multiplier.ramp > 0 and self.updates % self.config.multiplier.delay == 0:
            scalars |= self._step_multiplier(record=record)
        self._move_targets()
        return scalars

    def _take_in(self, observation: Tensor, place: Tensor) -> None:
        """Write observations in the networks' units where the networks read them."""
        if self.config.normalise_observations:
            torch.sub(observation, self.units.mean, out=place).mul_(self.units.inverse_deviation)
        else:
            place.copy_(observation)

    def _bellman_targets(self, batch: Batch) -> Tensor:
        """Return what `critic_targets` returns of the critics that are due, (critics, batch)."""
        log_probability = self._actor_pass.sample(self._next_observation, self._next_action)
        due = self._due_critics
        values = (self._target_pass if due == ALL else self._reward_target_pass).forward()
        alive = 1.0 - batch.terminated
        soft = torch.minimum(values[0], values[1]).sub_(log_probability.mul_(self.log_temperature.exp()))
        reward = batch.reward * self.units.reward_factor
        self._targets[REWARD] = torch.addcmul(reward, alive, soft, value=self.config.discount)
        if due == ALL:
            self._targets[COST] = self._cost_target(batch, alive, values[COST])
        return self._targets[due]

    def _cost_target(self, batch: Batch, alive: Tensor, values: Tensor) -> Tensor:
        constraint = self.config.constraint
        if constraint.certificate == "constraint_decay":
            alive = alive * (1.0 - batch.cost)
        bootstrap = combine(values, self.config.cost_bootstrap)
        return torch.addcmul(batch.cost, alive, bootstrap, value=constraint.discount).clamp_(max=constraint.largest_value)

    def _step_critics(self, batch: Batch, *, record: bool) -> dict[str, Tensor]:
        targets = self._bellman_targets(batch)
        self._action.copy_(batch.action)
        critic_pass = self._critic_pass if len(targets) == 4 else self._reward_pass
        errors = torch.sub(critic_pass.forward(), targets, out=self._errors[: len(targets)])
        critic_pass.backward(errors * (2.0 / self._batch_size))
        norm = self._step_critic_vector()
        return self._critic_scalars(errors.square_(), norm) if record else {}

    def _step_actor(self, *, record: bool) -> dict[str, Tensor]:
        log_probability = self._actor_pass.sample(self._observation, self._action)
        is_constrained = self.multiplier.ramp > 0
        critic_pass = self._critic_pass if is_constrained else self._reward_pass
        values = critic_pass.forward()
        temperature = self.log_temperature.exp()
        weight = torch.full_like(log_probability, 1.0 / self._batch_size)
        delta = torch.empty_like(values)
        scalars = {}
        if is_constrained:
            gap, share = self._clipped_gap(values[COST])
            multiplier = self._multiplier_value()
            self.limit.saturation = float(multiplier.mean()) / self.multiplier.maximum
            price = self._price(multiplier, gap)
            weight.div_(1.0 + price)
            torch.mul(weight * price, share, out=delta[COST])
            if record:
                scalars = {
                    "multiplier/effective": price.mean(),
                    "multiplier/mean": multiplier.mean(),
                    "multiplier/max": multiplier.max(),
                    "multiplier/threshold": torch.tensor(self.threshold),
                    "multiplier/limit": torch.tensor(self.multiplier.maximum),
                    "actor/gap": gap.mean(),
                    "actor/infeasible_share": (gap > 0).float().mean(),
                }
        torch.mul(_share("min", values[REWARD]), weight, out=delta[REWARD]).neg_()
        self._actor_pass.backward(critic_pass.action_gradient(delta), weight * temperature)
        norm = self._actor_vector.step()
        self._follow_actor()
        self._update_temperature(log_probability.mean())
        if not record:
            return {}
        return scalars | {
            "actor/entropy": -log_probability.mean(),
            "actor/reward_value": torch.minimum(values[0], values[1]).mean(),
            "actor/temperature": temperature[0],
            "actor/gradient_norm": norm,
        }

    def _clipped_gap(self, twins: Tensor) -> tuple[Tensor, Tensor]:
        """Return G, (batch,), and its derivative with respect to each of the twins, (2, batch)."""
        pessimism, low = self.config.cost_pessimism, self.gap_limits.lowest
        gap = combine(twins, pessimism).sub_(self.threshold)
        inside = gap >= low
        return gap.clamp_(min=low), _share(pessimism, twins).mul_(inside)

    def _multiplier_value(self) -> Tensor:
        if isinstance(self.multiplier, StateMultiplier):
            raw = self._average_pass.forward(self._observation).squeeze(-1)
            return functional.softplus(raw).clamp_(max=self.multiplier.maximum)
        return self.multiplier.value(self._observation)

    def _step_multiplier(self, *, record: bool) -> dict[str, Tensor]:
        self._actor_pass.sample(self._observation, self._action)
        gap = self._dual_gap(self._clipped_gap(self._cost_pass.forward())[0])
        if not isinstance(self.multiplier, StateMultiplier):
            error = self.multiplier.update(self._observation, gap, self.episode_excess)
            return {"multiplier/loss": error} if record else {}
        raw = self._online_pass.forward(self._observation)
        multiplier = functional.softplus(raw).squeeze(-1)
        rule, step = self.config.multiplier.rule, self.multiplier.dual_step
        if rule == "dual_ascent":
            delta = gap * (-2.0 * step / self._batch_size)
        else:
            origin = (
                functional.softplus(self._average_pass.forward(self._observation).squeeze(-1))
                if rule == "averaged_target"
                else multiplier
            )
            delta = (multiplier - self.multiplier.dual_target(origin, gap)).mul_(2.0 / self._batch_size)
        self._online_pass.backward(torch.sigmoid(raw).mul_(delta.unsqueeze(-1)))
        self.multiplier.vector.step()
        self.multiplier.follow()
        if not record:
            return {}
        loss = (multiplier * delta).sum() if rule == "dual_ascent" else delta.square().sum() * (self._batch_size / 4.0)
        return {"multiplier/loss": loss}


def _share(how: str, twins: Tensor) -> Tensor:
    """Return the derivative of `combine(twins, how)` with respect to each twin, (2, batch)."""
    if how == "mean":
        return torch.full_like(twins, 0.5)
    first = twins[0] > twins[1] if how == "max" else twins[0] < twins[1]
    return torch.stack((first, ~first)).to(twins.dtype)
