"""How far a run is, told by its process through a file and read by whoever shows it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from alam_ros.learning.metrics import read_metrics
from alam_ros.typed import from_mapping, to_mapping

INTERVAL_S = 1.0
Stage = Literal["waiting", "training", "evaluating"]


@dataclass(frozen=True, kw_only=True)
class Progress:
    """A moment of a run.

    Attributes:
        stage: "waiting" for another process to leave the directory, "training", or in the final evaluation.
        steps: environment steps done.
        initial_steps: done when this process began.
        elapsed_s: since this process began to train.
        evaluated_at: steps at the last progress evaluation, 0 before the first.
        episode_return, cost, multiplier: its means; None before the first, or where it had none.
    """

    stage: Stage = "waiting"
    steps: int = 0
    initial_steps: int = 0
    elapsed_s: float = 0.0
    evaluated_at: int = 0
    episode_return: float | None = None
    cost: float | None = None
    multiplier: float | None = None


def progress_path(directory: Path) -> Path:
    """Return where a run tells its progress."""
    return directory / "progress.json"


def read_progress(directory: Path) -> Progress | None:
    """Return the last progress told in a run directory, or None before the first."""
    try:
        return from_mapping(Progress, json.loads(progress_path(directory).read_text()))
    except FileNotFoundError:
        return None


class ProgressReporter:
    """Tells progress, about once a second.

    Args:
        directory: of the run.
        metrics: file of its evaluations.
        clock: monotonic, s.
    """

    def __init__(self, directory: Path, metrics: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = progress_path(directory)
        self._metrics = metrics
        self._clock = clock
        self._started = clock()
        self._initial_steps = 0
        self._due = self._started

    def begin(self, steps: int) -> None:
        """Count time and steps from here."""
        self._started, self._initial_steps = self._clock(), steps
        self.tell("training", steps)

    def tell_if_due(self, steps: int) -> None:
        """Tell that training is at `steps`, unless it was told a moment ago."""
        if self._clock() >= self._due:
            self.tell("training", steps)

    def tell(self, stage: Stage, steps: int) -> None:
        """Replace what was told; nothing here is worth waiting for the disk, or failing with it."""
        self._due = self._clock() + INTERVAL_S
        rows = read_metrics(self._metrics)
        last = rows[-1]["evaluation"] if rows else {}
        progress = Progress(
            stage=stage,
            steps=steps,
            initial_steps=self._initial_steps,
            elapsed_s=self._clock() - self._started,
            evaluated_at=rows[-1]["steps"] if rows else 0,
            episode_return=last.get("return_mean"),
            cost=last.get("cost_mean"),
            multiplier=last.get("multiplier_mean"),
        )
        temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}.tmp")
        with suppress(OSError):
            temporary.write_text(json.dumps(to_mapping(progress)))
            temporary.replace(self._path)
