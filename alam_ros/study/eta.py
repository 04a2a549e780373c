"""How long a study still takes, from how long its runs took."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from alam_ros.study.plan import PlannedRun
from alam_ros.study.progress import Progress
from alam_ros.study.result import RunResult

MEASURABLE_S = 5.0
"""A process that trained for less tells nothing of its pace: random steps at the beginning are quick."""


class Estimator:
    """Keeps the pace of each task, in seconds a step: of its finished runs, and before the first of those that train.

    Args:
        slots: runs at a time.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._finished: defaultdict[str, list[float]] = defaultdict(list)
        self._training: dict[str, float] = {}

    def add_result(self, result: RunResult) -> None:
        """Learn from a finished run."""
        self._finished[result.task].append(result.wall_seconds / max(result.steps, 1))

    def add_progress(self, run: PlannedRun, progress: Progress) -> None:
        """Learn from a run that trains."""
        steps = progress.steps - progress.initial_steps
        if steps > 0 and progress.elapsed_s >= MEASURABLE_S:
            self._training[run.task] = progress.elapsed_s / steps

    def run_seconds(self, run: PlannedRun, steps: int) -> float | None:
        """Return the time a run with `steps` done still takes, s; None while nothing is known of any task."""
        pace = self._pace(run.task)
        return None if pace is None else max(run.steps - steps, 0) * pace

    def study_seconds(self, left: Iterable[tuple[PlannedRun, int]]) -> float | None:
        """Return the time runs, each with the steps it has done, still take together, s; None while nothing is known."""
        seconds = [self.run_seconds(run, steps) for run, steps in left]
        known = [value for value in seconds if value is not None]
        if len(known) < len(seconds):
            return None
        return max([sum(known) / self._slots, *known], default=0.0)

    def _pace(self, task: str) -> float | None:
        """Return s per step of the task, or of all tasks where none of its own was measured."""
        if pace := self._known_pace(task):
            return pace
        paces = [self._known_pace(other) for other in {*self._finished, *self._training}]
        known = [pace for pace in paces if pace]
        return sum(known) / len(known) if known else None

    def _known_pace(self, task: str) -> float | None:
        finished = self._finished.get(task)
        return sum(finished) / len(finished) if finished else self._training.get(task)
