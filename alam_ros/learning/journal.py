"""Everything a run writes down while it trains: bar, TensorBoard, metrics file."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from torch.utils.tensorboard import SummaryWriter

from alam_ros.learning.collection import EpisodeSummary
from alam_ros.learning.metrics import MetricsFile, MetricsRow
from alam_ros.learning.progress import Progress
from alam_ros.learning.run_directory import RunDirectory
from alam_ros.number_text import number_text


class Journal:
    """Keeps bar, scalars and metrics of one run at the same step.

    Args:
        run: where to write.
        steps: environment steps done so far.
        evaluated_at: steps at the last evaluation; evaluations written down after it will be done again and are dropped.
        total: environment steps of the run.
        seconds_left: of the run's time limit, if it has one.
        label: of the run, where several share a terminal.
    """

    def __init__(
        self,
        run: RunDirectory,
        *,
        steps: int,
        evaluated_at: int,
        total: int,
        seconds_left: float | None = None,
        label: str = "",
    ) -> None:
        self._metrics = MetricsFile(run.metrics)
        self._metrics.truncate_after(evaluated_at)
        self._writer = SummaryWriter(str(run.tensorboard), purge_step=steps + 1 if steps else None)
        self.progress = Progress(total, steps, seconds_left=seconds_left, label=label)

    def log(self, steps: int, learner: Mapping[str, float], training: Mapping[str, float]) -> None:
        """Write the learner's scalars and the returns of collection, and refresh the bar."""
        self._write(steps, {**learner, **{f"training/{name}": value for name, value in training.items()}})
        multiplier = learner.get("multiplier/effective", 0.0)
        self.progress.describe(f"{_training_text(training)}, multiplier {multiplier:.2f}")

    def record(self, row: MetricsRow) -> None:
        """Write down an evaluation: one line in the metrics file, one for the reader."""
        evaluation, training = row.evaluation, row.training
        self._metrics.append(row)
        self._write(row.steps, {f"evaluation/{name}": value for name, value in evaluation.items()})
        self._writer.flush()
        mean, spread, cost, cost_spread = (
            number_text(evaluation[key]) for key in ("return_mean", "return_std", "cost_mean", "cost_std")
        )
        self.progress.line(
            f"evaluation at {row.steps:,}: return {mean} ± {spread}, cost {cost} ± {cost_spread} | "
            f"training {_training_text(training)} | "
            f"multiplier {evaluation['effective_multiplier_mean']:.2f}"
        )

    def close(self) -> None:
        """Flush and end."""
        self._writer.close()
        self.progress.close()

    def _write(self, steps: int, scalars: Mapping[str, float]) -> None:
        for name, value in scalars.items():
            self._writer.add_scalar(name, value, steps)


def training_numbers(episodes: Sequence[EpisodeSummary]) -> dict[str, float]:
    """Return the mean `return` and `cost` of collected episodes; NaN before the first one ended."""
    if not episodes:
        return {"return": float("nan"), "cost": float("nan")}
    returns, costs = zip(*((episode.episode_return, episode.cost) for episode in episodes), strict=True)
    return {"return": float(np.mean(returns)), "cost": float(np.mean(costs))}


def _training_text(training: Mapping[str, float]) -> str:
    """Return the means over the last finished episodes, of which there are none at first."""
    if math.isnan(training["return"]):
        return "without a finished episode yet"
    return f"return {number_text(training['return'])}, cost {number_text(training['cost'])}"
