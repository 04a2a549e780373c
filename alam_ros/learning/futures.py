"""What followed each state of recorded episodes: the labels that risk is judged by (alam.md §7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alam_ros.learning.evaluation import EpisodeRecord

NEVER = np.iinfo(np.intp).max


@dataclass(frozen=True)
class Futures:
    """The states of several episodes in their order, one row each; all arrays (n,).

    Attributes:
        lead: control steps until the next state in violation, at least 1; `NEVER` where none came.
        seen: control steps of the future that were seen; `NEVER` where the episode ended by itself: nothing more can come.
        in_violation: whether the state itself is in violation.
        episode: index of the episode.
    """

    lead: NDArray[np.intp]
    seen: NDArray[np.intp]
    in_violation: NDArray[np.bool_]
    episode: NDArray[np.intp]

    def label(self, horizon: int) -> NDArray[np.bool_]:
        """Return y_t^H: whether a cost occurs at t + 1 … t + H."""
        return self.lead <= horizon

    def is_known(self, horizon: int) -> NDArray[np.bool_]:
        """Return where the whole window was seen.

        A window that truncation cuts is left out also where it holds a cost already: of those only the dangerous ones would be
        kept, and the time in an episode would foretell danger (docs/decisions/0024).
        """
        return self.seen >= horizon

    def headline(self, horizon: int) -> NDArray[np.bool_]:
        """Return the states to judge by: those with a known label that are not in violation already."""
        return self.is_known(horizon) & ~self.in_violation


def futures(records: Sequence[EpisodeRecord]) -> Futures:
    """Look ahead from each state of each episode.

    Args:
        records: at least one episode. Whether its first state is in violation is not recorded; it is taken not to be.
    """
    parts = [_future(record, index) for index, record in enumerate(records)]
    return Futures(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _future(record: EpisodeRecord, index: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_], NDArray[np.intp]]:
    length = len(record)
    time = np.arange(length)
    violated = record.cost > 0  # element t tells of the state t + 1
    places = np.append(np.flatnonzero(violated), length)
    following = places[np.searchsorted(places, time)]
    lead = np.where(following < length, following - time + 1, NEVER)
    seen = np.full(length, NEVER) if record.terminated else length - time
    return lead, seen, np.concatenate(([False], violated[:-1])), np.full(length, index)
