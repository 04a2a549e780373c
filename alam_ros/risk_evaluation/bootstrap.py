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
    """A figure and between what it lies by 95 % of resamples of whole episodes; NaN where it is not defined."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def bootstrap(
    figures: Callable[[Values], Values], episode: NDArray[np.intp], *, resamples: int = RESAMPLES, seed: int = 0
) -> list[Interval]:
    """Return the percentile interval of each figure: the 2.5 % and 97.5 % quantiles of its resamples.

    Every call with equal `episode` and `seed` draws the same episodes, so that differences of figures can be figures, too.

    Args:
        figures: weight of each state, (n,) → the figures, (k,).
        episode: index of the episode of each state, (n,).
        resamples: how often episodes are drawn with replacement.
        seed: of the drawing.
    """
    value, resampled = _resample(figures, episode, resamples, seed)
    return [_interval(figure, column) for figure, column in zip(value, resampled.T, strict=True)]


def bootstrap_absolute_sum(
    figures: Callable[[Values], Values], episode: NDArray[np.intp], *, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """Return the interval of Σ_i |f_i| of figures that are means over states, such as an expected calibration error.

    Its percentile interval lies too high: noise in an f_i near 0 adds to |f_i|, in the figure once and in its resamples twice,
    and where every true f_i is 0 no resample says so. But Σ |f_i| is never further from the truth than Σ |f_i - true f_i| (the
    triangle inequality), of which resamples tell the 95 % quantile q. So the truth is within ± q, and not below 0, at least that
    often.

    Args:
        figures: weight of each state, (n,) → f, (k,).
        episode: index of the episode of each state, (n,).
        resamples: how often episodes are drawn with replacement.
        seed: of the drawing, the same episodes as `bootstrap` draws.
    """
    value, resampled = _resample(figures, episode, resamples, seed)
    total = float(np.abs(value).sum())
    reach = float(np.quantile(np.abs(resampled - value).sum(1), LEVEL))
    return Interval(total, max(total - reach, 0.0), total + reach)


def _resample(figures: Callable[[Values], Values], episode: NDArray[np.intp], resamples: int, seed: int) -> tuple[Values, Values]:
    """Return the figures of the episodes, (k,), and of those drawn, (resamples, k)."""
    names, place = np.unique(episode, return_inverse=True)
    rng = np.random.default_rng(seed)
    draws = rng.multinomial(names.size, np.full(names.size, 1.0 / names.size), size=resamples)
    return figures(np.ones(place.size)), np.array([figures(draw[place].astype(np.float64)) for draw in draws])


def _interval(value: float, resampled: Values) -> Interval:
    known = resampled[~np.isnan(resampled)]
    if not known.size:
        return Interval(float(value), float("nan"), float("nan"))
    low, high = np.quantile(known, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return Interval(float(value), float(low), float(high))
