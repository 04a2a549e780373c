"""The multiplier over training, on one task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from alam_ros.report.theme import Theme, new_figure
from alam_ros.study.figures.traces import colours, linear_then_logarithmic, name_steps, trace
from alam_ros.study.result import RunResult

PANELS = {"multiplier_mean": "multiplier, mean over visited states", "multiplier_max": "Greatest in any visited state"}


def draw(theme: Theme, task: str, runs: Mapping[str, Sequence[RunResult]], reference: str) -> Figure:
    """Draw what the evaluations along the way saw of it.

    Args:
        theme: colours.
        task: label.
        runs: algorithm → its finished runs on the task, at least one.
        reference: algorithm drawn in the background.
    """
    figure = new_figure(10.5, 3.8)
    panels = figure.subplots(1, 2)
    styles = colours(theme, list(runs), reference)
    for panel, (name, title) in zip(panels, PANELS.items(), strict=True):
        drawn = [trace(panel, group, name, styles[algorithm], algorithm) for algorithm, group in runs.items()]
        panel.set_title(f"{task}: {title}" if panel is panels[0] else title)
        linear_then_logarithmic(panel, "y", border=1.0, ticks=(0, 0.25, 0.5, 0.75, 1, 3, 10, 100, 1e3, 1e4, 1e5))
        if any(drawn):
            panel.legend(loc="best")
    name_steps(panels)
    return figure
