"""The limit d on the cost value, and the limit of λ, moved until what is collected costs what the budget allows."""

from __future__ import annotations

import math
from typing import Any

from alam_ros.learning.config import ConstraintConfig

AVERAGING = 0.05
"""Time constant of the measured cost, as a share of the training budget."""
ENOUGH = 0.25
"""Share of the target that has to be spent for d to rise at its full rate, whatever `adaptation_trust` is."""
LARGEST_EXCESS = 2.0
"""A cost of three times the target moves d no faster than any higher one; none moves it half as fast the other way."""
SATURATED = 0.75
"""Mean of λ over a batch, as a share of λ_max, from which a lower d would change nothing: most states are at λ_max already."""
LARGEST_CHANGE = 50.0
"""Of a logarithm in one step: more than any range of d or λ_max holds, and little enough for `exp`."""
MULTIPLIER_RANGE = 10.0
"""λ_max rises to this multiple of what is configured at most."""


class Threshold:
    """d and λ_max.

    d starts at what the budget allows in a state where costs are spread evenly. They are not: most states cost nothing and d
    binds in the others, so a policy that keeps V_c(s) ≤ d everywhere may spend a third of its budget, or, where the critics are
    biased, more than all of it. With e = (target - measured) / target, clipped, and a share x of the training budget,
    d ln d / dx = adaptation · e (docs/decisions/0012).

    Where too much is spent though λ is at λ_max in most states, a cost is worth too little, and no d could change that: λ_max
    moves instead, d ln λ_max / dx = -adaptation · e, and comes back before d moves again (docs/decisions/0021).

    Args:
        config: the constraint.
        multiplier_maximum: λ_max as configured, below which it does not fall.

    Attributes:
        value: d.
        multiplier_maximum: λ_max.
        saturation: mean of λ over the last batch, as a share of λ_max; the learner keeps it up to date.
        measured: cost of a step, averaged over the latest share `AVERAGING` of the training budget; None before any was seen.
            Random steps count as no share of it: the first of them stands for all, until the first step after them does.
    """

    def __init__(self, config: ConstraintConfig, multiplier_maximum: float) -> None:
        self._config, self._least_maximum = config, multiplier_maximum
        self.value = config.threshold
        self.multiplier_maximum = multiplier_maximum
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
        error = max(1.0 - self.spent_share, -LARGEST_EXCESS)
        trust = min(max(self.spent_share / ENOUGH, config.adaptation_trust), 1.0) if error > 0.0 else 1.0
        change = min(max(config.adaptation * share * error, -LARGEST_CHANGE), LARGEST_CHANGE)
        if self._is_price_to_move(error):
            price = self.multiplier_maximum * math.exp(-change)
            self.multiplier_maximum = min(max(price, self._least_maximum), self._least_maximum * MULTIPLIER_RANGE)
            return
        self.value *= math.exp(change * trust)
        self.value = min(max(self.value, config.threshold / config.adaptation_range), config.threshold * config.adaptation_range)

    @property
    def spent_share(self) -> float:
        """What a step costs as a share of the target; 1 before anything was measured."""
        config = self._config
        return 1.0 if self.measured is None else self.measured * config.episode_steps / config.target_episode_cost

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
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore both limits and what was measured."""
        self.value, self.multiplier_maximum = state["value"], state["multiplier_maximum"]
        self.saturation, self.measured, self._spent = state["saturation"], state["measured"], state["spent"]
