"""Does a quantity settle in training, or does it swing (alam.md §7)?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alam_ros.learning.probe import ProbeRecord

FLOOR = 1e-3
"""Added to the mean that a deviation is divided by: a multiplier of zero does not oscillate however small its noise."""


@dataclass(frozen=True)
class Oscillation:
    """How much k moments of n states swing; NaN where there are too few moments.

    Attributes:
        moments: k.
        variation: E_s[std_t x / (mean_t x + 1e-3)], the CV of alam.md §7. A trend counts as well.
        excess_total_variation: E_s[(Σ_t |x_{t+1} - x_t| - |x_k - x_1|) / ((k - 1) (mean_t x + 1e-3))]: way travelled in vain from
            one moment to the next, relative to the mean; 0 for anything monotonic.
        reversal_rate: share of changes that undo a part of the change before; changes of exactly 0 do not count.
    """

    moments: int
    variation: float
    excess_total_variation: float
    reversal_rate: float


def oscillation(series: NDArray[np.floating]) -> Oscillation:
    """Measure (k, n) values that are not negative, such as λ̄ of n states at k moments."""
    values = np.asarray(series, np.float64)
    moments = len(values)
    if moments < 3:
        return Oscillation(moments, float("nan"), float("nan"), float("nan"))
    scale = np.abs(values.mean(0)) + FLOOR
    changes = np.diff(values, axis=0)
    travelled = np.abs(changes).sum(0) - np.abs(values[-1] - values[0])
    products = changes[1:] * changes[:-1]
    moved = products != 0.0
    return Oscillation(
        moments=moments,
        variation=float((values.std(0) / scale).mean()),
        excess_total_variation=float((travelled / scale).mean() / (moments - 1)),
        reversal_rate=float((products[moved] < 0.0).mean()) if moved.any() else float("nan"),
    )


def last_half(record: ProbeRecord) -> ProbeRecord:
    """Return the moments of the last half of training, which is what alam.md §7 measures."""
    late = record.steps >= record.steps[-1] / 2
    return ProbeRecord(record.observation, record.steps[late], record.multiplier[late], record.cost_value[late])
