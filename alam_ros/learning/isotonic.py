"""The isotonic map from a score to a probability: the score keeps its order and gains a meaning (alam.md §7)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from alam_ros.errors import ConfigurationError

FOLDS = 5
LEAST_EPISODES = 2
"""Of fewer, none is left to fit a map on that another is judged by, and none differs when episodes are drawn again."""
MAXIMUM_BREAKPOINTS = 128
Values = NDArray[np.float64]


@dataclass(frozen=True)
class IsotonicMap:
    """Linear between its breakpoints, constant beyond them.

    Attributes:
        scores: strictly rising, (k,).
        probabilities: not falling, in [0, 1], (k,).
    """

    scores: Values
    probabilities: Values

    def __call__(self, score: Values) -> Values:
        """Return the probabilities of scores, (n,)."""
        return np.interp(score, self.scores, self.probabilities)


def fit_isotonic(score: Values, label: NDArray[np.bool_]) -> IsotonicMap:
    """Return the least-squares fit; its breakpoints are the centres of its levels.

    Equal scores are one point with their share of labels and their number as weight, or their order would decide.

    Args:
        score: (n,), n at least 1.
        label: (n,).
    """
    distinct, place, count = np.unique(score, return_inverse=True, return_counts=True)
    weights = count.astype(np.float64)
    fitted = isotonic_regression(np.bincount(place, weights=label) / weights, weights=weights)
    borders = np.asarray(fitted.blocks, dtype=np.intp)
    centres = np.add.reduceat(distinct * weights, borders[:-1]) / np.add.reduceat(weights, borders[:-1])
    levels = np.clip(fitted.x[borders[:-1]], 0.0, 1.0)
    centres, keep = np.unique(centres, return_index=True)  # two levels may have the same centre, to rounding
    levels = levels[keep]
    if centres.size > MAXIMUM_BREAKPOINTS:
        picks = np.unique(np.linspace(0, centres.size - 1, MAXIMUM_BREAKPOINTS).astype(int))
        centres, levels = centres[picks], levels[picks]
    return IsotonicMap(centres, levels)


def out_of_fold(score: Values, label: NDArray[np.bool_], episode: NDArray[np.intp]) -> Values:
    """Return the probability of each state by a map fitted on other episodes only, (n,).

    Args:
        score: (n,).
        label: (n,).
        episode: index of the episode of each state, (n,).

    Raises:
        ConfigurationError: for states of fewer than two episodes: there are no others to fit a map on.
    """
    episodes, place = np.unique(episode, return_inverse=True)
    if episodes.size < LEAST_EPISODES:
        expected = f"states of at least {LEAST_EPISODES} episodes"
        raise ConfigurationError(expected, f"states of {episodes.size}", "evaluate more episodes")
    fold = place % FOLDS
    probability = np.empty(score.size)
    for held_out in (fold == index for index in np.unique(fold)):
        probability[held_out] = fit_isotonic(score[~held_out], label[~held_out])(score[held_out])
    return probability
