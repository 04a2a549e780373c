"""The multipliers of several learners at once; the rules are those of `StateMultiplier` and `ScalarMultiplier`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from alam_ros.learning.config import MultiplierConfig
from alam_ros.learning.multiplier import GRADIENT_NORM, bounded
from alam_ros.learning.scalar_multiplier import SMOOTHING
from alam_ros.learning.stacked_networks import stacked_mlp
from alam_ros.learning.stacked_parameters import StackedAdam, StackedParameters


class StackedMultiplier(Protocol):
    """What the learners need of their multipliers; ramp and excess are (learners, 1)."""

    def value(self, observation: Tensor, maximum: Tensor) -> Tensor:
        """Return λ̄ in each state, at most λ_max, (learners, batch); maximum: (learners, 1)."""

    def felt(self, multiplier: Tensor, gap: Tensor, ramp: Tensor) -> Tensor:
        """Return what the actor feels of m = [λ̄ + ρ G]_+, (learners, batch)."""

    def update(self, observation: Tensor, gap: Tensor, ramp: Tensor, excess: Tensor, maximum: Tensor) -> Tensor:
        """Take one step; return what the log calls its loss, (learners,)."""

    @property
    def state(self) -> list[Tensor]:
        """Return all that an update changes."""

    def of_learner(self, index: int) -> dict[str, Any]:
        """Return one learner's state, as its multiplier's `state_dict` does."""


def stack_multipliers(
    configs: Sequence[MultiplierConfig], threshold: float, states: Sequence[Mapping[str, Any]], device: torch.device
) -> StackedMultiplier:
    """Return the multipliers of all learners, those of equal configuration in a row in one stack.

    Args:
        configs: of each learner.
        threshold: d₀, the d that was computed.
        states: of `state_dict`, one of each learner.
        device: where they are.
    """
    blocks: list[tuple[slice, StackedMultiplier]] = []
    for config, indices in itertools.groupby(range(len(configs)), key=configs.__getitem__):
        first, *rest = indices
        part = slice(first, first + 1 + len(rest))
        blocks.append((part, _stack(config, threshold, states[part], device)))
    return blocks[0][1] if len(blocks) == 1 else MixedMultipliers(blocks)


def _stack(
    config: MultiplierConfig, threshold: float, states: Sequence[Mapping[str, Any]], device: torch.device
) -> StackedMultiplier:
    if config.kind == "network":
        return StackedStateMultiplier(config, states, device)
    return StackedScalarMultiplier(config, threshold, states, device)


class MixedMultipliers:
    """Multipliers of different kinds.

    Args:
        blocks: which learners in a row, and their multipliers.
    """

    def __init__(self, blocks: Sequence[tuple[slice, StackedMultiplier]]) -> None:
        self._blocks = blocks

    @property
    def state(self) -> list[Tensor]:
        """Return all that an update changes."""
        return [tensor for _, block in self._blocks for tensor in block.state]

    def value(self, observation: Tensor, maximum: Tensor) -> Tensor:
        """Return λ̄ in each state, at most λ_max, (learners, batch)."""
        return torch.cat([block.value(observation[part], maximum[part]) for part, block in self._blocks])

    def felt(self, multiplier: Tensor, gap: Tensor, ramp: Tensor) -> Tensor:
        """Return what the actors feel of m, (learners, batch)."""
        return torch.cat([block.felt(multiplier[part], gap[part], ramp[part]) for part, block in self._blocks])

    def update(self, observation: Tensor, gap: Tensor, ramp: Tensor, excess: Tensor, maximum: Tensor) -> Tensor:
        """Take one step."""
        numbers = (gap, ramp, excess, maximum)
        return torch.cat([block.update(observation[part], *(n[part] for n in numbers)) for part, block in self._blocks])

    def of_learner(self, index: int) -> dict[str, Any]:
        """Return one learner's state."""
        part, block = next((part, block) for part, block in self._blocks if part.start <= index < part.stop)
        return block.of_learner(index - part.start)


