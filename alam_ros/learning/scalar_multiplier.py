"""One multiplier for all states, as the baselines have it (alam.md §6): dual ascent, PID, augmented Lagrangian."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from alam_ros.learning.config import MultiplierConfig
from alam_ros.learning.multiplier import bounded

SMOOTHING = 0.004
"""Share of a new error in its average: over some 250 updates of λ, a thousand of the learner."""


class ScalarMultiplier:
    """λ, the same in every state; with `kind: none` it stays zero.

    Errors e are shares of the budget: (mean Q_c - d) / d₀ over a batch, within ± `dual_gap`, or (J_c - D) / D. Dual ascent moves
    λ by its learning rate times e. PID sets λ = [K_P e + I + K_D [e - ē]_+]_+ with I = [Σ K_I e]_+ and the average ē, a
    derivative over the time of that average (Stooke et al. 2020, algorithm 2, has one over a delay). With the penalty, the actor
    feels [λ + ρ mean G]_+ (Wu et al. 2024): one number for the batch, as its constraint is one for all states.

    Args:
        config: rule, signal and numbers.
        threshold: d₀, the d that was computed; it stays when d moves.

    Attributes:
        ramp: share of the rule in force, 0 to 1; at 0 there is no constraint.
        maximum: λ_max, which the learner moves.
    """

    def __init__(self, config: MultiplierConfig, threshold: float) -> None:
        self.config = config
        self.ramp = 0.0
        self.maximum = config.maximum
        self._threshold = threshold
        self._multiplier = 0.0
        self._integral = 0.0
        self._smoothed: float | None = None

    @property
    def penalty(self) -> float:
        """ρ of the quadratic penalty in the actor's objective."""
        return self.config.penalty * self.ramp if self.config.penalise else 0.0

    def value(self, observation: Tensor) -> Tensor:
        """Return λ for each state, (batch,)."""
        return observation.new_full((len(observation),), self._multiplier)

    def effective(self, multiplier: Tensor, gap: Tensor) -> Tensor:
        """Return m = [λ + ρ mean G]_+, (batch,)."""
        if self.penalty == 0.0:
            return multiplier
        return (multiplier + self.penalty * gap.mean()).clamp(min=0.0)

    def felt(self, multiplier: Tensor, gap: Tensor) -> Tensor:
        """Return what the actor feels of m, (batch,)."""
        return bounded(self.effective(multiplier, gap), multiplier, self.config.effective_maximum)

    def update(self, observation: Tensor, gap: Tensor, episode_excess: float = 0.0) -> Tensor:
        """Move λ.

        Args:
            observation: not used: λ does not depend on it.
            gap: G = Q_c(s, a) - d with fresh actions of the policy, (batch,).
            episode_excess: (J_c - D) / D.

        Returns:
            The error e that moved it.
        """
        config = self.config
        error = episode_excess if config.signal == "episode_cost" else self._gap_error(gap)
        if config.rule == "pid":
            self._multiplier = self._controlled(error)
        else:
            self._multiplier += config.learning_rate * self.ramp * error
        self._multiplier = min(max(self._multiplier, 0.0), self.maximum)
        return torch.tensor(error)

    def _gap_error(self, gap: Tensor) -> float:
        """Return the mean of G in units of d₀; costs are rare, so single states' gaps have to count in full."""
        limit = self.config.dual_gap
        return min(max(float(gap.mean()) / self._threshold, -limit), limit)

    def _controlled(self, error: float) -> float:
        """Return K_P e + I + K_D [e - ē]_+."""
        config, previous = self.config, self._smoothed
        self._smoothed = error if previous is None else previous + SMOOTHING * (error - previous)
        rise = max(error - self._smoothed, 0.0)
        self._integral = min(max(self._integral + config.integral_gain * self.ramp * error, 0.0), self.maximum)
        return config.proportional_gain * self.ramp * error + self._integral + config.derivative_gain * self.ramp * rise

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"multiplier": self._multiplier, "integral": self._integral, "smoothed": self._smoothed}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore λ and the controller."""
        self._multiplier, self._integral, self._smoothed = state["multiplier"], state["integral"], state["smoothed"]
