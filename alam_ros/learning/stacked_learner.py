"""Several learners that differ in their seeds, or in how their multipliers move, updated together.

One operation serves all of them wherever `Learner` has one. A GPU spends most of an update of networks of this size on starting
operations, not on their arithmetic, so that further learners come almost free. The arithmetic is that of `Learner`, with which
each of them agrees to 1e-5 over 100 updates.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from alam_ros.learning.config import AlgorithmConfig
from alam_ros.learning.learner import ALL, COST, REWARD, Learner, combine
from alam_ros.learning.replay import Batch
from alam_ros.learning.stacked_multiplier import stack_multipliers
from alam_ros.learning.stacked_networks import stacked_action, stacked_critics, stacked_sample
from alam_ros.learning.stacked_parameters import StackedAdam, StackedParameters

NUMBERS = 6


def alike(first: AlgorithmConfig, second: AlgorithmConfig) -> bool:
    """Return whether learners of two configurations can be updated together: they differ in their multipliers' rule at most.

    What the multipliers share is when they are updated and when they come into force.
    """
    shared = operator.attrgetter("delay", "start", "ramp")
    has_none = [config.multiplier.kind == "none" for config in (first, second)]
    rest = replace(second, name=first.name, multiplier=first.multiplier)
    return first == rest and has_none[0] == has_none[1] and shared(first.multiplier) == shared(second.multiplier)


@dataclass(frozen=True)
class Due:
    """What an update consists of beside a step of the reward critics."""

    cost_critics: bool
    actor: bool
    multiplier: bool
    is_constrained: bool


class StackedLearner:
    """Takes the steps of each of its learners.

    What is measured on the way stays with them: units, the limit d, progress and what an episode costs are read from them in
    `take_in`. Their networks are those of the beginning until `bring_back`.

    Args:
        learners: of configurations that are `alike`, with equally many updates behind them.
        device: where to compute.
        draw_noise: shape → standard normal numbers on the device.
    """

    def __init__(
        self,
        learners: Sequence[Learner],
        device: torch.device,
        draw_noise: Callable[[tuple[int, ...]], Tensor] | None = None,
    ) -> None:
        self.learners, self.device = learners, device
        self.config = config = learners[0].config
        self.updates = learners[0].updates
        self._draw_noise = draw_noise or (lambda shape: torch.randn(shape, device=device))
        limits = torch.tensor([learner.gap_limits for learner in learners], device=device)
        self._lowest_gap, self._seen_gap, self._dual_gap = limits.unsqueeze(2).unbind(1)
        states = [learner.state_dict() for learner in learners]
        self._actor, self._average_actor = (
            StackedParameters([state[name] for state in states], device) for name in ("actor", "average_actor")
        )
        self._critics, self._targets = (
            StackedParameters([state[name] for state in states], device, kinds=4) for name in ("critics", "target_critics")
        )
        self._actor_adam = StackedAdam(self._actor, [state["actor_optimizer"] for state in states], config.gradient_norm)
        self._critic_adam = StackedAdam(self._critics, [state["critic_optimizer"] for state in states], config.gradient_norm)
        self._temperature = StackedTemperature(states, device)
        self._action_size = states[0]["actor"][list(states[0]["actor"])[-1]].shape[0] // 2
        self._multiplier = stack_multipliers(
            [learner.config.multiplier for learner in learners],
            config.constraint.threshold,
            [state["multiplier"] for state in states],
            device,
        )
        self._update_count = torch.tensor(float(self.updates), device=device)
        self._saturation = torch.tensor([learner.limit.saturation for learner in learners], device=device)
        size = len(learners[0].units.mean)
        self._numbers = torch.zeros(len(learners), NUMBERS + 2 * size, device=device)
        (
            self._threshold,
            self._maximum,
            self._ramp,
            self._target_entropy,
            self._excess,
            self._reward_factor,
            self._mean,
            self._inverse_deviation,
        ) = torch.split(self._numbers, [*[1] * NUMBERS, size, size], dim=1)
        self._factors = [learner.units.reward_factor for learner in learners]
        self.take_in()

    def take_in(self) -> None:
        """Read what the learners have measured since the last time."""
        rows = [
            torch.cat((torch.tensor(_measured(learner)), learner.units.mean, learner.units.inverse_deviation))
            for learner in self.learners
        ]
        self._numbers.copy_(torch.stack(rows))
        for index, learner in enumerate(self.learners):
            if learner.units.reward_factor != self._factors[index]:
                self._rescale_reward_values(index, learner.units.reward_factor / self._factors[index])
                self._factors[index] = learner.units.reward_factor

    def tell_saturation(self) -> None:
        """Tell the learners how near λ is to λ_max, before they measure: λ_max follows it. Waits for the device."""
        if self.learners[0].multiplier.ramp > 0:
            for learner, saturation in zip(self.learners, self._saturation.tolist(), strict=True):
                learner.limit.saturation = saturation

    @property
    def next_due(self) -> Due:
        """Return what the next update consists of."""
        number, config = self.updates + 1, self.config
        is_constrained = self.learners[0].multiplier.ramp > 0
        return Due(
            cost_critics=number % config.cost_critic_period == 0,
            actor=number % config.actor_delay == 0,
            multiplier=is_constrained and number % config.multiplier.delay == 0,
            is_constrained=is_constrained,
        )

    @property
    def state(self) -> list[Tensor]:
        """Return all that an update changes, as it lies on the device."""
        return [
            *self._actor_adam.state,
            *self._critic_adam.state,
            *self._temperature.state,
            *self._multiplier.state,
            self._average_actor.matrix,
            self._targets.matrix,
            self._update_count,
            self._saturation,
        ]

    @torch.no_grad()
    def explore(self, observation: Tensor, exported: int = 0) -> Tensor:
        """Choose actions to collect with, as `Learner.explore` does.

        Args:
            observation: of each learner's environments, raw, (learners, n, observation_size).
            exported: of each learner, in how many of them, the first ones, the averaged actor's mean action is taken.

        Returns:
            (learners, n, action_size), in [-1, 1].
        """
        rows = self._normalise(observation)
        action = self._sample(rows)[0]
        if exported:
            action[:, :exported] = stacked_action(self._average_actor.tensors, rows[:, :exported])
        return action

    def update(self, batch: Batch, due: Due) -> dict[str, Tensor]:
        """Take one gradient step on every network that is due; the caller counts it in `updates`.

        Args:
            batch: transitions of each learner, in raw units; each tensor (learners, batch, …).
            due: as `next_due` says.

        Returns:
            Detached scalars for the log by name, each (learners,).
        """
        self._update_count.add_(1)
        batch = replace(
            batch,
            observation=self._normalise(batch.observation),
            next_observation=self._normalise(batch.next_observation),
            reward=batch.reward * self._reward_factor,
        )
        scalars = self._update_critics(batch, ALL if due.cost_critics else REWARD)
        if due.actor:
            scalars |= self._update_actor(batch.observation, is_constrained=due.is_constrained)
        if due.multiplier:
            with torch.no_grad():
                gap = self._gap(self._values(batch.observation)[1]).clamp(-self._dual_gap, self._dual_gap)
            loss = self._multiplier.update(batch.observation, gap, self._ramp, self._excess, self._maximum)
            scalars["multiplier/loss"] = loss
        self._move_targets(due)
        return scalars

    def bring_back(self, index: int) -> None:
        """Write a learner's networks, optimisers and counters, as they are now, into the learner itself."""
        self.take_in()  # its critics in the units that it has measured by now
        learner = self.learners[index]
        learner.load_state_dict(
            {
                **learner.state_dict(),  # units and limit are its own
                "actor": self._actor.of_learner(index),
                "average_actor": self._average_actor.of_learner(index),
                "critics": self._critics.of_learner(index),
                "target_critics": self._targets.of_learner(index),
                "actor_optimizer": self._actor_adam.of_learner(index),
                "critic_optimizer": self._critic_adam.of_learner(index),
                "multiplier": self._multiplier.of_learner(index),
                **self._temperature.of_learner(index),
                "updates": self.updates,
            }
        )

    def _update_critics(self, batch: Batch, due: slice) -> dict[str, Tensor]:
        targets = self._critic_targets(batch)
        errors, norms = zip(*(self._step_critics(batch, targets, *steps) for steps in self._critic_steps(due)), strict=True)
        error = torch.cat(errors)
        scalars = {"critic/reward_loss": error[REWARD].mean(0), "critic/gradient_norm": norms[0]}
        return scalars | ({"critic/cost_loss": error[COST].mean(0)} if due == ALL else {})

    def _critic_steps(self, due: slice) -> list[tuple[slice, Tensor | None]]:
        """Return which critics are stepped together, and how many steps these have taken where not all take as many."""
        period = self.config.cost_critic_period
        if period == 1:
            return [(ALL, None)]
        steps: list[tuple[slice, Tensor | None]] = [(REWARD, self._update_count), (COST, self._update_count / period)]
        return steps if due == ALL else steps[:1]

    def _step_critics(self, batch: Batch, targets: Tensor, members: slice, count: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return their squared errors, (critics, learners), and their gradients' norms, (learners,)."""
        rows = self._critics.rows(members)
        critics = [tensor[rows] for tensor in self._critics.tensors]
        values = stacked_critics(critics, batch.observation, batch.action)
        errors = (values - targets[members]).square().mean(-1)
        return errors.detach(), self._critic_adam.minimise(errors.sum(), critics, rows, count)

    @torch.no_grad()
    def _critic_targets(self, batch: Batch) -> Tensor:
        """Return what `Learner.critic_targets` returns, (4, learners, batch)."""
        action, log_probability = self._sample(batch.next_observation)
        values = stacked_critics(self._targets.tensors, batch.next_observation, action)
        constraint = self.config.constraint
        alive = 1.0 - batch.terminated
        soft = values[REWARD].amin(0) - self._temperature.value * log_probability
        reward_target = batch.reward + self.config.discount * alive * soft
        if constraint.certificate == "constraint_decay":
            alive = alive * (1.0 - batch.cost)
        bootstrap = combine(values[COST], self.config.cost_bootstrap)
        cost_target = (batch.cost + constraint.discount * alive * bootstrap).clamp(max=constraint.largest_value)
        return torch.stack((reward_target, reward_target, cost_target, cost_target))

    def _update_actor(self, observation: Tensor, *, is_constrained: bool) -> dict[str, Tensor]:
        log_probability, values = self._values(observation)
        reward_value = values[REWARD].amin(0)
        temperature = self._temperature.value
        objective = temperature * log_probability - reward_value
        scalars = {}
        if is_constrained:
            gap = self._gap(values)
            with torch.no_grad():
                multiplier = self._multiplier.value(observation, self._maximum)
                torch.div(multiplier.mean(-1), self._maximum.squeeze(1), out=self._saturation)
                price = self._multiplier.felt(multiplier, gap.clamp(max=self._seen_gap), self._ramp)
            objective = (objective + price * gap) / (1.0 + price)
            scalars = {
                "multiplier/effective": price.mean(-1),
                "multiplier/mean": multiplier.mean(-1),
                "multiplier/max": multiplier.amax(-1),
                "multiplier/threshold": self._threshold.squeeze(1).clone(),
                "multiplier/limit": self._maximum.squeeze(1).clone(),
                "actor/gap": gap.detach().mean(-1),
                "actor/infeasible_share": (gap.detach() > 0).to(gap.dtype).mean(-1),
            }
        norm = self._actor_adam.minimise(objective.mean(-1).sum(), self._actor.tensors)
        with torch.no_grad():
            count = torch.floor(self._update_count / self.config.actor_delay)
            rate = torch.clamp(1.0 / count, min=self.config.actor_averaging)
            self._average_actor.matrix.lerp_(self._actor.matrix, rate.to(self._actor.matrix.dtype))
        mean = log_probability.detach().mean(-1)
        scalars["actor/temperature"] = temperature.squeeze(1)
        self._temperature.step(mean + self._target_entropy.squeeze(1))
        return scalars | {
            "actor/entropy": -mean,
            "actor/reward_value": reward_value.detach().mean(-1),
            "actor/gradient_norm": norm,
        }

    def _values(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        """Draw a ~ π(s); return its log-probability and the critics' values, (learners, batch) and (4, learners, batch)."""
        action, log_probability = self._sample(observation)
        return log_probability, stacked_critics(self._critics.tensors, observation, action)

    def _sample(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        noise = self._draw_noise((*observation.shape[:2], self._action_size))
        return stacked_sample(self._actor.tensors, observation, noise)

    def _gap(self, values: Tensor) -> Tensor:
        """Return G = Q_c - d, clipped from below, (learners, batch)."""
        gap = combine(values[COST], self.config.cost_pessimism) - self._threshold
        return gap.clamp(min=self._lowest_gap)

    def _normalise(self, observation: Tensor) -> Tensor:
        if not self.config.normalise_observations:
            return observation
        return (observation - self._mean.unsqueeze(1)) * self._inverse_deviation.unsqueeze(1)

    @torch.no_grad()
    def _move_targets(self, due: Due) -> None:
        averagings = [(REWARD, self.config.target_averaging), (COST, self.config.cost_target_averaging)]
        if due.cost_critics and averagings[0][1] == averagings[1][1]:
            averagings = [(ALL, averagings[0][1])]
        for members, averaging in averagings if due.cost_critics else averagings[:1]:
            rows = self._critics.rows(members)
            self._targets.matrix[rows].lerp_(self._critics.matrix[rows], averaging)

    @torch.no_grad()
    def _rescale_reward_values(self, index: int, factor: float) -> None:
        layers, rows = len(self._critics.tensors) // 2, slice(index, 2 * len(self.learners), len(self.learners))
        for critics in (self._critics, self._targets):
            for last in (critics.tensors[layers - 1], critics.tensors[-1]):
                last.detach()[rows] *= factor


def _measured(learner: Learner) -> tuple[float, ...]:
    """Return what a learner has measured or been told, `NUMBERS` of them."""
    return (
        learner.threshold,
        learner.multiplier.maximum,
        learner.multiplier.ramp,
        learner.target_entropy,
        learner.episode_excess,
        learner.units.reward_factor,
    )


class StackedTemperature:
    """log α of each learner, and its optimiser.

    Args:
        states: of the learners.
        device: where they are.
    """

    def __init__(self, states: Sequence[dict[str, Any]], device: torch.device) -> None:
        log_temperatures = [{"log_temperature": state["log_temperature"]} for state in states]
        self._parameters = StackedParameters(log_temperatures, device)
        self._log_temperature = self._parameters.tensors[0]
        self._adam = StackedAdam(self._parameters, [_begun(state) for state in states], float("inf"))

    @property
    def value(self) -> Tensor:
        """Return α, (learners, 1)."""
        return self._log_temperature.detach().exp()

    @property
    def state(self) -> list[Tensor]:
        """Return all that a step changes."""
        return self._adam.state

    def step(self, excess: Tensor) -> None:
        """Step down -log α · excess, E[log π] + H_target, (learners,)."""
        self._adam.minimise(-(self._log_temperature.squeeze(1) * excess).sum(), self._parameters.tensors)

    def of_learner(self, index: int) -> dict[str, Any]:
        """Return one learner's part of its state."""
        return {
            **self._parameters.of_learner(index),
            "temperature_optimizer": self._adam.of_learner(index),
        }


def _begun(state: dict[str, Any]) -> dict[str, Any]:
    """Return the state of a temperature's optimiser, which torch leaves empty until its first step."""
    optimizer = state["temperature_optimizer"]
    if optimizer["state"]:
        return dict(optimizer)
    zero = torch.zeros_like(state["log_temperature"])
    return {**optimizer, "state": {0: {"step": torch.tensor(0.0), "exp_avg": zero, "exp_avg_sq": zero.clone()}}}
