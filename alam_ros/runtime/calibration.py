"""From a score to the probability of a violation."""

from __future__ import annotations

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
        self._scores = np.array(spec.scores if spec else [0.0])
        self._probabilities = np.array(spec.probabilities if spec else [float("nan")])

    def probabilities(self, scores: NDArray[np.float32]) -> list[float]:
        """Return for each of (k,) scores the probability of a violation within `horizon` s, in [0, 1], or NaN."""
        return list(np.interp(scores, self._scores, self._probabilities).tolist())
