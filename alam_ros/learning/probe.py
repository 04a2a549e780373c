"""The multiplier and the cost value on a fixed set of states, followed through training (alam.md §7).

Whether multipliers settle or oscillate shows only on states that stay the same: the batch and the policy's own states drift.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alam_ros.errors import CheckpointError
from alam_ros.host.files import write_atomically
from alam_ros.learning.agents import Agent

PROBE_STATES = 1024
PROBE_START = 0.25
"""Share of the budget after which the states are drawn: the replay then holds more than random driving."""
RECORDS = 256
"""How often a whole budget is recorded."""
Array = NDArray[np.float32]


@dataclass(frozen=True)
class ProbeRecord:
    """What was recorded of n states at k moments.

    Attributes:
        observation: of the states, (n, observation_size).
        steps: environment steps of each moment, (k,).
        multiplier: λ̄(s), (k, n).
        cost_value: Q_c(s, π(s)) with the deterministic action of that moment, (k, n).
    """

    observation: Array
    steps: NDArray[np.int64]
    multiplier: Array
    cost_value: Array

    def up_to(self, steps: int) -> ProbeRecord:
        """Return the moments not after `steps`."""
        kept = self.steps <= steps
        return ProbeRecord(self.observation, self.steps[kept], self.multiplier[kept], self.cost_value[kept])


class ProbeTrace:
    """Records a run's probe states in one file, which outlives interruptions of the run.

    The file is written with each checkpoint: what a run that is resumed from one would drop needs no place on a disk.

    Args:
        path: of the file, `probe.npz` in the run directory.
        budget: environment steps of the whole run.
        since: environment steps at which this session begins; what the file holds of later ones is dropped.

    Raises:
        CheckpointError: when the file cannot be read.
    """

    def __init__(self, path: Path, *, budget: int, since: int = 0) -> None:
        self._path = path
        self._start = int(PROBE_START * budget)
        self._every = max(budget // RECORDS, 1)
        self._record = _earlier(path, since)
        self._due = since - since % self._every + self._every if self._record else self._start
        self._is_saved = True

    def is_due(self, steps: int) -> bool:
        """Return whether a moment after so many environment steps is to be recorded: not if the last one is too recent."""
        return steps >= self._due

    def record(self, steps: int, agent: Agent, draw_observations: Callable[[int], Array]) -> None:
        """Record this moment.

        Args:
            steps: environment steps so far.
            agent: as it is now.
            draw_observations: count → (count, observation_size), different states the run has met; asked once a run.
        """
        self._due = steps - steps % self._every + self._every
        states = draw_observations(PROBE_STATES) if self._record is None else self._record.observation
        moment = _moment(steps, agent, states)
        self._record = moment if self._record is None else _joined(self._record, moment)
        self._is_saved = False

    def save(self) -> None:
        """Write what was recorded since the last time.

        Raises:
            CheckpointError: when the file cannot be written.
        """
        if self._record is not None and not self._is_saved:
            _write(self._path, self._record)
        self._is_saved = True


def read_probe(path: Path) -> ProbeRecord | None:
    """Read a run's probe file; None where there is none.

    Raises:
        CheckpointError: when it is damaged.
    """
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as archive:
            return ProbeRecord(*(archive[name] for name in ("observation", "steps", "multiplier", "cost_value")))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        found = f"{type(error).__name__}: {error}"
        raise CheckpointError(f"a probe record in `{path}`", found, "delete the file; the record then begins anew") from error


def _earlier(path: Path, since: int) -> ProbeRecord | None:
    """Return what an earlier session recorded up to `since`; None where that is nothing."""
    record = read_probe(path)
    kept = record.up_to(since) if record else None
    return kept if kept is not None and kept.steps.size else None


def _moment(steps: int, agent: Agent, observation: Array) -> ProbeRecord:
    assessment = agent.assess(observation, agent.act(observation))
    return ProbeRecord(observation, np.array([steps]), assessment.multiplier[None], assessment.cost_value[None])


def _joined(record: ProbeRecord, moment: ProbeRecord) -> ProbeRecord:
    return ProbeRecord(
        record.observation,
        np.concatenate((record.steps, moment.steps)),
        np.concatenate((record.multiplier, moment.multiplier)),
        np.concatenate((record.cost_value, moment.cost_value)),
    )


def _write(path: Path, record: ProbeRecord) -> None:
    stream = io.BytesIO()
    np.savez(stream, **vars(record))
    try:
        write_atomically(path, stream.getvalue())
    except OSError as error:
        raise CheckpointError(f"room for `{path}`", str(error), "free space, then resume") from error
