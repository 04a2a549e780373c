"""A figure measured many times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Spread:
    """Median and quartiles."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{_text(self.median)} ({_text(self.low)} to {_text(self.high)})"


def spread(values: Sequence[float]) -> Spread:
    """Return median and quartiles of one value a round."""
    low, median, high = np.quantile(np.asarray(values, np.float64), (0.25, 0.5, 0.75))
    return Spread(float(median), float(low), float(high))


def paired(function: Callable[[float, float], float], first: Sequence[float], second: Sequence[float]) -> Spread:
    """Return the spread of a figure of two things that were measured in the same rounds.

    What disturbs a round disturbs both, so such a figure is steadier than either.
    """
    return spread([function(a, b) for a, b in zip(first, second, strict=True)])


def _text(value: float) -> str:
    return f"{value:.3g}" if value < 999.5 else f"{value:,.0f}"
