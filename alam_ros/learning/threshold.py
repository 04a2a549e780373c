"""The limit d on the cost value, and the limit of λ, moved until what is collected costs what the budget allows."""

from __future__ import annotations

import math
from typing import Any

from alam_ros.learning.config import ConstraintConfig

AVERAGING = 0.05
"""Time constant of the cost of all copies of the environments, as a share of the training budget."""
EXPORTED_AVERAGING = 0.2
"""The same of the copies that act as exported, one of eight: a few episodes."""
NOTABLE = 2.0
"""What is exported counts where it costs more than this multiple of what collects: of so few episodes, less is chance."""
ENOUGH = 0.25
"""Share of the target that has to be spent for d to rise at its full rate, whatever `adaptation_trust` is."""
LARGEST_EXCESS = 2.0
"""A cost of three times the target moves d no faster than any higher one; none moves it half as fast the other way."""
SATURATED = 0.75
"""Mean of λ over a batch, as a share of λ_max, from which a lower d would change nothing: most states are at λ_max already."""
FELT = 0.04
"""Mean of λ over a batch, in the learner's units of reward, from which d rises at its full rate: below, few states feel it."""
LARGEST_CHANGE = 50.0
"""Of a logarithm in one step: more than any range of d or λ_max holds, and little enough for `exp`."""
MULTIPLIER_RANGE = 10.0
"""λ_max rises to this multiple of what is configured at most."""


class RunningCost:
    """Exponential average of a cost per step, over the latest share of the training budget.

    Args:
        averaging: time constant, as a share of the training budget.
    """

    def __init__(self, averaging: float) -> None:
        self._averaging = averaging
        self._sum = self._weight = 0.0

    @property
    def mean(self) -> float | None:
        """Return the average; None before anything was measured."""
        return self._sum / self._weight if self._weight else None

    def follow(self, cost: float, share: float) -> None:
        """Take in what a step cost that is a share of the training budget."""
        rate = -math.expm1(-share / self._averaging)
        self._sum += rate * (cost - self._sum)
        self._weight += rate * (1.0 - self._weight)

    def begin(self, mean: float, share: float) -> None:
        """Begin as if a step had cost the mean during a share of the training budget."""
        self._weight = -math.expm1(-share / self._averaging)
        self._sum = mean * self._weight

    def state_dict(self) -> dict[str, float]:
        """Return what a checkpoint keeps."""
        return {"sum": self._sum, "weight": self._weight}

    def load_state_dict(self, state: dict[str, float]) -> None:
        """Restore it."""
        self._sum, self._weight = state["sum"], state["weight"]


class Threshold:
    """d and λ_max.

    d starts at what the budget allows in a state where costs are spread evenly. They are not: most states cost nothing and d
    binds in the others, so a policy that keeps V_c(s) ≤ d everywhere may spend a third of its budget, or, where the critics are
    biased, more than all of it. With e = (target - measured) / target, clipped, and a share x of the training budget,
    d ln d / dx = adaptation · e (docs/decisions/0012). Measured is what a step of all copies of the environment costs, or what
    one of those costs that act as the policy will be exported, without noise, where that is notably more (docs/decisions/0026).

    Where little is spent though λ is near 0 nearly everywhere, it is not d that holds costs down, and to raise it would gain
    nothing but what the policy may spend once it can: d then rises at the rate mean λ / FELT of its own (docs/decisions/0027).

    Where too much is spent though λ is at λ_max in most states, a cost is worth too little, and no d could change that: λ_max
    moves instead, d ln λ_max / dx = -adaptation · e, and comes back before d moves again (docs/decisions/0021).

    Args:
        config: the constraint.
        multiplier_maximum: λ_max as configured, below which it does not fall.

    Attributes:
        value: d.
        multiplier_maximum: λ_max.
        saturation: mean of λ over the last batch, as a share of λ_max; the learner keeps it up to date.
        collected: cost of a step of all copies. Nothing is measured of random steps.
        exported: the same of the copies that act as exported, where there are any; it begins at what is collected.
    """

    def __init__(self, config: ConstraintConfig, multiplier_maximum: float) -> None:
        self._config, self._least_maximum = config, multiplier_maximum
        self.value = config.threshold
        self.multiplier_maximum = multiplier_maximum
        self.saturation = 0.0
        self.collected, self.exported = RunningCost(AVERAGING), RunningCost(EXPORTED_AVERAGING)
        self._spent = 0.0

    def follow(self, cost: float, spent: float, *, moves: bool, exported: float | None = None) -> None:
        """Take in a step of the environments, and move.

        Args:
            cost: mean of the costs of all copies' steps.
            spent: share of the training budget; 0 as long as actions are random.
            moves: whether the constraint is in force; until it is, costs are measured only.
            exported: mean of those that act as exported; None as long as none does.
        """
        share, self._spent = (spent - self._spent if self._spent else 0.0), spent
        self.collected.follow(cost, share)
        if exported is not None:
            self._follow_exported(exported, share)
        config = self._config
        if not moves or config.adaptation == 0.0 or config.certificate == "constraint_decay":
            return
        error = max(1.0 - self.spent_share, -LARGEST_EXCESS)
        change = min(max(config.adaptation * share * error, -LARGEST_CHANGE), LARGEST_CHANGE)
        if self._is_price_to_move(error):
            price = self.multiplier_maximum * math.exp(-change)
            self.multiplier_maximum = min(max(price, self._least_maximum), self._least_maximum * MULTIPLIER_RANGE)
            return
        self.value *= math.exp(change * (self._trust if error > 0.0 else 1.0))
        self.value = min(max(self.value, config.threshold / config.adaptation_range), config.threshold * config.adaptation_range)

    def _follow_exported(self, cost: float, share: float) -> None:
        if self.exported.mean is None and self.collected.mean is not None:
            self.exported.begin(self.collected.mean, AVERAGING)
        self.exported.follow(cost, share)

    @property
    def spent_share(self) -> float:
        """What a step costs as a share of the target; 1 before anything was measured."""
        config = self._config
        if self.collected.mean is None:
            return 1.0
        exported = self.exported.mean or 0.0
        measured = exported if exported > NOTABLE * self.collected.mean else self.collected.mean
        return config.spent(measured) / config.target_episode_cost

    @property
    def _trust(self) -> float:
        """Return how fast d may rise, as a share of its rate."""
        spent = min(max(self.spent_share / ENOUGH, self._config.adaptation_trust), 1.0)
        return spent * min(self.saturation * self.multiplier_maximum / FELT, 1.0)

    def _is_price_to_move(self, error: float) -> bool:
        """Say whether λ_max moves, and not d."""
        if error > 0.0:
            return self.multiplier_maximum > self._least_maximum
        return self.saturation > SATURATED and self.multiplier_maximum < self._least_maximum * MULTIPLIER_RANGE

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {
            "value": self.value,
            "multiplier_maximum": self.multiplier_maximum,
            "saturation": self.saturation,
            "collected": self.collected.state_dict(),
            "exported": self.exported.state_dict(),
            "spent": self._spent,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore both limits and what was measured."""
        self.value, self.multiplier_maximum = state["value"], state["multiplier_maximum"]
        self.saturation, self._spent = state["saturation"], state["spent"]
        self.collected.load_state_dict(state["collected"])
        self.exported.load_state_dict(state["exported"])
