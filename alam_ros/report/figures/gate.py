"""The gate's timeline: state and causes, risk, commanded and gated speed."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from alam_ros.report.drive_data import DriveData
from alam_ros.report.theme import Theme, new_figure

RIGHT = {"textcoords": "offset points", "ha": "right", "va": "top"}
SILENCE_S = 0.45
"""s from which a topic counts as silent."""
STATES = ("PASS", "SLOW", "FALLBACK", "STOP", "EMERGENCY_STOP", "INACTIVE")


def draw(theme: Theme, drive: DriveData) -> Figure:
    """Draw the whole drive, faults included, over the seconds since the robot moved off."""
    figure = new_figure(10.5, 6.6)
    bands, risk, speed = figure.subplots(3, 1, sharex=True, height_ratios=(1.1, 1.0, 1.5))
    end = float(drive.seconds("odom")[-1])
    _states(bands, theme, drive, end)
    _risk(risk, theme, drive)
    _speed(speed, theme, drive)
    for axes in (bands, risk, speed):
        for fault in drive.faults():
            axes.axvline(fault.moment, color=theme.red, lw=1.4, zorder=6)
    for row, fault in enumerate(drive.faults()):
        place = (fault.moment, 0.95 - 0.22 * row)
        text = f"kill -9 {fault.victim}"
        risk.annotate(text, place, xycoords=("data", "axes fraction"), xytext=(-4, 0), color=theme.red, fontsize=8.5, **RIGHT)
    speed.set_xlim(-1.0, end)
    speed.set_xlabel("s since the robot moved off")
    return figure


def _states(axes: Axes, theme: Theme, drive: DriveData, end: float) -> None:
    """Draw a band of states and below it a row for each cause that occurred."""
    rows, times = drive.tracks["alam/gate"].rows, drive.seconds("alam/gate")
    # A killed gate says nothing any more: its last word holds until the kill.
    gate_end = next((fault.moment for fault in drive.faults() if fault.victim == "safety_monitor"), end)
    spans = list(zip(rows, pairwise([*times, gate_end]), strict=True))
    causes = sorted({cause for row, (_, stop) in spans if stop > 0 for cause in row["causes"]})
    for row, (start, stop) in spans:
        axes.barh(0, stop - start, left=start, height=0.85, color=theme.state_colour(row["state"]), lw=0)
        for cause in row["causes"]:
            if cause in causes:
                axes.barh(causes.index(cause) + 1, stop - start, left=start, height=0.6, color=theme.muted, lw=0)
    axes.set_yticks(range(len(causes) + 1), ["state", *causes])
    axes.set_ylim(len(causes) + 0.6, -0.6)
    axes.grid(visible=False)
    seen = {row["state"] for row, (_, stop) in spans if stop > 0}
    handles = [Patch(color=theme.state_colour(state), label=state) for state in STATES if state in seen]
    axes.legend(handles=handles, ncols=len(handles), loc="lower right", bbox_to_anchor=(1.0, 1.0), borderpad=0)
    axes.set_title("What the gate did, and why")


def _risk(axes: Axes, theme: Theme, drive: DriveData) -> None:
    _line(axes, drive, "alam/risk", "probability", color=theme.violet, lw=1.3)
    axes.set_ylim(-0.02, 1.02)
    axes.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"])
    axes.set_title("Calibrated probability of a violation")
    thresholds = drive.facts.get("thresholds", {})
    for name, colour in (("caution", theme.orange), ("danger", theme.red)):
        if name in thresholds:
            axes.axhline(thresholds[name], color=colour, lw=1, ls=(0, (4, 3)))
            axes.annotate(
                name,
                (1.0, thresholds[name]),
                xycoords=("axes fraction", "data"),
                xytext=(3, 0),
                textcoords="offset points",
                va="center",
                color=colour,
                fontsize=8.5,
                annotation_clip=False,
            )


def _speed(axes: Axes, theme: Theme, drive: DriveData) -> None:
    for topic, colour, label, width in (
        ("cmd_in", theme.muted, "asked by the policy", 1.0),
        ("cmd_out", theme.blue, "let through by the gate", 1.4),
        ("odom", theme.green, "driven", 1.6),
    ):
        _line(axes, drive, topic, "speed", color=colour, lw=width, label=label)
    axes.set_title("Forward speed (m/s)")
    axes.legend(ncols=3, loc="lower right", bbox_to_anchor=(1.0, 1.0), borderpad=0)


def _line(axes: Axes, drive: DriveData, topic: str, name: str, **style: Any) -> None:
    """Draw a number of a topic over time, with a gap where nobody spoke."""
    seconds, values = drive.seconds(topic), drive.tracks[topic].numbers(name)
    gaps = np.flatnonzero(np.diff(seconds) > SILENCE_S) + 1
    axes.plot(np.insert(seconds, gaps, np.nan), np.insert(values, gaps, np.nan), **style)
