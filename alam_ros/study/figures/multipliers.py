"""The multiplier over training, on one task."""

from __future__ import annotations

from dataclasses import replace

from matplotlib.figure import Figure

from alam_ros.report.theme import Theme, new_figure
from alam_ros.study.figures.traces import TaskRuns, linear_then_logarithmic, name_steps

TICKS = (0, 0.25, 0.5, 0.75, 1, 3, 10, 100, 1e3, 1e4, 1e5)


def draw(theme: Theme, data: TaskRuns) -> Figure:
    """Draw its mean and its maximum over the states of the evaluations along the way; what ran away does not hide the others."""
    priced = replace(data, runs={name: [run for run in runs if run.has_multiplier] for name, runs in data.runs.items()})
    figure = new_figure(10.5, 3.8)
    mean, maximum = figure.subplots(1, 2)
    priced.trace(theme, mean, "multiplier_mean")
    priced.trace(theme, maximum, "multiplier_max")
    mean.set_title(f"{data.task}: multiplier, mean over visited states")
    maximum.set_title("Greatest in any visited state")
    for panel in (mean, maximum):
        linear_then_logarithmic(panel, "y", border=1.0, ticks=TICKS)
        if panel.lines:
            panel.legend(loc="best")
    name_steps((mean, maximum))
    return figure
