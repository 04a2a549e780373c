"""Does Q_c tell the truth? The critics against what they are to foretell, in the costs that followed (docs/journal.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alam_ros.learning.evaluation import EpisodeRecord

LARGEST_TAIL = 0.05


@dataclass(frozen=True)
class CostValueError:
    """Q_c minus the certificate observed: its mean, and the correlation of the two (NaN where one of them is constant)."""

    bias: float
    correlation: float


def observed_certificate(cost: NDArray[np.float64], discount: float, certificate: str) -> NDArray[np.float64]:
    """Return what Q_c would have been right to say at each t of one episode (alam.md §2), (T,).

    Args:
        cost: shares of the steps in violation, (T,).
        discount: γ_c.
        certificate: "cost_value": Σ_k γ_c^k c_{t+k}; "constraint_decay": v_t = c_t + (1 - c_t) γ_c v_{t+1}.
    """
    continuing = 1.0 - cost if certificate == "constraint_decay" else np.ones_like(cost)
    returns = np.zeros_like(cost)
    following = 0.0
    for index in range(len(cost) - 1, -1, -1):
        following = cost[index] + continuing[index] * discount * following
        returns[index] = following
    return returns


def cost_value_error(records: Sequence[EpisodeRecord], discount: float, certificate: str) -> CostValueError:
    """Compare over all steps whose future was seen.

    Where an episode was cut short by its time limit, steps with γ_c^(T - t) above 5 % are left out: part of their cost was still
    to come.

    Args:
        records: whose Q_c is judged.
        discount: γ_c.
        certificate: that Q_c was trained as.
    """
    pairs = np.concatenate([_pairs(record, discount, certificate) for record in records], axis=1)
    if pairs.shape[1] < 2:
        return CostValueError(float("nan"), float("nan"))
    predicted, observed = pairs
    is_constant = predicted.std() < 1e-9 or observed.std() < 1e-9
    correlation = float("nan") if is_constant else float(np.corrcoef(predicted, observed)[0, 1])
    return CostValueError(float((predicted - observed).mean()), correlation)


def _pairs(record: EpisodeRecord, discount: float, certificate: str) -> NDArray[np.float64]:
    observed = observed_certificate(record.violation, discount, certificate)
    pairs = np.stack((record.cost_value.astype(np.float64), observed))
    if record.terminated:
        return pairs
    remaining = np.arange(len(record), 0, -1)
    return pairs[:, discount**remaining <= LARGEST_TAIL]
