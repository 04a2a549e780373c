"""Does a probability mean what it says? ECE, Brier score and skill of weighted states."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

CALIBRATION_BINS = 15
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Honesty:
    """How well stated probabilities came true.

    Attributes:
        expected_calibration_error: mean distance between stated probability and observed share over 15 bins of equal mass.
        brier_score: mean squared distance between stated probability and what happened.
        brier_skill: 1 - Brier score / that of always stating the base rate; NaN with one class only.
    """

    expected_calibration_error: float
    brier_score: float
    brier_skill: float


class Reliability:
    """Stated probabilities held against what happened, under many weights.

    States with equal probability share a bin, so that the order of episodes makes no difference. Weights change what is in the
    bins, not their borders.

    Args:
        probability: (n,) in [0, 1].
        label: (n,), whether a violation followed.
    """

    def __init__(self, probability: Values, label: NDArray[np.bool_]) -> None:
        self._probability, self._label = probability, label.astype(np.float64)
        middle = (rankdata(probability) - 0.5) / probability.size
        self._bin = (middle * CALIBRATION_BINS).astype(np.intp)

    def judge(self, weight: Values | None = None) -> Honesty:
        """Return the figures where state i counts `weight[i]` times; (n,), all once if not given."""
        weights = np.ones(self._label.size) if weight is None else weight
        total = weights.sum()
        brier = float((weights * (self._probability - self._label) ** 2).sum() / total)
        base = float((weights * self._label).sum() / total)
        reference = base * (1 - base)
        skill = 1 - brier / reference if reference > 0 else float("nan")
        return Honesty(float(np.abs(self.gaps(weights)).sum()), brier, skill)

    def gaps(self, weight: Values) -> Values:
        """Return stated less observed share of each bin, times the bin's share of the weight, (15,); weight: (n,)."""
        gaps: Values = np.bincount(self._bin, weight * (self._probability - self._label), CALIBRATION_BINS) / weight.sum()
        return gaps
