"""The bins of a reliability diagram: announced against observed probability, with intervals over episodes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

EDGES = (0.0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0)
"""Fine where most states are: near zero."""
RESAMPLES = 1000


@dataclass(frozen=True)
class DiagramBin:
    """States with similar probabilities.

    Attributes:
        announced, observed: their mean probability, and the share before which a violation lay.
        low, high: between which 95 % of resamplings of whole episodes see that share.
        states: how many.
    """

    announced: float
    observed: float
    low: float
    high: float
    states: int


def diagram_bins(announced: NDArray[np.float64], label: NDArray[np.bool_], episode: NDArray[np.intp]) -> list[DiagramBin]:
    """Return the bins that are not empty, rising; all arguments (n,)."""
    place = np.clip(np.searchsorted(EDGES, announced, side="right") - 1, 0, len(EDGES) - 2)
    shape = (int(episode.max()) + 1, len(EDGES) - 1)
    states, positives = np.zeros(shape), np.zeros(shape)
    np.add.at(states, (episode, place), 1)
    np.add.at(positives, (episode, place), label)
    draws = np.random.default_rng(0).multinomial(shape[0], np.full(shape[0], 1 / shape[0]), size=RESAMPLES)
    with np.errstate(invalid="ignore"):
        shares = draws @ positives / (draws @ states)
    bins = []
    for index in np.flatnonzero(states.sum(0)):
        low, high = np.nanquantile(shares[:, index], (0.025, 0.975))
        members = place == index
        bins.append(
            DiagramBin(
                announced=float(announced[members].mean()),
                observed=float(label[members].mean()),
                low=float(low),
                high=float(high),
                states=int(members.sum()),
            )
        )
    return bins
