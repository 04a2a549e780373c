"""Who can be evaluated: a learner in torch, or a policy file in NumPy, behind one interface."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from alam_ros.learning.config import ConstraintConfig
from alam_ros.learning.learner import Learner
from alam_ros.learning.multiplier import StateMultiplier
from alam_ros.learning.networks import squashed_log_std
from alam_ros.runtime import PolicyRuntime
from alam_ros.typed import flattened

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Assessment:
    """What an agent says of n pairs of observation and action, each (n,).

    Attributes:
        cost_value: Q_c, the larger of the twins.
        multiplier: λ̄.
        effective_multiplier: [λ̄ + ρ (Q_c - d)]_+.
        probability: of a violation within the policy file's horizon; NaN where there is no calibration.
    """

    cost_value: Array
    multiplier: Array
    effective_multiplier: Array
    probability: Array


class Agent(Protocol):
    """Acts in [-1, 1] and judges actions.

    Attributes:
        cost_discount: γ_c.
        certificate: what Q_c was trained as, see `ConstraintConfig`.
    """

    cost_discount: float
    certificate: str

    @property
    def threshold(self) -> float:
        """Return d."""
        ...

    def act(self, observation: Array, noise: Array | None = None) -> Array:
        """Return (n, action_size) actions.

        Args:
            observation: (n, observation_size).
            noise: standard normal, (n, action_size), for actions drawn from the policy; None for its deterministic action.
        """
        ...

    def assess(self, observation: Array, action: Array) -> Assessment:
        """Judge actions in states.

        Args:
            observation: as collected, (n, observation_size).
            action: in [-1, 1], (n, action_size).

        Returns:
            Scores of each pair, (n,).
        """
        ...


class LearnerAgent:
    """A learner, as it is at the moment of each call.

    Args:
        learner: acts with its averaged actor.
        frozen: stay as it is now, whatever the learner learns.
    """

    def __init__(self, learner: Learner, *, frozen: bool = False) -> None:
        parts = learner.average_actor, learner.critics, learner.multiplier, learner.units, learner.limit
        self._actor, self._critics, self._multiplier, self._units, self._limit = copy.deepcopy(parts) if frozen else parts
        self.cost_discount = learner.config.constraint.discount
        self.certificate: str = learner.config.constraint.certificate

    @property
    def threshold(self) -> float:
        """Return d."""
        return self._limit.value

    @torch.inference_mode()
    def act(self, observation: Array, noise: Array | None = None) -> Array:
        """Return tanh(mean), or tanh(mean + σ · noise)."""
        mean, log_std = self._actor.distribution(self._units.normalise(torch.from_numpy(observation)))
        raw = mean if noise is None else mean + log_std.exp() * torch.from_numpy(noise)
        return torch.tanh(raw).numpy()

    @torch.inference_mode()
    def assess(self, observation: Array, action: Array) -> Assessment:
        """Judge with the online cost critics and the averaged multiplier; multipliers are 0 while the constraint rests.

        The penalty of a scalar multiplier weighs a whole batch; a single pair of observation and action feels λ alone.
        """
        state = self._units.normalise(torch.from_numpy(observation))
        cost_value = self._critics(state, torch.from_numpy(action))[2:].amax(0)
        multiplier = effective = torch.zeros(len(state))
        if self._multiplier.ramp > 0:
            multiplier = self._multiplier.value(state)
            effective = multiplier
            if isinstance(self._multiplier, StateMultiplier):
                effective = self._multiplier.effective(multiplier, cost_value - self.threshold)
        return Assessment(cost_value.numpy(), multiplier.numpy(), effective.numpy(), np.full(len(state), np.nan, np.float32))


class PolicyAgent:
    """A policy file, through the code the robot runs."""

    def __init__(self, runtime: PolicyRuntime) -> None:
        self._runtime = runtime
        self.threshold = runtime.manifest.risk.threshold
        self.cost_discount = runtime.manifest.risk.cost_discount
        said = flattened(runtime.manifest.configuration).get("algorithm.constraint.certificate")
        self.certificate: str = ConstraintConfig.certificate if said is None else str(said)

    def act(self, observation: Array, noise: Array | None = None) -> Array:
        """Return the deterministic actions, or with noise those that training would have drawn."""
        if noise is None:
            return np.stack([self._runtime.act(row) for row in observation])
        mean, raw_log_std = (np.stack(rows) for rows in zip(*map(self._runtime.distribution, observation), strict=True))
        deviation = squashed_log_std(torch.from_numpy(raw_log_std)).exp().numpy()
        action: Array = np.tanh(mean + deviation * noise)
        return action

    def assess(self, observation: Array, action: Array) -> Assessment:
        """Judge row by row, as the robot does."""
        scores = [self._runtime.risk(state, act) for state, act in zip(observation, action, strict=True)]
        columns = [(s.cost_value, s.multiplier, s.effective_multiplier, s.probability) for s in scores]
        return Assessment(*np.array(columns, np.float32).T)
