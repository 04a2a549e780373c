"""Interquartile means and their bootstrap intervals, as rliable defines them.

Agarwal et al., "Deep reinforcement learning at the edge of the statistical precipice", NeurIPS 2021. Their package needs pandas,
statsmodels and seaborn for what are two formulas, so these are written here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import trim_mean

REPETITIONS = 10_000
CONFIDENCE = 0.95
TRIMMED = 0.25


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """An interquartile mean.

    Attributes:
        value: the estimate; NaN where a score is not finite.
        low, high: 95 % percentile interval of the stratified bootstrap; None where the value is NaN, or where a stratum has a
            single run, which would count as certain.
        runs: scores it rests on.
    """

    value: float
    low: float | None
    high: float | None
    runs: int


def interquartile_mean(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of the middle half along the last axis.

    A quarter of the scores, rounded down, is cut off at either end: with fewer than four it is the plain mean.
    """
    means: NDArray[np.float64] = trim_mean(scores, TRIMMED, axis=-1)
    return means


def estimate(strata: Sequence[Sequence[float]], *, repetitions: int = REPETITIONS, seed: int = 0) -> Estimate:
    """Return the interquartile mean of all scores, and its interval.

    Args:
        strata: scores of runs, a sequence for each task; each bootstrap sample draws from every task as many runs as it has, with
            replacement.
        repetitions: of the bootstrap.
        seed: of the bootstrap, so that a report can be repeated to the last digit.

    Raises:
        ValueError: without any score.
    """
    groups = [np.asarray(scores, np.float64) for scores in strata if len(scores)]
    scores = np.concatenate(groups)
    runs = len(scores)
    # A score that is not finite has no place in an order; trimming would leave it out as if it were the highest.
    value = float(interquartile_mean(scores)) if np.isfinite(scores).all() else math.nan
    if math.isnan(value) or any(len(group) < 2 for group in groups):
        return Estimate(value=value, low=None, high=None, runs=runs)
    generator = np.random.default_rng(seed)
    samples = np.concatenate([group[generator.integers(len(group), size=(repetitions, len(group)))] for group in groups], axis=1)
    low, high = np.quantile(interquartile_mean(samples), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Estimate(value=value, low=float(low), high=float(high), runs=runs)
