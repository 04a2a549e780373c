"""Does a score rank the states before a violation above the others? AUROC and AUPRC of weighted states."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Discrimination:
    """How well a score ranks.

    Attributes:
        auroc: the chance that a positive scores above a negative, ties counted half; NaN with one class only.
        auprc: average precision Σ_k (recall_k - recall_{k-1}) precision_k over all thresholds; NaN without positives.
    """

    auroc: float
    auprc: float


class Ranking:
    """States sorted by one score once, judged under many weights.

    Args:
        score: (n,), higher for more dangerous.
        label: (n,), whether a violation followed.
    """

    def __init__(self, score: Values, label: NDArray[np.bool_]) -> None:
        self._order = np.argsort(score, kind="stable")[::-1]
        ordered = score[self._order]
        self._starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
        self._label = label[self._order].astype(np.float64)

    def judge(self, weight: Values | None = None) -> Discrimination:
        """Return the figures where state i counts `weight[i]` times; (n,), all once if not given."""
        ordered = np.ones(self._order.size) if weight is None else weight[self._order]
        # One entry for each value of the score, the most dangerous first.
        positive = np.add.reduceat(ordered * self._label, self._starts)
        both = np.add.reduceat(ordered, self._starts)
        negative = both - positive
        positives, negatives = positive.sum(), negative.sum()
        if positives <= 0:
            return Discrimination(float("nan"), float("nan"))
        found, announced = np.cumsum(positive), np.cumsum(both)
        precision = np.divide(found, announced, out=np.zeros_like(found), where=announced > 0)
        below = negatives - np.cumsum(negative)
        won = (positive * (below + negative / 2)).sum()
        auroc = float(won / (positives * negatives)) if negatives > 0 else float("nan")
        return Discrimination(auroc, float((positive * precision).sum() / positives))
