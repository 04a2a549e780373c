"""What a finished run leaves: one small JSON file with every number a report may ask for."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from alam_ros.errors import ConfigurationError, StudyError
from alam_ros.host.files import remove_leftovers, write_atomically
from alam_ros.study.config import FinalEvaluation
from alam_ros.typed import finite, from_mapping, to_mapping

SCHEMA = 1
SIGNIFICANT_DIGITS = 7


@dataclass(frozen=True, kw_only=True)
class Episodes:
    """The final evaluation, one element an episode, in the order of their seeds.

    Attributes:
        episode_return, cost: sums over the episode; None where one is not finite.
        length: steps.
        terminated: whether it ended by itself rather than by its time limit.
    """

    episode_return: tuple[float | None, ...] = ()
    cost: tuple[float | None, ...] = ()
    length: tuple[int, ...] = ()
    terminated: tuple[bool, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """A finished run.

    Attributes:
        schema: of this file.
        study, task, algorithm, seed: which run of what.
        fingerprint: hash of configuration and evaluation plan, as they were understood when the run was done.
        configuration: of training, complete.
        evaluation: how the final evaluation was made.
        commands: what one would type to train and evaluate this run alone.
        libraries: versions of Python and of all packages that take part in the numbers.
        code: hash of the learner's and the simulators' source; several where it changed between sessions of the run.
        machine: processor, memory, system; `updates`, the devices that computed them.
        steps, updates: environment steps and gradient steps done; where learning diverged, up to the last evaluation before.
        wall_seconds: of training, over all sessions; its progress evaluations run beside it.
        updates_per_second: `updates` over `wall_seconds`.
        summary: the final evaluation in numbers, as `alam evaluate --json` prints it; empty where learning diverged.
        episodes: the final evaluation; none where learning diverged.
        progress: the lines of `metrics.jsonl`.
        oscillation: of λ̄ and of Q_c on the probe states over the last half of training (alam.md §7); None without a record.
        diverged: what was no longer finite, of a run whose learning diverged; None of all others.
    """

    schema: int
    study: str
    task: str
    algorithm: str
    seed: int
    fingerprint: str
    configuration: Mapping[str, Any]
    evaluation: FinalEvaluation
    commands: tuple[str, ...]
    libraries: Mapping[str, str]
    code: str
    machine: Mapping[str, str]
    steps: int
    updates: int
    wall_seconds: float
    updates_per_second: float
    summary: Mapping[str, Any]
    episodes: Episodes
    progress: tuple[Mapping[str, Any], ...]
    oscillation: Mapping[str, Any] | None = None
    diverged: str | None = None

    @property
    def budget(self) -> float:
        """Return the cost an episode may have."""
        return float(self.configuration["algorithm"]["constraint"]["episode_cost_limit"])

    @property
    def has_multiplier(self) -> bool:
        """Return whether costs had a price at all; the zeros of a run without one are no calm multiplier."""
        return bool(self.configuration["algorithm"]["multiplier"]["kind"] != "none")

    @property
    def mean_return(self) -> float:
        """Return the score of the run: its mean over the final evaluation; NaN where learning diverged."""
        return _number(self.summary.get("return_mean"))

    @property
    def mean_cost(self) -> float:
        """Return the same for the cost."""
        return _number(self.summary.get("cost_mean"))

    @property
    def tail_cost(self) -> float:
        """Return the mean cost of the worst tenth of the episodes, at least of one; NaN where learning diverged."""
        costs = np.sort([_number(cost) for cost in self.episodes.cost] or [math.nan])  # NaN comes last, and counts as the worst
        return float(costs[-math.ceil(len(costs) / 10) :].mean())

    @property
    def is_within_budget(self) -> bool:
        """Return whether the mean cost is at most the budget."""
        return self.mean_cost <= self.budget

    def to_json(self) -> bytes:
        """Return the file: one line a key, one line an evaluation, seven significant digits."""
        document = {**_rounded(finite(to_mapping(self))), "configuration": _with_infinities(to_mapping(self.configuration))}
        lines = ",\n".join(f" {json.dumps(key)}: {_text(value)}" for key, value in document.items())
        return f"{{\n{lines}\n}}\n".encode()

    @classmethod
    def from_json(cls, data: bytes, where: str) -> RunResult:
        """Read what `to_json` returned.

        Args:
            data: the file.
            where: for messages.

        Raises:
            StudyError: when it is damaged or of another schema.
        """
        try:
            document = json.loads(data)
            if isinstance(document, Mapping) and document.get("schema") != SCHEMA:
                found = f"schema {document.get('schema')}"
                raise StudyError(f"a result of schema {SCHEMA} in `{where}`", found, "read it with the version that wrote it")
            return from_mapping(cls, document)
        except (ValueError, ConfigurationError) as error:
            raise StudyError(f"the result of a run in `{where}`", str(error), "restore or delete the file") from error


def read_result(path: Path) -> RunResult | None:
    """Return the result, or None where there is no file.

    Raises:
        StudyError: when the file is damaged or of another schema.
    """
    return RunResult.from_json(path.read_bytes(), str(path)) if path.is_file() else None


def write_result(path: Path, data: bytes) -> None:
    """Write a result, whole or not at all, and clear away what was left of a try that was killed.

    Raises:
        StudyError: when the disk does not take it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(path)
        write_atomically(path, data)
    except OSError as error:
        found = f"{type(error).__name__}: {error.strerror}"
        raise StudyError(
            f"`{path}` to be writable", found, "free space or correct its owner, then start the study again"
        ) from error


def _number(value: float | None) -> float:
    """Return a number that `finite` may have replaced by None."""
    return math.nan if value is None else float(value)


def _text(value: Any) -> str:
    """Return JSON, with a line for each element where the elements are mappings."""
    if isinstance(value, Sequence) and value and isinstance(value[0], Mapping):
        return "[\n" + ",\n".join(f"  {json.dumps(item, allow_nan=False)}" for item in value) + "\n ]"
    return json.dumps(value, allow_nan=False)


def _with_infinities(value: Any) -> Any:
    """Return the value with infinities, which JSON does not know, as the text that `alam_ros.typed` reads them from."""
    if isinstance(value, Mapping):
        return {key: _with_infinities(item) for key, item in value.items()}
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(item) for item in value]
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}") if isinstance(value, float) else value
