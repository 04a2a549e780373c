"""What of a study is finished, in the order of its file."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from alam_ros.study.comparison import Comparison, compare
from alam_ros.study.config import StudyConfig
from alam_ros.study.result import RunResult
from alam_ros.study.state import RunState


@dataclass(frozen=True, kw_only=True)
class StudySoFar:
    """A study and what of it is finished.

    Attributes:
        study: as its file says.
        source: the file, as on the command line.
        states: of all its runs.
    """

    study: StudyConfig
    source: str
    states: Sequence[RunState]

    @property
    def command(self) -> str:
        """Return what one types for the report."""
        return f"alam study {shlex.quote(self.source)} --report"

    @cached_property
    def results(self) -> dict[str, dict[str, list[RunResult]]]:
        """Return the results of finished runs: task → algorithm → seeds, in the order of the study file."""
        finished = [state.result for state in self.states if state.result is not None]
        groups: dict[str, dict[str, list[RunResult]]] = {}
        for task in self.study.tasks:
            for algorithm in self.study.algorithms:
                runs = [run for run in finished if (run.task, run.algorithm) == (task.label, algorithm)]
                if runs:
                    groups.setdefault(task.label, {})[algorithm] = sorted(runs, key=lambda run: run.seed)
        return groups

    @property
    def all_results(self) -> list[RunResult]:
        """Return the same in one list."""
        return [run for group in self.results.values() for runs in group.values() for run in runs]

    @cached_property
    def comparison(self) -> Comparison:
        """Return what they say."""
        return compare(self.results, self.study.reference)

    def of_seed(self, seed: int) -> Comparison:
        """Return what the runs of one seed say; of tasks and algorithms that have it."""
        chosen = {
            task: {name: [run] for name, runs in group.items() for run in runs if run.seed == seed}
            for task, group in self.results.items()
        }
        return compare({task: group for task, group in chosen.items() if group}, self.study.reference)
