"""Panels of a number over training: one line an algorithm, the mean over its seeds, and each seed behind it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator
from numpy.typing import NDArray

from alam_ros.report.theme import Theme
from alam_ros.study.result import RunResult

Series: TypeAlias = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Steps and values of one number in one run's evaluations, (n,) each; NaN where an evaluation lacks it."""
DASHES = ("solid", (0, (5, 2)), (0, (2, 2)))


@dataclass(frozen=True, kw_only=True)
class TaskRuns:
    """What the figures of one task are drawn from.

    Attributes:
        task: label.
        runs: algorithm → its finished runs on the task; at least one run in all.
        reference: algorithm drawn in the background.
    """

    task: str
    runs: Mapping[str, Sequence[RunResult]]
    reference: str

    def trace(self, theme: Theme, axes: Axes, name: str) -> None:
        """Draw a number of the evaluations along the way, one line an algorithm that has it."""
        styles = colours(theme, list(self.runs), self.reference)
        for algorithm, group in self.runs.items():
            trace(axes, group, name, styles[algorithm], algorithm)


def colours(theme: Theme, algorithms: Sequence[str], reference: str) -> dict[str, tuple[str, object]]:
    """Return colour and line style of each algorithm: the reference in the background, the last one in the first colour."""
    wheel = (theme.blue, theme.orange, theme.green, theme.red, theme.violet)
    styles = itertools.product(DASHES, wheel)
    chosen: dict[str, tuple[str, object]] = {}
    for algorithm in reversed(algorithms):
        dash, colour = ("solid", theme.muted) if algorithm == reference else next(styles, ("solid", theme.solid))
        chosen[algorithm] = (colour, dash)
    return {algorithm: chosen[algorithm] for algorithm in algorithms}


def trace(axes: Axes, runs: Sequence[RunResult], name: str, style: tuple[str, object], label: str) -> None:
    """Draw one algorithm, if it has this number at all.

    Args:
        axes: to draw on.
        runs: of one algorithm on one task.
        name: of the number.
        style: colour and line style.
        label: in the legend.
    """
    seeds = [series(run.progress, name) for run in runs]
    if not any(np.isfinite(values).any() for _, values in seeds):
        return
    colour, dash = style
    for steps, values in seeds:
        axes.plot(steps, values, color=colour, ls=dash, lw=0.8, alpha=0.4)
    steps, mean = mean_over_seeds(seeds)
    axes.plot(steps, mean, color=colour, ls=dash, lw=2.0, label=label)


def mean_over_seeds(seeds: Sequence[Series]) -> Series:
    """Return the mean at the steps at which every seed was evaluated."""
    common = sorted(set.intersection(*(set(steps.tolist()) for steps, _ in seeds)))
    columns = [dict(zip(steps.tolist(), values.tolist(), strict=True)) for steps, values in seeds]
    means = [float(np.mean([column[step] for column in columns])) for step in common]
    return np.array(common, np.int64), np.array(means, np.float64)


def linear_then_logarithmic(axes: Axes, name: Literal["x", "y"], *, border: float, ticks: Iterable[float]) -> None:
    """Scale an axis that has to show what matters and what ran away: linear from zero to `border`, logarithmic above.

    Args:
        axes: with the data.
        name: of the axis.
        border: between the two scales.
        ticks: where there is a number, as far as the data go.
    """
    low, high = axes.dataLim.intervaly if name == "y" else axes.dataLim.intervalx
    top = 1.05 * max(high, border)
    axes.set(**{f"{name}lim": (min(low, 0.0), top)})
    getattr(axes, f"set_{name}scale")("symlog", linthresh=border, linscale=1.5)
    axis = axes.yaxis if name == "y" else axes.xaxis
    axis.set_ticks([tick for tick in ticks if tick <= top])
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())


def name_steps(axes: Iterable[Axes]) -> None:
    """Name the horizontal axis."""
    for panel in axes:
        panel.set_xlabel("environment steps")
        panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value / 1000:g} k" if value else "0"))
        panel.margins(x=0.02)


def series(rows: Iterable[Mapping[str, object]], name: str) -> Series:
    """Return a number's values along the lines of a run's metrics."""
    steps, values = [], []
    for row in rows:
        evaluation = row["evaluation"]
        assert isinstance(evaluation, Mapping)
        value = evaluation.get(name)
        steps.append(row["steps"])
        values.append(math.nan if value is None else value)
    return np.array(steps, np.int64), np.array(values, np.float64)
