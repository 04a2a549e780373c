"""The limits d and λ_max, moved until what is collected costs what the budget allows (docs/decisions/0012 and 0018)."""

from __future__ import annotations

import math
from typing import Any

from alam_ros.learning.config import ConstraintConfig, MultiplierConfig

AVERAGING = 0.05
"""Time constant of the measured cost, as a share of the training budget."""
ENOUGH = 0.25
"""Share of the target that has to be spent for the limits to give way at their full rate, whatever `adaptation_trust` is."""
LARGEST_EXCESS = 2.0
"""A cost of three times the target moves the limits no faster than any higher one; none moves them half as fast the other way."""
LEAST_SHARE = 0.1
"""λ_max falls to this share of `multiplier.maximum` at most."""


class Limits:
    """d, how much cost a state may have ahead, and λ_max, what a cost is worth where a state has more than that.

    d starts at what the budget allows in a state where costs are spread evenly. They are not: most states cost nothing and d
    binds in the others alone, so a policy that keeps V_c(s) ≤ d everywhere may spend a third of its budget, or, where the critics
    are biased, more than all of it. With e = (target - measured) / target, clipped, and a share x of the training budget:

    - Members whose λ_max is fixed: d ln d / dx = adaptation · e.
    - Others: λ_max gives way first, d ln λ_max / dx = -maximum_adaptation · e, never above `multiplier.maximum`; where costs are
      too high even so, d falls as above, and recovers before λ_max does. d never exceeds what it was computed to be.

    Args:
        constraint: what is allowed.
        multiplier: whose λ_max it is.

    Attributes:
        threshold: d.
        multiplier: λ_max.
        measured: cost of a step, averaged over the latest share `AVERAGING` of the training budget; None before any was seen.
    """

    def __init__(self, constraint: ConstraintConfig, multiplier: MultiplierConfig) -> None:
        self._constraint = constraint
        self._maximum, self._maximum_adaptation = multiplier.maximum, multiplier.maximum_adaptation
        self.threshold = constraint.threshold
        self.multiplier = multiplier.maximum
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
        constraint = self._constraint
        if not moves or constraint.adaptation == 0.0 or constraint.certificate == "constraint_decay":
            return
        spent_share = self.measured * constraint.episode_steps / constraint.target_episode_cost
        change = share * max(1.0 - spent_share, -LARGEST_EXCESS)
        if change > 0.0:
            change *= min(max(spent_share / ENOUGH, constraint.adaptation_trust), 1.0)
        if self._maximum_adaptation == 0.0:
            self._move_threshold(change, constraint.adaptation_range)
        elif self.threshold < constraint.threshold if change > 0.0 else self.multiplier == self._maximum:
            self._move_threshold(change, 1.0)
        else:
            moved = self.multiplier * math.exp(-self._maximum_adaptation * change)
            self.multiplier = min(max(moved, LEAST_SHARE * self._maximum), self._maximum)

    def _move_threshold(self, change: float, highest: float) -> None:
        """Move d, to at most `highest` times what it was computed to be."""
        constraint = self._constraint
        moved = self.threshold * math.exp(constraint.adaptation * change)
        self.threshold = min(max(moved, constraint.threshold / constraint.adaptation_range), constraint.threshold * highest)

    def state_dict(self) -> dict[str, float | None]:
        """Return what a checkpoint keeps."""
        return {"threshold": self.threshold, "multiplier": self.multiplier, "measured": self.measured, "spent": self._spent}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the limits and what was measured."""
        self.threshold, self.multiplier = state["threshold"], state["multiplier"]
        self.measured, self._spent = state["measured"], state["spent"]
