"""The typed content of a study file; `config/study/*.yaml` are its instances."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from alam_ros.errors import ConfigurationError

LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
REPORT = "report"
"""The folder of the report, beside those of the tasks."""


@dataclass(frozen=True, kw_only=True)
class StudyTask:
    """A task, with its budget.

    Attributes:
        label: names the task in paths and tables.
        config: a training configuration: a YAML file, or the name of one that comes with the package.
        overrides: `dotted.key=value`, applied to it; the number of steps, say.
    """

    label: str
    config: str
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FinalEvaluation:
    """What every finished run is judged by: deterministic actions on episodes that training never saw.

    Attributes:
        episodes: how many, run to their ends.
        seed: of the episodes, the same for all runs; `alam evaluate --seed` makes the same ones.
    """

    episodes: int = 50
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse an evaluation of nothing."""
        if self.episodes < 1 or self.seed < 0:
            found = f"{self.episodes} episodes, seed {self.seed}"
            raise ConfigurationError("`evaluation` of at least one episode, with a seed of at least 0", found, "correct it")


@dataclass(frozen=True, kw_only=True)
class StudyConfig:
    """A whole study.

    Attributes:
        name: of the study.
        directory: of the results, small and meant to be committed.
        runs: of checkpoints, logs and TensorBoard scalars; `runs/<name>` by default.
        tasks: in the order of the tables.
        overrides: of every task's configuration, before its own; how often all evaluate, say.
        algorithms: label → overrides of the task's configuration.
        seeds: of training; each makes one run of every algorithm on every task.
        evaluation: of finished runs.
        run_time_limit_s: a run's `trainer.wall_clock_limit_s`, s, unless its task or algorithm sets another; None for no limit.
        reference: algorithm whose return the aggregate over tasks is normalised by; without it there is no aggregate.
    """

    name: str
    directory: str
    tasks: tuple[StudyTask, ...]
    algorithms: Mapping[str, tuple[str, ...]]
    seeds: tuple[int, ...]
    runs: str = ""
    overrides: tuple[str, ...] = ()
    evaluation: FinalEvaluation = field(default_factory=FinalEvaluation)
    run_time_limit_s: float | None = None
    reference: str = "sac"

    def __post_init__(self) -> None:
        """Fill in the default, and refuse names that cannot be parts of a path and runs that are named twice."""
        if not self.runs:
            object.__setattr__(self, "runs", f"runs/{self.name}")
        labels = [task.label for task in self.tasks]
        for where, names in (("name", [self.name]), ("tasks.label", labels), ("algorithms", list(self.algorithms))):
            _check_labels(where, names)
        _check_distinct("seeds", self.seeds)
        if min(self.seeds) < 0:
            raise ConfigurationError("`seeds` of at least 0", str(min(self.seeds)), "correct them")
        if REPORT in labels:
            raise ConfigurationError("tasks with other labels than the report's folder", f"`{REPORT}`", "rename the task")


def _check_labels(where: str, labels: Iterable[str]) -> None:
    labels = list(labels)
    for label in labels:
        if not LABEL.fullmatch(label):
            expected = f"`{where}` of letters, digits, `.`, `_` and `-`, beginning with a letter or digit"
            raise ConfigurationError(expected, repr(label), "rename it")
    _check_distinct(where, labels)


def _check_distinct(where: str, values: Iterable[object]) -> None:
    counts = Counter(values)
    if not counts:
        raise ConfigurationError(f"at least one in `{where}`", "none", "name one")
    twice = [value for value, count in counts.items() if count > 1]
    if twice:
        raise ConfigurationError(f"different `{where}`", f"{twice[0]!r} more than once", "remove or rename one")
