"""The seconds around each killed process."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from alam_ros.report.drive_data import DriveData, FaultOutcome
from alam_ros.report.theme import Theme, new_figure

BEFORE_S, AFTER_S = 0.6, 1.8


def draw(theme: Theme, drive: DriveData, faults: Sequence[FaultOutcome]) -> Figure:
    """Draw commands and speed around each of the faults, at least one."""
    figure = new_figure(5.25 * len(faults), 3.6)
    for axes, fault in zip(figure.subplots(1, len(faults), sharey=True, squeeze=False).flat, faults, strict=True):
        _fault(axes, theme, drive, fault)
    return figure


def _fault(axes: Axes, theme: Theme, drive: DriveData, fault: FaultOutcome) -> None:
    commander = "commanded by the gate" if fault.command_topic == "cmd_out" else "applied by the base"
    for topic, colour, label in (("odom", theme.green, "driven"), (fault.command_topic, theme.blue, commander)):
        seconds = drive.seconds(topic) - fault.moment
        near = (seconds >= -BEFORE_S) & (seconds <= AFTER_S)
        values = np.abs(drive.tracks[topic].numbers("speed")[near])
        style = {"drawstyle": "steps-post"} if topic != "odom" else {"marker": "o", "ms": 3}
        axes.plot(seconds[near], values, color=colour, label=label, **style)
    axes.axvline(0, color=theme.red, lw=1.6)
    _moment(axes, theme.red, 0.0, "kill -9", row=1)
    _moment(axes, theme.blue, fault.zero_command, f"zero commanded after {_milliseconds(fault.zero_command)}", row=1)
    _moment(axes, theme.green, fault.rest, f"at rest after {_milliseconds(fault.rest)}", row=0)
    axes.set_xlim(-BEFORE_S, AFTER_S)
    axes.set_title(f"{fault.victim} killed; {fault.answered_by} answers")
    axes.set_xlabel("s after the kill")
    axes.set_ylabel("forward or backward speed (m/s)")
    axes.legend(loc="upper right")
    axes.margins(y=0.28)


def _moment(axes: Axes, colour: str, moment: float, text: str, *, row: int) -> None:
    if math.isnan(moment):
        return
    axes.axvline(moment, color=colour, lw=1, ls=(0, (3, 3)))
    axes.annotate(
        text,
        (moment, 0.03 + 0.08 * row),
        xycoords=("data", "axes fraction"),
        xytext=(4, 0),
        textcoords="offset points",
        color=colour,
        fontsize=8.5,
        va="bottom",
    )


def _milliseconds(value: float) -> str:
    return f"{value * 1000:.0f} ms"
