"""The limit d on the cost value, moved until what is collected costs what the budget allows (docs/decisions/0012)."""

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


class Threshold:
    """d, which starts at what the budget allows in a state where costs are spread evenly.

    They are not: most states cost nothing and d binds in the others alone, so a policy that keeps V_c(s) ≤ d everywhere may spend
    a third of its budget, or, where the critics are biased, more than all of it. With e = (target - measured) / target, clipped,
    and a share x of the training budget, d ln d / dx = adaptation · e.

    Args:
        config: the constraint.

    Attributes:
        value: d.
        measured: cost of a step, averaged over the latest share `AVERAGING` of the training budget; None before any was seen.
    """

    def __init__(self, config: ConstraintConfig) -> None:
        self._config = config
        self.value = config.threshold
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
        spent_share = self.measured * config.episode_steps / config.target_episode_cost
        trust = min(max(spent_share / ENOUGH, config.adaptation_trust), 1.0)
        error = max(1.0 - spent_share, -LARGEST_EXCESS)
        self.value *= math.exp(config.adaptation * share * error * (trust if error > 0.0 else 1.0))
        self.value = min(max(self.value, config.threshold / config.adaptation_range), config.threshold * config.adaptation_range)

    def state_dict(self) -> dict[str, float | None]:
        """Return what a checkpoint keeps."""
        return {"value": self.value, "measured": self.measured, "spent": self._spent}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore d and what was measured."""
        self.value, self.measured, self._spent = state["value"], state["measured"], state["spent"]
