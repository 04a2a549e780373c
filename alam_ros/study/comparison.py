"""From the results of runs to what is said of algorithms: per task, and over all tasks.

The score of a run is its mean over the episodes of the final evaluation. Runs of an algorithm on a task differ by their seed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from alam_ros.study.result import RunResult
from alam_ros.study.statistics import Estimate, estimate


@dataclass(frozen=True, kw_only=True)
class Cell:
    """An algorithm on a task.

    Attributes:
        task, algorithm: labels.
        environment: of the task.
        seeds: of its finished runs.
        steps_low, steps_high: environment steps of the shortest and the longest of them.
        budget: cost an episode may have.
        episode_return, cost: over its runs.
        return_spread, cost_spread: standard deviations over its runs; None with one run.
        highest_cost: of its runs.
        tail_cost: of the worst tenth of a run's episodes (Rockafellar and Uryasev 2000), mean over runs.
        within_budget: runs whose cost is at most the budget.
        multiplier_mean, multiplier_max: in the final evaluation, mean over runs and greatest of all; None where runs have none.
        multiplier_variation: oscillation CV of λ̄ on the probe states over the last half of training (alam.md §7), mean over runs.
        return_share: of the reference's mean return on the task; None where that is not positive or not known.
        wall_seconds, updates_per_second: means over runs.
    """

    task: str
    algorithm: str
    environment: str
    seeds: tuple[int, ...]
    steps_low: int
    steps_high: int
    budget: float
    episode_return: Estimate
    cost: Estimate
    return_spread: float | None
    cost_spread: float | None
    highest_cost: float
    tail_cost: float
    within_budget: int
    multiplier_mean: float | None
    multiplier_max: float | None
    multiplier_variation: float | None
    return_share: float | None
    wall_seconds: float
    updates_per_second: float

    @property
    def is_safe(self) -> bool:
        """Return whether every run is within the budget."""
        return self.within_budget == len(self.seeds)


@dataclass(frozen=True, kw_only=True)
class Aggregate:
    """An algorithm over all tasks on which the reference's mean return is positive, as many runs of each (`_balanced`).

    Attributes:
        algorithm: label.
        tasks: that count, on which it has runs.
        return_share: return over the reference's mean return on the same task.
        budget_share: cost over the task's budget.
        safe_runs: runs within the budget.
        safe_tasks: tasks on which every run is.
        runs: that count.
    """

    algorithm: str
    tasks: tuple[str, ...]
    return_share: Estimate
    budget_share: Estimate
    safe_runs: int
    safe_tasks: int
    runs: int


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What a study says so far.

    Attributes:
        reference: algorithm that returns are normalised by.
        cells: in the order of tasks, then algorithms; only where there are runs.
        aggregates: in the order of algorithms; empty while there is nothing to normalise by.
        excluded: tasks that cannot be normalised → why.
    """

    reference: str
    cells: tuple[Cell, ...]
    aggregates: tuple[Aggregate, ...]
    excluded: dict[str, str]

    def of_task(self, task: str) -> list[Cell]:
        """Return the cells of one task."""
        return [cell for cell in self.cells if cell.task == task]

    def best(self, task: str) -> Cell | None:
        """Return the cell of highest return among those whose every run is within the budget, or None where there is none."""
        safe = [cell for cell in self.of_task(task) if cell.is_safe]
        return max(safe, key=lambda cell: cell.episode_return.value, default=None)


def compare(results: Mapping[str, Mapping[str, Sequence[RunResult]]], reference: str) -> Comparison:
    """Return the comparison.

    Args:
        results: task → algorithm → finished runs, at least one.
        reference: algorithm that returns are normalised by.
    """
    scales, excluded = {}, {}
    for task, runs_of in results.items():
        scale = float(np.mean([run.mean_return for run in runs_of[reference]])) if reference in runs_of else None
        if scale is None:
            excluded[task] = f"no finished run of {reference}"
        elif not scale > 0:
            excluded[task] = f"the mean return of {reference} is {scale:.4g}, and shares of it have no meaning"
        else:
            scales[task] = scale
    cells = [_cell(runs, scales.get(task)) for task, runs_of in results.items() for runs in runs_of.values()]
    algorithms = dict.fromkeys(algorithm for runs_of in results.values() for algorithm in runs_of)
    groups = {name: {task: results[task][name] for task in scales if name in results[task]} for name in algorithms}
    return Comparison(
        reference=reference,
        cells=tuple(cells),
        aggregates=tuple(_aggregate(name, group, scales) for name, group in groups.items() if group),
        excluded=excluded,
    )


def _cell(runs: Sequence[RunResult], scale: float | None) -> Cell:
    returns, costs = [run.mean_return for run in runs], [run.mean_cost for run in runs]
    priced = [run for run in runs if run.has_multiplier]
    means = _known(run.summary.get("multiplier_mean") for run in priced)
    greatest = _known(run.summary.get("multiplier_max") for run in priced)
    variations = _known(run.oscillation["multiplier"]["variation"] for run in priced if run.oscillation)
    return Cell(
        task=runs[0].task,
        algorithm=runs[0].algorithm,
        environment=runs[0].configuration["environment"]["id"],
        seeds=tuple(run.seed for run in runs),
        steps_low=min(run.steps for run in runs),
        steps_high=max(run.steps for run in runs),
        budget=runs[0].budget,
        episode_return=estimate([returns]),
        cost=estimate([costs]),
        return_spread=_spread(returns),
        cost_spread=_spread(costs),
        highest_cost=float(np.max(costs)),
        tail_cost=float(np.mean([run.tail_cost for run in runs])),
        within_budget=sum(run.is_within_budget for run in runs),
        multiplier_mean=_mean(means),
        multiplier_max=max(greatest, default=None),
        multiplier_variation=_mean(variations),
        return_share=None if scale is None else float(np.mean(returns)) / scale,
        wall_seconds=float(np.mean([run.wall_seconds for run in runs])),
        updates_per_second=float(np.mean([run.updates_per_second for run in runs])),
    )


def _balanced(groups: Mapping[str, Sequence[RunResult]]) -> dict[str, Sequence[RunResult]]:
    """Return as many runs of each task as the task with the fewest has, those of the lowest seeds.

    The interquartile mean is of all runs together: with more runs of one task than of another, that one would count for more.
    """
    count = min(map(len, groups.values()))
    return {task: sorted(runs, key=lambda run: run.seed)[:count] for task, runs in groups.items()}


def _aggregate(algorithm: str, found: Mapping[str, Sequence[RunResult]], scales: Mapping[str, float]) -> Aggregate:
    groups = _balanced(found)
    return Aggregate(
        algorithm=algorithm,
        tasks=tuple(groups),
        return_share=estimate([[run.mean_return / scales[task] for run in runs] for task, runs in groups.items()]),
        budget_share=estimate([[run.mean_cost / run.budget for run in runs] for runs in groups.values()]),
        safe_runs=sum(run.is_within_budget for runs in groups.values() for run in runs),
        safe_tasks=sum(all(run.is_within_budget for run in runs) for runs in groups.values()),
        runs=sum(map(len, groups.values())),
    )


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _spread(scores: Sequence[float]) -> float | None:
    return float(np.std(scores, ddof=1)) if len(scores) > 1 else None
