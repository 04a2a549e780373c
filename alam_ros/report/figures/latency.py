"""How long a command takes."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from alam_ros.report.theme import Theme, new_figure


def draw(theme: Theme, policy: NDArray[np.float64], gated: NDArray[np.float64]) -> Figure:
    """Draw histograms of the time from an observation to the policy's action and to the gated command, s, (n,) and (m,)."""
    figure = new_figure(5.4, 5.4)
    milliseconds = 1000 * np.concatenate([policy, gated])
    edges = np.geomspace(max(float(milliseconds.min()), 0.1), float(milliseconds.max()) * 1.01, 50)
    panels = figure.subplots(2, 1, sharex=True)
    for axes, values, colour, title in (
        (panels[0], 1000 * policy, theme.violet, "to the policy's action"),
        (panels[1], 1000 * gated, theme.blue, "to the gated command"),
    ):
        axes.hist(values, bins=edges, color=colour)
        axes.set_xscale("log")
        median, slow = np.quantile(values, (0.5, 0.99))
        for value, text, side in ((median, f"median {median:.1f} ms", "right"), (slow, f"99 % within {slow:.1f} ms", "left")):
            axes.axvline(value, color=theme.text, lw=1, ls=(0, (3, 3)))
            offset = (-5 if side == "right" else 5, 0)
            place = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points", "xytext": offset}
            axes.annotate(text, (value, 0.97), va="top", ha=side, fontsize=8.5, **place)
        axes.tick_params(which="minor", length=0)
        axes.set_title(f"From the observation {title}")
        axes.set_ylabel("control ticks")
        axes.grid(axis="x", visible=False)
    panels[1].set_xlim(edges[0], 4 * edges[-1])
    panels[1].xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    panels[1].set_xlabel("ms between arrivals at the recorder")
    return figure
