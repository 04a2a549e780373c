"""The limit d on the cost value, the limit of λ and the multiplier of the budget, moved until collecting costs what it may."""

from __future__ import annotations

import math
from typing import Any

from alam_ros.learning.config import AlgorithmConfig

AVERAGING = 0.05
"""Time constant of the measured cost, as a share of the training budget."""
ENOUGH = 0.25
"""Share of the target that has to be spent for d to rise at its full rate, whatever `adaptation_trust` is."""
LARGEST_EXCESS = 2.0
"""A cost of three times the target moves d no faster than any higher one; none moves it half as fast the other way."""
SATURATED = 0.75
"""Mean of λ over a batch, as a share of λ_max, from which a lower d would change nothing: most states are at λ_max already."""
MULTIPLIER_RANGE = 10.0
"""λ_max rises to this multiple of what is configured at most; μ's integral stays within it, either way."""
PROPORTIONAL_GAIN = 1.0
"""Of the budget's multiplier: at a cost of twice the target it is e times what its integral says."""


class Threshold:
    """d, λ_max and μ, the budget's multiplier.

    d starts at what the budget allows in a state where costs are spread evenly. They are not: most states cost nothing and d
    binds in the others, so a policy that keeps V_c(s) ≤ d everywhere may spend a third of its budget, or, where the critics are
    biased, more than all of it. With e = (target - measured) / target, clipped, and a share x of the training budget,
    d ln d / dx = adaptation · e (docs/decisions/0012).

    Where too much is spent though λ is at λ_max in most states, a cost is worth too little, and no d could change that: λ_max
    moves instead, d ln λ_max / dx = -adaptation · e, and comes back before d moves again (docs/decisions/0021).

    With a multiplier of the budget, d is a limit of single states and stays, as λ_max does; what costs on average is μ's to hold,
    by proportional and integral control of its logarithm: μ = μ_0 exp(-PROPORTIONAL_GAIN e - adaptation ∫ e dx) (alam.md §3).

    Args:
        config: the constraint, λ_max as configured, below which it does not fall, and μ_0.

    Attributes:
        value: d.
        multiplier_maximum: λ_max.
        saturation: mean of λ over the last batch, as a share of λ_max; the learner keeps it up to date.
        measured: cost of a step, averaged over the latest share `AVERAGING` of the training budget; None before any was seen.
    """

    def __init__(self, config: AlgorithmConfig) -> None:
        self._config, self._least_maximum = config.constraint, config.multiplier.maximum
        self._first_budget_multiplier = config.budget_multiplier
        self.value = config.constraint.threshold * (config.multiplier.state_factor if config.budget_multiplier else 1.0)
        self.multiplier_maximum = self._least_maximum
        self._integral = 0.0
        self.saturation = 0.0
        self.measured: float | None = None
        self._spent = 0.0

    def follow(self, cost: float, spent: float, *, moves: bool) -> None:
        """Take in a step of the environments, and move.

        Args:
            cost: mean of the environments' costs of a step.
            spent: share of the training budget.
            moves: whether the constraint is in force; until it is, costs are measured only.
        """
        share, self._spent = spent - self._spent, spent
        before = cost if self.measured is None else self.measured
        self.measured = before + (1.0 - math.exp(-share / AVERAGING)) * (cost - before)
        config = self._config
        if not moves or config.adaptation == 0.0 or config.certificate == "constraint_decay":
            return
        error = -self._excess
        trust = min(max(self.spent_share / ENOUGH, config.adaptation_trust), 1.0) if error > 0.0 else 1.0
        change = config.adaptation * share * error
        if self._first_budget_multiplier:
            self._integral -= change * trust
            self._integral = min(max(self._integral, -math.log(MULTIPLIER_RANGE)), math.log(MULTIPLIER_RANGE))
            return
        if self._is_price_to_move(error):
            price = self.multiplier_maximum * math.exp(-change)
            self.multiplier_maximum = min(max(price, self._least_maximum), self._least_maximum * MULTIPLIER_RANGE)
            return
        self.value *= math.exp(change * trust)
        self.value = min(max(self.value, config.threshold / config.adaptation_range), config.threshold * config.adaptation_range)

    @property
    def budget_multiplier(self) -> float:
        """μ, what any cost is worth for the budget's sake; 0 where it has no multiplier."""
        first = self._first_budget_multiplier
        return first and first * math.exp(PROPORTIONAL_GAIN * self._excess + self._integral)

    @property
    def spent_share(self) -> float:
        """What a step costs as a share of the target; 1 before anything was measured."""
        config = self._config
        return 1.0 if self.measured is None else self.measured * config.episode_steps / config.target_episode_cost

    @property
    def _excess(self) -> float:
        return min(self.spent_share - 1.0, LARGEST_EXCESS)

    def _is_price_to_move(self, error: float) -> bool:
        """Say whether λ_max moves, and not d."""
        if error > 0.0:
            return self.multiplier_maximum > self._least_maximum
        return self.saturation > SATURATED and self.multiplier_maximum < self._least_maximum * MULTIPLIER_RANGE

    def state_dict(self) -> dict[str, float | None]:
        """Return what a checkpoint keeps."""
        return {
            "value": self.value,
            "multiplier_maximum": self.multiplier_maximum,
            "saturation": self.saturation,
            "measured": self.measured,
            "spent": self._spent,
            "integral": self._integral,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore both limits, what was measured and what it added up to."""
        self.value, self.multiplier_maximum = state["value"], state["multiplier_maximum"]
        self.saturation, self.measured, self._spent = state["saturation"], state["measured"], state["spent"]
        self._integral = state["integral"]
