"""Whether announced probabilities came true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from alam_ros.report.theme import Theme, new_figure


def draw(theme: Theme, bins: Sequence[Mapping[str, Any]], horizon: float) -> Figure:
    """Draw observed shares over announced probabilities, and how often each was announced.

    Args:
        theme: colours.
        bins: `announced`, `observed`, `low`, `high` (95 % interval) and `states`, of bins that are not empty.
        horizon: s.
    """
    figure = new_figure(5.4, 5.4)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3.2, 1))
    announced, observed, low, high, states = (
        np.array([entry[name] for entry in bins], dtype=np.float64) for name in ("announced", "observed", "low", "high", "states")
    )
    top.plot([0, 1], [0, 1], color=theme.muted, lw=1.2, ls=(0, (4, 3)), label="perfect")
    errors = np.maximum([observed - low, high - observed], 0.0)
    top.errorbar(
        announced, observed, yerr=errors, color=theme.blue, fmt="o-", ms=5, lw=1.4, capsize=2.5, label="this policy, 95 %"
    )
    top.set_ylim(-0.03, 1.03)
    top.set_ylabel(f"violation within {horizon:g} s")
    top.set_title("Announced and observed risk, fresh episodes")
    top.legend(loc="upper left")
    bottom.vlines(announced, 0.8, states, color=theme.blue, lw=4)
    bottom.set_yscale("log")
    bottom.set_ylim(bottom=0.8)
    bottom.set_ylabel("states")
    bottom.set_xlabel("announced probability")
    for axis in (top.yaxis, bottom.xaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
    return figure
