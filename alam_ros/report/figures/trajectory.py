"""Where the robot drove, coloured by the risk it announced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

from alam_ros.report.drive_data import DriveData
from alam_ros.report.theme import RISK_COLOURS, Theme, new_figure

NORM = PowerNorm(0.5, 0.0, 1.0)
"""Finer where the probabilities are low, as most are."""


def draw(theme: Theme, drive: DriveData) -> Figure:
    """Draw the undisturbed part of the drive over its map, where the facts of the drive hold one."""
    figure = new_figure(7.8, 6.7)
    axes = figure.subplots()
    world = drive.facts.get("map")
    if world:
        _map(axes, theme, world)
    odometry, inside = drive.tracks["odom"], drive.cruise("odom")
    x, y, risk = odometry.numbers("x")[inside], odometry.numbers("y")[inside], drive.risk_along_path()[inside]
    points = np.column_stack([x, y])
    segments = np.stack([points[:-1], points[1:]], axis=1)
    axes.add_collection(LineCollection(list(segments), colors=theme.page, linewidths=6.5, capstyle="round", zorder=4))
    path = LineCollection(list(segments), cmap=RISK_COLOURS, norm=NORM, linewidths=4, capstyle="round", zorder=5)
    path.set_array(np.nan_to_num(np.maximum(risk[:-1], risk[1:])))
    axes.add_collection(path)
    _goals(axes, theme, drive, float(world["goal_radius"]) if world else 0.3)
    radius = float(world["body_radius"]) if world else 0.18
    axes.add_patch(Circle((x[0], y[0]), radius, facecolor=theme.blue, edgecolor=theme.page, lw=1.5, zorder=6))
    axes.annotate("start", (x[0], y[0]), xytext=(12, 8), textcoords="offset points", color=theme.blue, zorder=7)
    _violations(axes, theme, drive)
    axes.set_aspect("equal")
    axes.autoscale_view()
    axes.spines[:].set_visible(False)
    axes.set_xlabel("x (m)")
    axes.set_ylabel("y (m)")
    axes.grid(visible=False)
    bar = figure.colorbar(
        ScalarMappable(NORM, RISK_COLOURS), ax=axes, fraction=0.04, pad=0.02, ticks=[0, 0.02, 0.1, 0.25, 0.5, 1]
    )
    bar.ax.set_yticklabels(["0", "2 %", "10 %", "25 %", "50 %", "100 %"])
    bar.set_label(f"calibrated probability of a violation within {_horizon(drive):g} s")
    bar.ax.spines[:].set_visible(False)
    return figure


def _violations(axes: Axes, theme: Theme, drive: DriveData) -> None:
    """Mark where the robot was nearer to something than allowed."""
    if "simulator/cost" not in drive.tracks:
        return
    odometry, seconds = drive.tracks["odom"], drive.seconds("odom")
    is_costly = (drive.tracks["simulator/cost"].numbers("value") > 0) & drive.cruise("simulator/cost")
    moments = drive.seconds("simulator/cost")[is_costly]
    x, y = (np.interp(moments, seconds, odometry.numbers(name)) for name in ("x", "y"))
    axes.scatter(x, y, s=4, color=theme.text, lw=0, zorder=6)


def _map(axes: Axes, theme: Theme, world: Mapping[str, Any]) -> None:
    half, safety = world["arena_half_width"], world["safety_distance"]
    for scale, width, style in ((half, 3.0, "-"), (half - safety, 0.9, (0, (3, 3)))):
        axes.add_patch(Rectangle((-scale, -scale), 2 * scale, 2 * scale, fill=False, edgecolor=theme.solid, lw=width, ls=style))
    for x, y, radius in world["static"]:
        axes.add_patch(Circle((x, y), radius, color=theme.solid, lw=0, zorder=2))
        axes.add_patch(Circle((x, y), radius + safety, fill=False, edgecolor=theme.solid, lw=0.9, ls=(0, (3, 3))))
    for mover in world["movers"]:
        (x, y), (end_x, end_y) = mover["start"], mover["end"]
        axes.plot([x, end_x], [y, end_y], color=theme.violet, lw=1.2, ls=(0, (1, 2)), zorder=2)
        for place in ((x, y), (end_x, end_y)):
            axes.add_patch(Circle(place, mover["radius"], facecolor=theme.violet, alpha=0.35, lw=0, zorder=2))


def _goals(axes: Axes, theme: Theme, drive: DriveData, radius: float) -> None:
    if "goal" not in drive.tracks:
        return
    goals, seconds = drive.tracks["goal"], drive.seconds("goal")
    shown = [(row["x"], row["y"]) for row, time in zip(goals.rows, seconds, strict=True) if time <= drive.cruise_end()]
    for number, goal in enumerate(dict.fromkeys(shown), start=1):
        axes.add_patch(Circle(goal, radius, facecolor=theme.green, alpha=0.22, edgecolor=theme.green, lw=1.4, zorder=3))
        axes.annotate(str(number), goal, ha="center", va="center", color=theme.green, weight="bold", fontsize=9, zorder=7)


def _horizon(drive: DriveData) -> float:
    return float(drive.tracks["alam/risk"].numbers("horizon")[-1])
