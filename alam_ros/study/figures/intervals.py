"""Interquartile means over all tasks, with their intervals."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from alam_ros.report.theme import Theme, new_figure
from alam_ros.study.comparison import Aggregate
from alam_ros.study.figures.traces import colours, linear_then_logarithmic
from alam_ros.study.statistics import Estimate


def draw(theme: Theme, aggregates: Sequence[Aggregate], reference: str) -> Figure:
    """Draw return and cost of each algorithm.

    Args:
        theme: colours.
        aggregates: at least one.
        reference: algorithm that returns are normalised by.
    """
    figure = new_figure(10.5, 1.4 + 0.35 * len(aggregates))
    reward, cost = figure.subplots(1, 2, sharey=True)
    names = [aggregate.algorithm for aggregate in aggregates]
    for row, (algorithm, (colour, _)) in enumerate(colours(theme, names, reference).items()):
        aggregate = next(item for item in aggregates if item.algorithm == algorithm)
        _interval(reward, row, aggregate.return_share, colour)
        _interval(cost, row, aggregate.budget_share, colour)
    reward.axvline(1.0, color=theme.muted, lw=1.2, ls=(0, (1, 2)))
    cost.axvline(1.0, color=theme.text, lw=1.4, ls=(0, (4, 3)), label="the budget")
    cost.legend(loc="best")
    reward.set_title(f"Return, share of {reference}'s")
    cost.set_title("Cost, share of the budget")
    linear_then_logarithmic(cost, "x", border=2.0, ticks=(0, 0.5, 1, 1.5, 2, 5, 10, 20, 50, 100))
    reward.set_yticks(range(len(names)), names)
    reward.set_ylim(len(names) - 0.5, -0.5)
    return figure


def _interval(axes: Axes, row: int, value: Estimate, colour: str) -> None:
    if value.low is not None and value.high is not None:
        axes.plot([value.low, value.high], [row, row], color=colour, lw=6, alpha=0.35)
    axes.plot(value.value, row, color=colour, marker="o", ms=7)
