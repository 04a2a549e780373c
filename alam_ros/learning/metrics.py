"""`metrics.jsonl`: what reports read of a run, one JSON object a line, one line an evaluation."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alam_ros.errors import CheckpointError
from alam_ros.host.files import write_atomically
from alam_ros.learning.config import TrainingConfig
from alam_ros.learning.threshold import NOTABLE
from alam_ros.typed import finite

NOTABLE_COST, NOTABLE_RATIO = 0.1, 1.25  # of the budget; of one measure of cost to another


@dataclass(frozen=True, kw_only=True)
class MetricsRow:
    """One evaluation and where training stood.

    Attributes:
        steps: environment steps.
        updates: gradient steps.
        wall_seconds: of training before the evaluation, over all sessions.
        evaluation: as `summarise` returns it.
        training: `return` and `cost` of the episodes collected last.
        learner: means of the learner's scalars since the log before.
    """

    steps: int
    updates: int
    wall_seconds: float
    evaluation: Mapping[str, float]
    training: Mapping[str, float]
    learner: Mapping[str, float]


class MetricsFile:
    """Append-only; NaN and infinity become null, so that every line is plain JSON."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, row: MetricsRow) -> None:
        """Write one line."""
        with self._path.open("a") as stream:
            stream.write(json.dumps(finite(dataclasses.asdict(row)), allow_nan=False) + "\n")

    def truncate_after(self, steps: int) -> None:
        """Drop lines of later steps, and the torn one a killed process may have left: the run continues from `steps`."""
        kept = [row for row in read_metrics(self._path) if row["steps"] <= steps]
        write_atomically(self._path, "".join(json.dumps(row) + "\n" for row in kept).encode())


def hidden_cost(
    config: TrainingConfig, evaluation: Mapping[str, float | None], training: Mapping[str, float | None]
) -> tuple[float, float] | None:
    """Return what an episode costs without noise and while collecting, where the latter hides that the budget is exceeded.

    Args:
        config: of the run.
        evaluation: as `MetricsRow` has it, null for NaN.
        training: the same.
    """
    exported, rate, collected = evaluation["cost_mean"], evaluation.get("violation_rate"), training["cost"]
    if exported is None or rate is None or collected is None or config.algorithm.multiplier.kind == "none":
        return None
    constraint = config.algorithm.constraint
    is_above = constraint.spent(rate) > constraint.episode_cost_limit and exported > NOTABLE * collected
    return (exported, collected) if is_above else None


def other_cost(config: TrainingConfig, evaluation: Mapping[str, float | None]) -> tuple[float, float, float] | None:
    """Return what training's measure says is spent, an episode's cost and its steps, where the first two differ notably.

    They do where costs are graded (`info["violation"]` is not `info["cost"]`), and where episodes end early.

    Args:
        config: of the run.
        evaluation: as `MetricsRow` has it, null for NaN.
    """
    cost, rate, length = evaluation["cost_mean"], evaluation.get("violation_rate"), evaluation["length_mean"]
    if cost is None or rate is None or length is None or config.algorithm.multiplier.kind == "none":
        return None
    constraint = config.algorithm.constraint
    spent = constraint.spent(rate)
    larger, smaller = max(spent, cost), min(spent, cost)
    is_notable = larger > NOTABLE_COST * constraint.episode_cost_limit and larger > NOTABLE_RATIO * smaller
    return (spent, cost, length) if is_notable else None


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a metrics file, without a torn last one; nothing where there is no file yet.

    Raises:
        CheckpointError: when another line is damaged.
    """
    lines = path.read_text(errors="replace").splitlines(keepends=True) if path.exists() else []
    try:
        rows = [json.loads(line) for line in lines if line.endswith("\n")]
    except ValueError as error:
        raise CheckpointError(f"a JSON object in each line of `{path}`", str(error), "remove the damaged line") from error
    for row in rows:
        if not isinstance(row, dict) or "steps" not in row:
            raise CheckpointError(f"an evaluation with its `steps` in each line of `{path}`", repr(row), "remove that line")
    return rows
