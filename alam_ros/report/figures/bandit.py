"""How near each rule of updating the multiplier comes to the known one, over the learning rate."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from statistics import mean
from typing import Any

from matplotlib.figure import Figure

from alam_ros.learning.bandit import THRESHOLD, VARIANTS, BanditResult
from alam_ros.report.theme import Theme, new_figure

MARKERS = ("o", "s", "^", "D", "v")


def draw(theme: Theme, results: Sequence[BanditResult]) -> Figure:
    """Draw every run as a point and each rule's mean as a line, both axes logarithmic."""
    figure = new_figure(10.5, 3.8)
    error, violation = figure.subplots(1, 2)
    _draw_runs(theme, error, results, "state_error")
    _draw_runs(theme, violation, results, "violation")
    error.set_title("Error of the multiplier, by state")
    error.set_ylabel("mean |λ - λ*| / mean λ*")
    violation.set_title(f"Violation, where d = {THRESHOLD:g}")
    violation.set_ylabel("mean [k a - d]₊")
    error.legend(loc="lower left", fontsize=8)
    return figure


def _draw_runs(theme: Theme, panel: Any, results: Sequence[BanditResult], name: str) -> None:
    colours = (theme.blue, theme.violet, theme.green, theme.orange, theme.red)
    for variant, colour, marker in zip(VARIANTS, colours, MARKERS, strict=True):
        runs = sorted((run for run in results if run.variant == variant), key=lambda run: run.learning_rate)
        rates, values = [run.learning_rate for run in runs], [getattr(run, name) for run in runs]
        panel.plot(rates, values, marker, color=colour, ms=3, alpha=0.5)
        means = {
            rate: mean(value for _, value in group) for rate, group in groupby(zip(rates, values, strict=True), itemgetter(0))
        }
        panel.plot(list(means), list(means.values()), color=colour, marker=marker, ms=5, label=variant.replace("_", " "))
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xlabel("learning rate of the multiplier network")
