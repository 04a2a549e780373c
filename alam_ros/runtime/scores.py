"""What the runtime says about one observation and action."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

from alam_ros.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskScores:
    """How dangerous an action is in a state.

    Attributes:
        probability: of a violation within `horizon` s, calibrated, in [0, 1]; NaN without calibration.
        horizon: s; NaN without calibration.
        cost_value: Q_c(s, a), the larger of the twin critics.
        threshold: d, the limit on it that training enforced.
        multiplier: lambda(s) >= 0.
        effective_multiplier: [lambda + rho (Q_c - d)]_+ (alam.md §3).
        novelty: distance of the observation from the range of training; 0 inside.
    """

    probability: float
    horizon: float
    cost_value: float
    threshold: float
    multiplier: float
    effective_multiplier: float
    novelty: float

    @property
    def margin(self) -> float:
        """Return threshold - cost_value; negative beyond the limit."""
        return self.threshold - self.cost_value


class RiskLevel(IntEnum):
    """The `level` of `alam_ros/msg/RiskEstimate`."""

    UNKNOWN = 0
    NOMINAL = 1
    CAUTION = 2
    DANGER = 3


@dataclass(frozen=True, kw_only=True)
class RiskLevels:
    """Where one level ends and the next begins; the gate's thresholds have the same names and defaults.

    Attributes:
        caution_probability, danger_probability: calibrated probabilities from which the level is CAUTION and DANGER.
        caution_cost_ratio, danger_cost_ratio: the same for cost_value / threshold, where there is no calibration.
        novelty_limit: novelty above which nothing is known.
    """

    caution_probability: float = 0.2
    danger_probability: float = 0.5
    caution_cost_ratio: float = 1.0
    danger_cost_ratio: float = 2.0
    novelty_limit: float = 0.5

    def __post_init__(self) -> None:
        """Refuse a danger that begins before the caution, and what is no number."""
        for caution, danger in (("caution_probability", "danger_probability"), ("caution_cost_ratio", "danger_cost_ratio")):
            low, high = getattr(self, caution), getattr(self, danger)
            if not low <= high < math.inf:
                raise ConfigurationError(f"`{caution}` not above `{danger}`", f"{low} and {high}", f"lower `{caution}` first")
        if not math.isfinite(self.novelty_limit):
            raise ConfigurationError("a finite `novelty_limit`", str(self.novelty_limit), "correct it")

    def of(self, scores: RiskScores) -> RiskLevel:
        """Return the level of the scores.

        Without calibration the cost value decides, in units of its threshold.
        """
        if not scores.novelty <= self.novelty_limit or math.isnan(scores.cost_value):
            return RiskLevel.UNKNOWN
        if math.isnan(scores.probability):
            cost_value, d = scores.cost_value, scores.threshold
            return _level(cost_value, self.caution_cost_ratio * d, self.danger_cost_ratio * d)
        return _level(scores.probability, self.caution_probability, self.danger_probability)


def _level(value: float, caution: float, danger: float) -> RiskLevel:
    if value >= danger:
        return RiskLevel.DANGER
    return RiskLevel.CAUTION if value >= caution else RiskLevel.NOMINAL
