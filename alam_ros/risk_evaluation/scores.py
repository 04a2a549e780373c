"""The scores that are compared, each higher for more dangerous states."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from alam_ros.learning.evaluation import EpisodeRecord

Values = NDArray[np.float64]
PROBABILITY, COST_VALUE, CLEARANCE = "probability", "cost_value", "clearance"
SCORES = (PROBABILITY, "multiplier", "effective_multiplier", COST_VALUE, CLEARANCE)
"""Names as in `EpisodeRecord`: the calibrated probability, λ̄(s), [λ̄ + ρ (Q_c - d)]_+, Q_c(s, a), and the negated clearance."""
BASELINES = (COST_VALUE, CLEARANCE)
"""What the multiplier and the probability are to beat: the cost critic alone, and geometry without any learning."""


def scores_of(records: Sequence[EpisodeRecord]) -> dict[str, Values]:
    """Return the scores the records hold, each (n,) over all states; those that are nowhere known are left out.

    NaN where a score is unknown: the simulator tells the clearance at the end of a step, so an episode's first state has none.
    """
    columns = {name: np.concatenate([_column(record, name) for record in records]) for name in SCORES}
    return {name: column for name, column in columns.items() if not np.isnan(column).all()}


def _column(record: EpisodeRecord, name: str) -> Values:
    values = np.asarray(getattr(record, name), np.float64)
    if name == CLEARANCE:
        return -np.concatenate(([np.nan], values[:-1]))
    return values
