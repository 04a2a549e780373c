"""From a score to the probability of a violation."""

from __future__ import annotations

import math
from bisect import bisect_right

import numpy as np
from numpy.typing import NDArray

from alam_ros.policy_file.manifest import CalibrationSpec


class Calibration:
    """The isotonic map fitted in evaluation (alam.md §7): linear between its breakpoints, constant beyond them.

    Without a fitted map every probability is NaN, and so is the horizon. `needs_risk_network` says that the map is of the risk
    network's output rather than of Q_c.
    """

    def __init__(self, spec: CalibrationSpec | None) -> None:
        self.horizon = spec.horizon if spec else float("nan")
        self.needs_risk_network = spec is not None and spec.score == "risk_network"
        self._scores = [float(score) for score in spec.scores] if spec else [0.0]
        self._probabilities = [float(probability) for probability in spec.probabilities] if spec else [math.nan]

    def probabilities(self, scores: NDArray[np.float32]) -> list[float]:
        """Return for each of (k,) scores the probability of a violation within `horizon` s, in [0, 1], or NaN."""
        return [self._probability(score) for score in scores.tolist()]

    def _probability(self, score: float) -> float:
        """Return what `np.interp` does, which takes several times as long for a handful of scores."""
        known, probabilities = self._scores, self._probabilities
        if math.isnan(score):
            return math.nan
        after = bisect_right(known, score)
        if after == 0:
            return probabilities[0]
        if after == len(known):
            return probabilities[-1]
        before = after - 1
        slope = (probabilities[after] - probabilities[before]) / (known[after] - known[before])
        return slope * (score - known[before]) + probabilities[before]
