"""Learning curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from alam_ros.report.theme import Theme, new_figure


def draw(
    theme: Theme, rows: Sequence[Mapping[str, Any]], *, budget: float, multiplier_start: int, sac: Mapping[str, float] | None
) -> Figure:
    """Draw return, cost, multiplier and the error of the cost critic over training.

    Args:
        theme: colours.
        rows: of `metrics.jsonl`, at least one.
        budget: cost an episode may have.
        multiplier_start: steps from which the constraint is felt.
        sac: `return` and `cost` of unconstrained SAC with the same budget, where known.
    """
    figure = new_figure(10.5, 6.0)
    steps = np.array([row["steps"] for row in rows])
    panels = figure.subplots(2, 2, sharex=True).flat
    reward, cost, multiplier, critic = panels
    _band(reward, theme.blue, steps, rows, "return")
    _band(cost, theme.orange, steps, rows, "cost")
    cost.axhline(budget, color=theme.red, lw=1.4, ls=(0, (4, 3)), label=f"budget {budget:g}")
    if sac:
        reward.axhline(sac["return"], color=theme.muted, lw=1.4, ls=(0, (1, 2)), label="unconstrained SAC, as shipped")
        cost.axhline(sac["cost"], color=theme.muted, lw=1.4, ls=(0, (1, 2)), label="unconstrained SAC, as shipped")
    # Linear up to twice the budget, where it matters, and logarithmic above, where it was in the beginning.
    cost.set_yscale("symlog", linthresh=2 * budget, linscale=1.5)
    cost.set_ylim(bottom=0)
    cost.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    cost.set_yticks([tick for tick in (0, budget / 2, budget, 2 * budget, 5 * budget, 20 * budget) if tick <= cost.get_ylim()[1]])
    cost.minorticks_off()
    for name, colour, label in (
        ("multiplier_max", theme.violet, "greatest in any state"),
        ("multiplier_mean", theme.green, "mean over states"),
        ("effective_multiplier_mean", theme.muted, "mean, with the penalty"),
    ):
        multiplier.plot(steps, _column(rows, name), color=colour, marker="o", ms=3, label=label)
    critic.axhline(0, color=theme.muted, lw=1)
    critic.plot(steps, _column(rows, "q_cost_bias"), color=theme.blue, marker="o", ms=3, label="bias (estimate − observed)")
    critic.plot(
        steps, _column(rows, "q_cost_correlation"), color=theme.green, marker="o", ms=3, label="correlation with observed"
    )
    titles = (
        "Return of an episode",
        "Cost of an episode",
        "Lagrange multiplier",
        "Cost critic $Q_c$ against what then happened",
    )
    for panel, title in zip((reward, cost, multiplier, critic), titles, strict=True):
        panel.set_title(title)
        if 0 < multiplier_start < steps[-1]:
            panel.axvline(multiplier_start, color=theme.muted, lw=1, ls=(0, (1, 1)), zorder=0)
        panel.legend(loc="best")
        panel.margins(x=0.02)
    for panel in (multiplier, critic):
        panel.set_xlabel("environment steps")
        panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value / 1000:g} k" if value else "0"))
    return figure


def _band(axes: Axes, colour: str, steps: NDArray[np.int64], rows: Sequence[Mapping[str, Any]], name: str) -> None:
    """Draw mean ± standard deviation of the evaluations, and the episodes of training as a thin line."""
    mean, deviation = _column(rows, f"{name}_mean"), _column(rows, f"{name}_std")
    low = np.maximum(mean - deviation, 0.0) if name == "cost" else mean - deviation
    axes.fill_between(steps, low, mean + deviation, color=colour, alpha=0.18, lw=0)
    axes.plot(steps, mean, color=colour, marker="o", ms=3, label="evaluation, mean ± std")
    training = np.array([math.nan if row["training"][name] is None else row["training"][name] for row in rows])
    axes.plot(steps, training, color=colour, lw=1, alpha=0.7, ls=(0, (2, 2)), label="episodes of training")


def _column(rows: Sequence[Mapping[str, Any]], name: str) -> NDArray[np.float64]:
    values = [row["evaluation"].get(name) for row in rows]
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)
