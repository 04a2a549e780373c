"""Updates a second over the networks' width and over the batch, with the limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from alam_ros.bench.growth import Growth, Point
from alam_ros.bench.sizes import Sizes
from alam_ros.bench.time_to_safety import Criterion, Evaluation
from alam_ros.report.theme import Theme, new_figure


def draw(theme: Theme, growth: Growth, sizes: Sizes) -> Figure:
    """Draw both; the space between a curve and its limit is what is left to gain."""
    figure = new_figure(10.5, 3.8)
    width, batch = figure.subplots(1, 2)
    _draw_points(theme, width, growth.width)
    _draw_points(theme, batch, growth.batch)
    layers = len(sizes.hidden)
    width.set_title(f"Updates per CPU second, batch {sizes.batch}")
    width.set_xlabel(f"width of the {layers} hidden layers")
    batch.set_title(f"Updates per CPU second, width {sizes.hidden[0]}")
    batch.set_xlabel("transitions in a batch")
    return figure


def draw_safety(theme: Theme, found: Mapping[str, Sequence[Evaluation]], wanted: Mapping[str, Criterion]) -> Figure:
    """Draw return and cost over the minutes of training."""
    figure = new_figure(10.5, 3.8)
    returns, costs = figure.subplots(1, 2, sharex=True)
    colours = (theme.muted, theme.blue, theme.violet, theme.orange)
    for (name, evaluations), colour in zip(found.items(), colours, strict=False):
        minutes = [evaluation.seconds / 60 for evaluation in evaluations]
        for panel, values in ((returns, [e.episode_return for e in evaluations]), (costs, [e.cost for e in evaluations])):
            panel.plot(minutes, values, color=colour, marker="o", ms=3, label=name)
    for name, criterion in wanted.items():
        costs.axhline(criterion.largest_cost, color=theme.muted, ls=(0, (4, 3)), lw=1.0)
        place = {"xy": (0.0, criterion.largest_cost), "xytext": (2, 3), "textcoords": "offset points"}
        costs.annotate(name, **place, fontsize=8.5, color=theme.muted)
    returns.set_title("Return of an episode")
    costs.set_title("Cost of an episode")
    costs.set_yscale("symlog", linthresh=10.0)
    for panel in (returns, costs):
        panel.set_xlabel("minutes of training")
    returns.legend(loc="lower right")
    return figure


def _draw_points(theme: Theme, panel: Any, points: Sequence[Point]) -> None:
    sizes = [point.size for point in points]
    limit = [point.limit_per_s.median for point in points]
    rate = [point.updates_per_s.median for point in points]
    panel.plot(sizes, limit, color=theme.muted, ls=(0, (4, 3)), label="limit: matrix products at this size")
    panel.plot(sizes, rate, color=theme.blue, marker="o", ms=4, label="sac_alam")
    for point in points:
        share = f"{point.share_of_sgemm.median:.0%}"
        at = (point.size, point.updates_per_s.median)
        panel.annotate(share, at, xytext=(0, -13), textcoords="offset points", ha="center", fontsize=8.5, color=theme.muted)
    panel.set_xscale("log", base=2)
    panel.set_yscale("log")
    panel.set_xticks(sizes)
    panel.xaxis.set_major_formatter(ScalarFormatter())
    panel.yaxis.set_major_formatter(ScalarFormatter())
    panel.yaxis.set_minor_formatter(NullFormatter())
    panel.margins(y=0.12)
    panel.legend(loc="upper right")
