"""Tasks × algorithms: what a study says, on one page, as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from alam_ros.number_text import number_text
from alam_ros.report.markdown import markdown_table
from alam_ros.study.comparison import Cell, Comparison
from alam_ros.study.tables import MISSING

UNEVEN = "; not all have run on the same seeds, and one seed is within a budget more easily than three are"


def return_and_cost(comparison: Comparison) -> str:
    """Return the table of return ± deviation over seeds / worst seed's cost / mean cost of the worst tenth of episodes.

    Bold is the highest return of a task among the algorithms that are within the budget in every seed, italic a cost above it.
    """

    def outcome(cell: Cell) -> str:
        return _outcome(cell, is_best=cell is comparison.best(cell.task))

    return _grid(comparison, [*dict.fromkeys(cell.algorithm for cell in comparison.cells)], outcome)


def oscillation(comparison: Comparison) -> str:
    """Return the table of the multipliers' coefficient of variation, of the algorithms that have a multiplier; else nothing."""
    priced = [*dict.fromkeys(cell.algorithm for cell in comparison.cells if cell.multiplier_variation is not None)]
    return _grid(comparison, priced, _variation) if priced else ""


def standing(comparison: Comparison) -> str:
    """Say in a sentence on how many tasks each algorithm is the best of those within the budget."""
    tasks = dict.fromkeys(cell.task for cell in comparison.cells)
    best = Counter(cell.algorithm for cell in map(comparison.best, tasks) if cell is not None)
    found = ", ".join(f"{name} on {count} of {len(tasks)}" for name, count in best.most_common()) or "on no task anybody"
    is_uneven = len({cell.seeds for cell in comparison.cells}) > 1
    return f"The highest return of those within the budget has {found}{UNEVEN if is_uneven else ''}."


def _grid(comparison: Comparison, algorithms: Sequence[str], text: Callable[[Cell], str]) -> str:
    rows: dict[str, dict[str, str]] = {}
    most = max((len(cell.seeds) for cell in comparison.cells), default=0)
    for cell in comparison.cells:
        fewer = "" if len(cell.seeds) == most else f" (of {len(cell.seeds)})"
        rows.setdefault(f"{cell.task}, `{cell.environment}` ({cell.budget:g})", {})[cell.algorithm] = text(cell) + fewer
    body = [[name, *(row.get(algorithm, MISSING) for algorithm in algorithms)] for name, row in rows.items()]
    return markdown_table(["task (budget)", *algorithms], body)


def _outcome(cell: Cell, *, is_best: bool) -> str:
    mean, cost = number_text(cell.episode_return.value), number_text(cell.highest_cost)
    spread = "" if cell.return_spread is None else f" ± {number_text(cell.return_spread)}"
    price = cost if cell.is_safe else f"*{cost}*"
    return f"{f'**{mean}**' if is_best else mean}{spread} / {price} / {number_text(cell.tail_cost)}"


def _variation(cell: Cell) -> str:
    return MISSING if cell.multiplier_variation is None else f"{cell.multiplier_variation:.2f}"
