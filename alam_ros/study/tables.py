"""A comparison as tables: Markdown for people, CSV for spreadsheets, one JSON document for programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from alam_ros.number_text import number_text
from alam_ros.report.markdown import markdown_table
from alam_ros.study.comparison import Aggregate, Cell, Comparison
from alam_ros.study.result import RunResult
from alam_ros.study.statistics import Estimate

MISSING = "–"
CELL_HEADER = (
    "algorithm",
    "steps",
    "seeds",
    "return",
    "± over seeds",
    "of reference",
    "cost",
    "± over seeds",
    "worst seed",
    "worst tenth of episodes",
    "within budget",
    "multiplier mean / max",
    "multiplier CV",
    "hours a run",
)
AGGREGATE_HEADER = (
    "algorithm",
    "tasks",
    "runs",
    "return, share of reference",
    "cost, share of budget",
    "runs within",
    "tasks safe",
)


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a CSV file with the keys of the first row as its header; at least one row."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def task_table(comparison: Comparison, task: str) -> str:
    """Return the Markdown table of one task; the best algorithm that is safe is bold."""
    best = comparison.best(task)
    return markdown_table(CELL_HEADER, [_cell_row(cell, is_best=cell is best) for cell in comparison.of_task(task)])


def aggregate_table(aggregates: Sequence[Aggregate]) -> str:
    """Return the Markdown table over all tasks."""
    return markdown_table(AGGREGATE_HEADER, [_aggregate_row(aggregate) for aggregate in aggregates])


def cell_records(cells: Iterable[Cell]) -> list[dict[str, Any]]:
    """Return a flat record for each cell, as CSV holds it."""
    return [
        {
            "task": cell.task,
            "algorithm": cell.algorithm,
            "seeds": " ".join(map(str, cell.seeds)),
            "steps_low": cell.steps_low,
            "steps_high": cell.steps_high,
            **_flat("return", cell.episode_return),
            "return_spread": cell.return_spread,
            "return_share": cell.return_share,
            "budget": cell.budget,
            **_flat("cost", cell.cost),
            "cost_spread": cell.cost_spread,
            "cost_highest_seed": cell.highest_cost,
            "cost_worst_tenth": cell.tail_cost,
            "runs_within_budget": cell.within_budget,
            "multiplier_mean": cell.multiplier_mean,
            "multiplier_max": cell.multiplier_max,
            "multiplier_variation": cell.multiplier_variation,
            "wall_seconds": cell.wall_seconds,
            "updates_per_second": cell.updates_per_second,
        }
        for cell in cells
    ]


def run_records(results: Iterable[RunResult]) -> list[dict[str, Any]]:
    """Return a flat record for each run, as CSV holds it."""
    return [
        {
            "task": run.task,
            "algorithm": run.algorithm,
            "seed": run.seed,
            "steps": run.steps,
            "updates": run.updates,
            "episodes": run.evaluation.episodes,
            "return_mean": run.summary.get("return_mean"),
            "return_std": run.summary.get("return_std"),
            "cost_mean": run.summary.get("cost_mean"),
            "cost_std": run.summary.get("cost_std"),
            "budget": run.budget,
            "within_budget": run.is_within_budget,
            "multiplier_mean": run.summary.get("multiplier_mean") if run.has_multiplier else None,
            "multiplier_max": run.summary.get("multiplier_max") if run.has_multiplier else None,
            "wall_seconds": run.wall_seconds,
            "updates_per_second": run.updates_per_second,
            "fingerprint": run.fingerprint,
            "code": run.code,
            "mujoco": run.libraries.get("mujoco"),
            "pybullet": run.libraries.get("pybullet"),
            "torch": run.libraries.get("torch"),
        }
        for run in results
    ]


def steps_text(low: int, high: int) -> str:
    """Return a number of steps, or the range of them."""
    return f"{low:,}" if low == high else f"{low:,}–{high:,}"


def _cell_row(cell: Cell, *, is_best: bool) -> list[str]:
    name = f"**{cell.algorithm}**" if is_best else cell.algorithm
    multiplier = (
        MISSING
        if cell.multiplier_mean is None or cell.multiplier_max is None
        else f"{cell.multiplier_mean:.2f} / {cell.multiplier_max:.1f}"
    )
    return [
        name,
        steps_text(cell.steps_low, cell.steps_high),
        " ".join(map(str, cell.seeds)),
        _estimate(cell.episode_return, number_text),
        _number(cell.return_spread, number_text),
        MISSING if cell.return_share is None else f"{cell.return_share:.0%}",
        _estimate(cell.cost, number_text),
        _number(cell.cost_spread, number_text),
        number_text(cell.highest_cost),
        number_text(cell.tail_cost),
        f"{'yes' if cell.is_safe else 'no'}, {cell.within_budget} of {len(cell.seeds)}",
        multiplier,
        _number(cell.multiplier_variation, "{:.3f}".format),
        f"{cell.wall_seconds / 3600:.2f}",
    ]


def _aggregate_row(aggregate: Aggregate) -> list[str]:
    return [
        aggregate.algorithm,
        str(len(aggregate.tasks)),
        str(aggregate.runs),
        _estimate(aggregate.return_share, "{:.2f}".format),
        _estimate(aggregate.budget_share, "{:.2f}".format),
        f"{aggregate.safe_runs} of {aggregate.runs}",
        f"{aggregate.safe_tasks} of {len(aggregate.tasks)}",
    ]


def _estimate(value: Estimate, text: Callable[[float], str]) -> str:
    if value.low is None or value.high is None:
        return text(value.value)
    return f"{text(value.value)} [{text(value.low)}, {text(value.high)}]"


def _number(value: float | None, text: Callable[[float], str]) -> str:
    return MISSING if value is None else text(value)


def _flat(name: str, value: Estimate) -> dict[str, float | None]:
    return {f"{name}_iqm": value.value, f"{name}_low": value.low, f"{name}_high": value.high}
