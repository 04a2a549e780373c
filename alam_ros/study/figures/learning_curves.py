"""Return and cost over training, on one task."""

from __future__ import annotations

from matplotlib.figure import Figure

from alam_ros.report.theme import Theme, new_figure
from alam_ros.study.figures.traces import TaskRuns, linear_then_logarithmic, name_steps

TICKS = (0, 0.5, 1, 2, 5, 10, 20, 50)
"""In budgets."""


def draw(theme: Theme, data: TaskRuns) -> Figure:
    """Draw both, with the budget."""
    figure = new_figure(10.5, 3.8)
    reward, cost = figure.subplots(1, 2)
    data.trace(theme, reward, "return_mean")
    data.trace(theme, cost, "cost_mean")
    budget = next(iter(data.runs.values()))[0].budget
    cost.axhline(budget, color=theme.text, lw=1.4, ls=(0, (4, 3)), label=f"budget {budget:g}")
    linear_then_logarithmic(cost, "y", border=2 * budget, ticks=[share * budget for share in TICKS])
    reward.set_title(f"{data.task}: return of an episode")
    cost.set_title("Cost of an episode")
    for panel in (reward, cost):
        panel.legend(loc="best")
    name_steps((reward, cost))
    return figure
