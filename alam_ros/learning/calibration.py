"""Risk calibration: from a score to the probability that a violation follows within a horizon (alam.md §7).

Its evidence is out of fold by episode, so that no state is judged by a map that saw its own episode.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alam_ros.errors import ConfigurationError
from alam_ros.learning.discrimination import Ranking
from alam_ros.learning.futures import Futures
from alam_ros.learning.isotonic import FOLDS, IsotonicMap, fit_isotonic, out_of_fold
from alam_ros.learning.reliability import Reliability

Values = NDArray[np.float64]


@dataclass(frozen=True)
class CalibrationEvidence:
    """Out-of-fold quality on states that are not in violation themselves.

    Attributes:
        states, episodes, positives: how many.
        auroc: of the score, NaN where only one class occurs.
        expected_calibration_error, brier_score, brier_skill: see `reliability.Honesty`.
    """

    states: int
    episodes: int
    positives: int
    auroc: float
    expected_calibration_error: float
    brier_score: float
    brier_skill: float


@dataclass(frozen=True)
class FittedCalibration:
    """The isotonic map of a score for a horizon in control steps, and its evidence."""

    horizon: int
    map: IsotonicMap
    evidence: CalibrationEvidence

    def evidence_mapping(self) -> dict[str, Any]:
        """Return the evidence with None for what is undefined, as JSON wants it."""
        return {name: None if math.isnan(value) else value for name, value in asdict(self.evidence).items()}


def fit_calibration(score: Values, what_followed: Futures, horizon: int) -> FittedCalibration:
    """Fit the map on states that are not in violation and whose future is known, and judge it on the same, out of fold.

    States in violation would teach the map that high scores are certainties: there, they are.

    Args:
        score: of each state, higher for more dangerous, (n,).
        what_followed: of the same states.
        horizon: H, control steps.

    Raises:
        ConfigurationError: with fewer episodes than folds, or when nothing or everything ends in violation: then there is no map;
            for scores that are not finite.
    """
    if not np.isfinite(score).all():
        found = f"{np.count_nonzero(~np.isfinite(score))} of {score.size} that are not"
        raise ConfigurationError("finite scores", found, "calibrate what has not diverged")
    kept = what_followed.headline(horizon)
    score, label, episode = score[kept], what_followed.label(horizon)[kept], what_followed.episode[kept]
    episodes, positives = int(np.unique(what_followed.episode).size), int(label.sum())
    if episodes < FOLDS or positives in (0, label.size):
        raise ConfigurationError(
            f"at least {FOLDS} episodes, with and without violations",
            f"{episodes} episodes, {positives} of {label.size} states with a violation ahead",
            "let the simulator come to violations in some of them; without any there is no probability to learn",
        )
    evidence = _evidence(score, out_of_fold(score, label, episode), label, episode)
    return FittedCalibration(horizon, fit_isotonic(score, label), evidence)


def _evidence(score: Values, probability: Values, label: NDArray[np.bool_], episode: NDArray[np.intp]) -> CalibrationEvidence:
    honesty = Reliability(probability, label).judge()
    return CalibrationEvidence(
        states=label.size,
        episodes=int(np.unique(episode).size),
        positives=int(label.sum()),
        auroc=Ranking(score, label).judge().auroc,
        expected_calibration_error=honesty.expected_calibration_error,
        brier_score=honesty.brier_score,
        brier_skill=honesty.brier_skill,
    )
