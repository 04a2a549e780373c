"""Confidence intervals over episodes: states of one episode are alike, so whole episodes are drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
RESAMPLES = 200
LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A figure and the 2.5 % and 97.5 % quantiles of its bootstrap; NaN where it is not defined."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def bootstrap(
    figures: Callable[[Values], Values], episode: NDArray[np.intp], *, resamples: int = RESAMPLES, seed: int = 0
) -> list[Interval]:
    """Return an interval for each figure.

    Every call with equal `episode` and `seed` draws the same episodes, so that differences of figures can be figures, too.

    Args:
        figures: weight of each state, (n,) → the figures, (k,).
        episode: index of the episode of each state, (n,).
        resamples: how often episodes are drawn with replacement.
        seed: of the drawing.
    """
    names, place = np.unique(episode, return_inverse=True)
    rng = np.random.default_rng(seed)
    draws = rng.multinomial(names.size, np.full(names.size, 1.0 / names.size), size=resamples)
    value = figures(np.ones(place.size))
    resampled = np.array([figures(draw[place].astype(np.float64)) for draw in draws])
    return [_interval(figure, column) for figure, column in zip(value, resampled.T, strict=True)]


def _interval(value: float, resampled: Values) -> Interval:
    known = resampled[~np.isnan(resampled)]
    if not known.size:
        return Interval(float(value), float("nan"), float("nan"))
    low, high = np.quantile(known, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return Interval(float(value), float(low), float(high))
