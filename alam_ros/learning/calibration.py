"""Risk calibration: from the cost value to the probability that a cost occurs within a horizon (alam.md §7).

The map is isotonic: the cost value keeps its order and gains a meaning. Its evidence is out of fold by episode, so that no state
is judged by a map that saw its own episode.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.stats import rankdata

from alam_ros.errors import ConfigurationError
from alam_ros.learning.evaluation import EpisodeRecord

FOLDS = 5
CALIBRATION_BINS = 15
MAXIMUM_BREAKPOINTS = 128
Values = NDArray[np.float64]


@dataclass(frozen=True)
class RiskSamples:
    """States with a known future, one row each.

    Attributes:
        score: Q_c(s_t, a_t), (n,).
        label: whether a cost occurs at t + 1 … t + H, (n,).
        in_violation: whether the state itself is already one, (n,).
        episode: index of the episode, (n,).
    """

    score: Values
    label: NDArray[np.bool_]
    in_violation: NDArray[np.bool_]
    episode: NDArray[np.intp]


@dataclass(frozen=True)
class CalibrationEvidence:
    """Out-of-fold quality on states that are not in violation themselves.

    Attributes:
        states, episodes, positives: how many.
        auroc: of the score, NaN where only one class occurs.
        expected_calibration_error: over 15 bins of equal mass.
        brier_score, brier_skill: skill is against always naming the base rate.
    """

    states: int
    episodes: int
    positives: int
    auroc: float
    expected_calibration_error: float
    brier_score: float
    brier_skill: float


@dataclass(frozen=True)
class Calibration:
    """Breakpoints of the isotonic map, linear in between, and its evidence; `horizon` is in control steps."""

    horizon: int
    scores: Values
    probabilities: Values
    evidence: CalibrationEvidence

    def evidence_mapping(self) -> dict[str, Any]:
        """Return the evidence with None for what is undefined, as JSON wants it."""
        return {name: None if math.isnan(value) else value for name, value in asdict(self.evidence).items()}


def risk_samples(records: Sequence[EpisodeRecord], horizon: int) -> RiskSamples:
    """Label each state with what followed; where truncation hides the end of the window, the state is left out.

    Args:
        records: evaluated episodes.
        horizon: H, control steps.
    """
    parts = []
    for index, record in enumerate(records):
        length = len(record)
        violated = record.cost > 0
        # cost[t] belongs to the state t + 1, so the window of state t is cost[t : t + H].
        sums = np.concatenate(([0], np.cumsum(violated)))
        ends = np.minimum(np.arange(length) + horizon, length)
        label = sums[ends] - sums[:length] > 0
        is_known = label | (np.arange(length) + horizon <= length) | record.terminated
        in_violation = np.concatenate(([False], violated[:-1]))
        parts.append((record.cost_value.astype(float), label, in_violation, np.full(length, index), is_known))
    score, label, in_violation, episode, is_known = (np.concatenate(column) for column in zip(*parts, strict=True))
    return RiskSamples(score[is_known], label[is_known], in_violation[is_known], episode[is_known])


def fit_calibration(records: Sequence[EpisodeRecord], horizon: int) -> Calibration:
    """Fit the map on all episodes and judge it out of fold.

    Raises:
        ConfigurationError: with fewer episodes than folds, or when nothing or everything ends in violation: then there is no map.
    """
    samples = risk_samples(records, horizon)
    positives = int(samples.label.sum())
    if len(records) < FOLDS or positives in (0, samples.label.size):
        raise ConfigurationError(
            f"at least {FOLDS} episodes, with and without violations",
            f"{len(records)} episodes, {positives} of {samples.label.size} states with a violation ahead",
            "evaluate more episodes, or with perturbed actions",
        )
    scores, probabilities = _isotonic(samples.score, samples.label)
    return Calibration(horizon, scores, probabilities, _evidence(samples))


def expected_calibration_error(probability: Values, label: NDArray[np.bool_]) -> float:
    """Return the mean distance between stated probability and observed share over bins of equal mass."""
    order = np.argsort(probability, kind="stable")
    bins = np.array_split(order, CALIBRATION_BINS)
    gaps = [abs(probability[b].mean() - label[b].mean()) * b.size for b in bins if b.size]
    return float(sum(gaps) / order.size)


def auroc(score: Values, label: NDArray[np.bool_]) -> float:
    """Return the chance that a positive scores above a negative, ties counted half; NaN with one class only."""
    positives, negatives = int(label.sum()), int((~label).sum())
    if not positives or not negatives:
        return float("nan")
    ranks = rankdata(score)
    return float((ranks[label].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def _evidence(samples: RiskSamples) -> CalibrationEvidence:
    probability = np.empty_like(samples.score)
    for fold in range(FOLDS):
        held_out = samples.episode % FOLDS == fold
        table = _isotonic(samples.score[~held_out], samples.label[~held_out])
        probability[held_out] = np.interp(samples.score[held_out], *table)
    headline = ~samples.in_violation
    label, probability = samples.label[headline], probability[headline]
    brier, base = float(np.mean((probability - label) ** 2)), float(label.mean())
    reference = base * (1 - base)
    return CalibrationEvidence(
        states=int(headline.sum()),
        episodes=int(np.unique(samples.episode).size),
        positives=int(label.sum()),
        auroc=auroc(samples.score[headline], label),
        expected_calibration_error=expected_calibration_error(probability, label),
        brier_score=brier,
        brier_skill=1 - brier / reference if reference > 0 else float("nan"),
    )


def _isotonic(score: Values, label: NDArray[np.bool_]) -> tuple[Values, Values]:
    """Return breakpoints, strictly rising scores and probabilities that do not fall: the centre of each level of the fit."""
    order = np.argsort(score, kind="stable")
    fitted = isotonic_regression(label[order].astype(float))
    borders = np.asarray(fitted.blocks, dtype=np.intp)
    centres = np.add.reduceat(score[order], borders[:-1]) / np.diff(borders)
    levels = np.clip(fitted.x[borders[:-1]], 0.0, 1.0)
    centres, keep = np.unique(centres, return_index=True)
    levels = levels[keep]
    if centres.size > MAXIMUM_BREAKPOINTS:
        picks = np.unique(np.linspace(0, centres.size - 1, MAXIMUM_BREAKPOINTS).astype(int))
        centres, levels = centres[picks], levels[picks]
    return centres, levels
