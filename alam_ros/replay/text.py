"""A replay in words, for the terminal and the page."""

from __future__ import annotations

from collections import Counter

from alam_ros.replay.drive import Replay
from alam_ros.replay.gate_pass import GatePass
from alam_ros.replay.numbers import FourNumbers

MISSING = "–"
LIMITS = ("≤ 0.6 s", "≥ 90 %", "≤ 0.6 s", "≤ 5 %")
"""What Nav2 asks of its collision monitor."""


def four_lines(numbers: FourNumbers) -> list[tuple[str, str, str, str]]:
    """Return name, value, what Nav2 asks, and what it rests on, for each of the four."""
    return [
        ("time to stop", _seconds(numbers.time_to_stop), LIMITS[0], f"longest of {numbers.stops} of {numbers.windows} windows"),
        ("hold-stop share", _share(numbers.hold_stop_share), LIMITS[1], f"of {numbers.windows} hazard windows, from the stop on"),
        ("time to resume", _seconds(numbers.time_to_resume), LIMITS[2], f"longest of {numbers.resumes} resumptions"),
        ("false-stop share", _share(numbers.false_stop_share), LIMITS[3], "of the time without hazard while motion is asked for"),
    ]


def summary(replay: Replay) -> str:
    """Return the replay's results as lines."""
    lines = [f"{len(replay.policy.answers)} estimates, {len(replay.gate.rows)} ticks of the gate"]
    if replay.gate.is_traced:
        lines[0] += ", told what the live gate was told and when"
    lines += decision_lines(replay)
    lines += [f"note: {note}" for note in replay.gate.notes]
    lines += refusal_lines(replay)
    if replay.numbers is None or replay.hazard is None:
        lines.append("neither a cost nor a scan was recorded: no hazard windows, none of the four numbers")
    else:
        lines.append(f"hazard: {replay.hazard.source}, {len(replay.hazard.windows)} windows")
        lines += [
            f"  {name:<18}{value:>8}   (Nav2 asks {limit}; {basis})" for name, value, limit, basis in four_lines(replay.numbers)
        ]
    return "\n".join([*lines, calibration_line(replay)])


def decision_lines(replay: Replay) -> list[str]:
    """Return what the gate did, and, where it decided by other parameters than the drive's, what it had done by those."""
    lines = [f"gate: {_shares(replay.gate)}"]
    if replay.drives is not None:
        lines.append(f"by the drive's parameters: {_shares(replay.drives)}; {replay.changed_ticks} ticks in another state")
    return lines


def refusal_lines(replay: Replay) -> list[str]:
    """Return why control ticks had no estimate, the most frequent reason first."""
    return [f"no estimate {count} times: {reason}" for reason, count in replay.policy.refused.items()]


def calibration_line(replay: Replay) -> str:
    """Return what the drive says of the announced probabilities."""
    found = replay.calibration
    if found is None:
        return "risk calibration: no recorded cost, no calibrated probability, or no state whose next seconds are known"
    area = MISSING if found.auroc is None else f"{found.auroc:.2f}"
    return (
        f"risk calibration over {found.states} states: announced {found.announced:.1%}, came true {found.observed:.1%} within "
        f"{found.horizon:g} s; expected calibration error {found.expected_calibration_error:.3f}, AUROC {area}"
    )


def _shares(gate: GatePass) -> str:
    return ", ".join(f"{state} {count / len(gate.rows):.1%}" for state, count in Counter(gate.states).most_common()) + " of ticks"


def _seconds(value: float | None) -> str:
    return MISSING if value is None else f"{value:.2f} s"


def _share(value: float | None) -> str:
    return MISSING if value is None else f"{value:.1%}"
