"""Return and cost over training, on one task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from alam_ros.report.theme import Theme, new_figure
from alam_ros.study.figures.traces import colours, linear_then_logarithmic, name_steps, trace
from alam_ros.study.result import RunResult


def draw(theme: Theme, task: str, runs: Mapping[str, Sequence[RunResult]], reference: str) -> Figure:
    """Draw the evaluations along the way.

    Args:
        theme: colours.
        task: label.
        runs: algorithm → its finished runs on the task, at least one.
        reference: algorithm drawn in the background.
    """
    figure = new_figure(10.5, 3.8)
    reward, cost = figure.subplots(1, 2)
    styles = colours(theme, list(runs), reference)
    for algorithm, group in runs.items():
        trace(reward, group, "return_mean", styles[algorithm], algorithm)
        trace(cost, group, "cost_mean", styles[algorithm], algorithm)
    budget = next(iter(runs.values()))[0].budget
    cost.axhline(budget, color=theme.text, lw=1.4, ls=(0, (4, 3)), label=f"budget {budget:g}")
    linear_then_logarithmic(cost, "y", border=2 * budget, ticks=[share * budget for share in (0, 0.5, 1, 2, 5, 10, 20, 50)])
    reward.set_title(f"{task}: return of an episode")
    cost.set_title("Cost of an episode")
    for panel in (reward, cost):
        panel.legend(loc="best")
    name_steps((reward, cost))
    return figure
