"""Nav2's four numbers: how soon the robot stops in a hazard, whether it stays stopped, how soon it goes on, and needless stops.

The definitions are in docs/replay.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STOPPED = 0.02
"""Speed at or below which a command is a stop, m/s (rad/s for joints)."""
MOVING = 0.10
"""Speed at or above which it is motion."""
SAMPLES = 3
"""Samples in a row that make either certain."""
LONGEST_TICK_S = 0.5
"""s that a tick counts at most: the gate has some every second, and after a longer pause there was none."""
GRACE_S = 0.6
"""s after a hazard in which a stop is not yet needless: Nav2's limit on the time to resume."""

Times = NDArray[np.float64]


@dataclass(frozen=True)
class FourNumbers:
    """The four numbers of a drive; None where no window tells.

    Attributes:
        windows: hazard windows that the gate's ticks cover.
        stops: of these, in which the robot was stopped.
        time_to_stop: s, the longest of all windows with a stop; `time_to_stop_mean` their mean.
        hold_stop_share: share of the windows' time, from each stop on, in which the command is a stop; windows without one count
            whole, as not stopped.
        resumes: windows stopped at their end, after which the robot moved again before the next window.
        time_to_resume: s, the longest; `time_to_resume_mean` their mean.
        false_stop_share: share of the time outside windows and their grace, while motion is asked for, in which the command is
            a stop.
    """

    windows: int
    stops: int
    time_to_stop: float | None
    time_to_stop_mean: float | None
    hold_stop_share: float | None
    resumes: int
    time_to_resume: float | None
    time_to_resume_mean: float | None
    false_stop_share: float | None


def speed_of(command: NDArray[np.float64] | None, names: Sequence[str]) -> float:
    """Return a command's speed: of a twist the length of its linear part, of joints the largest magnitude; NaN without one."""
    if command is None or command.size != len(names):
        return float("nan")
    linear = [value for value, name in zip(command, names, strict=True) if name.startswith("linear.")]
    return float(np.linalg.norm(linear)) if linear else float(np.abs(command).max(initial=0.0))


def four_numbers(times: Times, asked: Times, sent: Times, windows: Sequence[tuple[float, float]]) -> FourNumbers:
    """Judge a drive.

    Args:
        times: of the gate's ticks, s, rising, (n,).
        asked: speed that the commander asks for at each, (n,); NaN before its first command.
        sent: speed that the gate lets through, (n,).
        windows: (begin, end) of the hazards, s, in their order.
    """
    stopped, moving = sent <= STOPPED, sent >= MOVING
    begins_stop, begins_motion = _in_a_row(stopped), _in_a_row(moving)
    length = np.minimum(np.diff(times, append=times[-1:]), LONGEST_TICK_S)
    covered = [(begin, end) for begin, end in windows if ((times >= begin) & (times < end)).any()]
    to_stop: list[float] = []
    to_resume: list[float] = []
    held = whole = 0.0
    for index, (begin, end) in enumerate(covered):
        inside = (times >= begin) & (times < end)
        first = _first(times, begins_stop & inside)
        since = inside if first is None else inside & (times >= first)
        whole += float(length[since].sum())
        if first is not None:
            to_stop.append(first - begin)
            held += float(length[since & stopped].sum())
        until = covered[index + 1][0] if index + 1 < len(covered) else np.inf
        if stopped[inside][-1] and (moved := _first(times, begins_motion & (times >= end) & (times < until))) is not None:
            to_resume.append(moved - end)
    free = (asked >= MOVING) & ~_within(times, [(begin, end + GRACE_S) for begin, end in covered])
    free_time = float(length[free].sum())
    return FourNumbers(
        windows=len(covered),
        stops=len(to_stop),
        time_to_stop=max(to_stop, default=None),
        time_to_stop_mean=float(np.mean(to_stop)) if to_stop else None,
        hold_stop_share=held / whole if whole > 0.0 else None,
        resumes=len(to_resume),
        time_to_resume=max(to_resume, default=None),
        time_to_resume_mean=float(np.mean(to_resume)) if to_resume else None,
        false_stop_share=float(length[free & stopped].sum()) / free_time if free_time > 0.0 else None,
    )


def _in_a_row(flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return where `SAMPLES` true ones in a row begin, (n,)."""
    padded = np.append(flags, np.zeros(SAMPLES - 1, dtype=np.bool_))
    row: NDArray[np.bool_] = np.all([padded[shift : shift + flags.size] for shift in range(SAMPLES)], axis=0)
    return row


def _first(times: Times, flags: NDArray[np.bool_]) -> float | None:
    found = np.flatnonzero(flags)
    return float(times[found[0]]) if found.size else None


def _within(times: Times, windows: Sequence[tuple[float, float]]) -> NDArray[np.bool_]:
    inside = np.zeros(times.size, dtype=np.bool_)
    for begin, end in windows:
        inside |= (times >= begin) & (times < end)
    return inside