class StackedStateMultiplier:
    """λ(s) of each learner.

    Args:
        config: of all.
        states: of `StateMultiplier.state_dict`, one of each learner.
        device: where they are.
    """

    def __init__(self, config: MultiplierConfig, states: Sequence[Mapping[str, Any]], device: torch.device) -> None:
        self._config = config
        self._online = StackedParameters([state["online"] for state in states], device)
        self._average = StackedParameters([state["average"] for state in states], device)
        self._adam = StackedAdam(self._online, [state["optimizer"] for state in states], GRADIENT_NORM)

    @property
    def state(self) -> list[Tensor]:
        """Return all that an update changes."""
        return [*self._adam.state, self._average.matrix]

    def value(self, observation: Tensor, maximum: Tensor) -> Tensor:
        """Return λ̄(s), at most λ_max, (learners, batch)."""
        return torch.minimum(self._softplus(self._average, observation), maximum)

    def felt(self, multiplier: Tensor, gap: Tensor, ramp: Tensor) -> Tensor:
        """Return what the actor feels of m = [λ̄ + ρ G]_+, (learners, batch)."""
        effective = functional.relu(multiplier + self._config.penalise * self._config.penalty * ramp * gap)
        return bounded(effective, multiplier, self._config.effective_maximum)

    def update(self, observation: Tensor, gap: Tensor, ramp: Tensor, excess: Tensor, maximum: Tensor) -> Tensor:
        """Take one step on λ_ξ and move λ̄ toward it."""
        config, step = self._config, self._config.penalty * ramp
        multiplier = self._softplus(self._online, observation)
        if config.rule == "dual_ascent":
            loss = -2.0 * (step * multiplier * gap).mean(-1)
        else:
            with torch.no_grad():
                origin = self._softplus(self._average, observation) if config.rule == "averaged_target" else multiplier
                target = torch.minimum((origin + step * gap).clamp(min=0.0), maximum)
            loss = (multiplier - target).square().mean(-1)
        self._adam.minimise(loss.sum(), self._online.tensors)
        with torch.no_grad():
            self._average.matrix.lerp_(self._online.matrix, config.averaging)
        return loss.detach()

    def of_learner(self, index: int) -> dict[str, Any]:
        """Return one learner's state."""
        return {
            "online": self._online.of_learner(index),
            "average": self._average.of_learner(index),
            "optimizer": self._adam.of_learner(index),
        }

    @staticmethod
    def _softplus(parameters: StackedParameters, observation: Tensor) -> Tensor:
        return functional.softplus(stacked_mlp(parameters.tensors, observation).squeeze(-1))


class StackedScalarMultiplier:
    """One λ for all states of each learner.

    Args:
        config: of all.
        threshold: d₀, the d that was computed: the unit of errors.
        states: of `ScalarMultiplier.state_dict`, one of each learner.
        device: where they are.
    """

    def __init__(
        self, config: MultiplierConfig, threshold: float, states: Sequence[Mapping[str, Any]], device: torch.device
    ) -> None:
        self._config, self._threshold = config, threshold
        smoothed = [math.nan if state["smoothed"] is None else state["smoothed"] for state in states]
        columns = ([state["multiplier"] for state in states], [state["integral"] for state in states], smoothed)
        self._multiplier, self._integral, self._smoothed = (torch.tensor(column, device=device) for column in columns)

    @property
    def state(self) -> list[Tensor]:
        """Return all that an update changes."""
        return [self._multiplier, self._integral, self._smoothed]

    def value(self, observation: Tensor, maximum: Tensor) -> Tensor:
        """Return λ in each state, (learners, batch)."""
        return self._multiplier.unsqueeze(1).expand(observation.shape[:2])

    def felt(self, multiplier: Tensor, gap: Tensor, ramp: Tensor) -> Tensor:
        """Return what the actor feels of m = [λ + ρ mean G]_+, (learners, batch)."""
        penalty = self._config.penalise * self._config.penalty * ramp
        effective = (multiplier + penalty * gap.mean(-1, keepdim=True)).clamp(min=0.0)
        return bounded(effective, multiplier, self._config.effective_maximum)

    @torch.no_grad()
    def update(self, observation: Tensor, gap: Tensor, ramp: Tensor, excess: Tensor, maximum: Tensor) -> Tensor:
        """Move λ; return the error that moved it, (learners,)."""
        config, ramp = self._config, ramp.squeeze(1)
        follows_episodes, limit = config.signal == "episode_cost", config.dual_gap
        error = excess.squeeze(1).clone() if follows_episodes else (gap.mean(-1) / self._threshold).clamp(-limit, limit)
        ceiling = maximum.squeeze(1)
        is_pid = config.rule == "pid"
        moved = self._controlled(error, ramp, ceiling) if is_pid else self._multiplier + config.learning_rate * ramp * error
        self._multiplier.copy_(torch.minimum(moved.clamp(min=0.0), ceiling))
        return error

    def _controlled(self, error: Tensor, ramp: Tensor, maximum: Tensor) -> Tensor:
        """Return K_P e + I + K_D [e - ē]_+."""
        config = self._config
        self._smoothed.copy_(torch.where(self._smoothed.isnan(), error, self._smoothed + SMOOTHING * (error - self._smoothed)))
        rise = (error - self._smoothed).clamp(min=0.0)
        self._integral.add_(config.integral_gain * ramp * error).clamp_(min=0.0)
        torch.minimum(self._integral, maximum, out=self._integral)
        return config.proportional_gain * ramp * error + self._integral + config.derivative_gain * ramp * rise

    def of_learner(self, index: int) -> dict[str, Any]:
        """Return one learner's state."""
        multiplier, integral, smoothed = (float(column[index]) for column in self.state)
        return {"multiplier": multiplier, "integral": integral, "smoothed": None if math.isnan(smoothed) else smoothed}
