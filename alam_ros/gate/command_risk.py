"""The risk of a command that anybody gave: of all of it, of fractions of it, and of what the policy would do instead."""

from __future__ import annotations

import math
from dataclasses import dataclass

from alam_ros.gate.risk import Risk, cost_ratio

FRACTIONS = tuple(tenths / 10 for tenths in range(10, -1, -1))
"""Of a command, in the order in which they are judged: all of it first, rest last."""
REST, FALLBACK = len(FRACTIONS) - 1, len(FRACTIONS)
"""Where the risks of rest and of the policy's own action stand."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandRisk:
    """A command judged in one state.

    Attributes:
        stamp: of the observation it was judged by, s of the source's clock.
        observation_age: s from that stamp to the judgement.
        threshold: the limit on a cost value that training enforced.
        novelty: distance of the observation from the training range; 0 inside.
        command: (components,) as it was given, physical units.
        fallback: (components,) the policy's own action, physical units.
        probabilities: of a violation: for each of `FRACTIONS` of the command, then for the fallback; NaN without calibration.
        cost_values: expected discounted costs, in the same order.
    """

    stamp: float
    observation_age: float
    threshold: float
    novelty: float
    command: tuple[float, ...]
    fallback: tuple[float, ...]
    probabilities: tuple[float, ...]
    cost_values: tuple[float, ...]

    def fault(self) -> str:
        """Say which number is not one, or return an empty string. NaN probabilities mean no calibration."""
        if len(self.probabilities) != FALLBACK + 1 or len(self.cost_values) != FALLBACK + 1:
            return f"{len(self.probabilities)} probabilities and {len(self.cost_values)} cost values"
        bad = [f"cost_value {value}" for value in self.cost_values if not math.isfinite(value)]
        if self.is_calibrated():
            bad += [f"probability {value}" for value in self.probabilities if not 0.0 <= value <= 1.0]
        return ", ".join(bad)

    def as_risk(self) -> Risk:
        """Return the risk of the whole command, and of rest in its place."""
        return Risk(
            stamp=self.stamp,
            observation_age=self.observation_age,
            probability=self.probabilities[0],
            cost_value=self.cost_values[0],
            threshold=self.threshold,
            novelty=self.novelty,
            rest_probability=self.probabilities[REST],
            rest_cost_value=self.cost_values[REST],
        )

    def is_calibrated(self) -> bool:
        """Say whether the probabilities are there to be judged by."""
        return not all(map(math.isnan, self.probabilities))

    def measures(self) -> tuple[float, ...]:
        """Return what is held against the acceptable risk: probabilities, or cost values in units of their threshold."""
        if self.is_calibrated():
            return self.probabilities
        return tuple(cost_ratio(cost_value, self.threshold) for cost_value in self.cost_values)
