"""Does Q_c tell the truth? The critics against the discounted costs that followed (docs/journal.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alam_ros.learning.evaluation import EpisodeRecord

LARGEST_TAIL = 0.05


@dataclass(frozen=True)
class CostValueError:
    """Q_c minus the discounted cost observed: its mean, and the correlation of the two (NaN where one of them is constant)."""

    bias: float
    correlation: float


def discounted_costs(cost: NDArray[np.float64], discount: float) -> NDArray[np.float64]:
    """Return Σ_k γ_c^k c_{t+k} for each t of one episode, (T,)."""
    returns = np.zeros_like(cost)
    following = 0.0
    for index in range(len(cost) - 1, -1, -1):
        following = cost[index] + discount * following
        returns[index] = following
    return returns


def cost_value_error(records: Sequence[EpisodeRecord], discount: float) -> CostValueError:
    """Compare over all steps whose future was seen.

    Where an episode was cut short by its time limit, steps with γ_c^(T - t) above 5 % are left out: part of their cost was still
    to come.
    """
    pairs = np.concatenate([_pairs(record, discount) for record in records], axis=1)
    if pairs.shape[1] < 2:
        return CostValueError(float("nan"), float("nan"))
    predicted, observed = pairs
    is_constant = predicted.std() < 1e-9 or observed.std() < 1e-9
    correlation = float("nan") if is_constant else float(np.corrcoef(predicted, observed)[0, 1])
    return CostValueError(float((predicted - observed).mean()), correlation)


def _pairs(record: EpisodeRecord, discount: float) -> NDArray[np.float64]:
    pairs = np.stack((record.cost_value.astype(np.float64), discounted_costs(record.violation, discount)))
    if record.terminated:
        return pairs
    remaining = np.arange(len(record), 0, -1)
    return pairs[:, discount**remaining <= LARGEST_TAIL]
