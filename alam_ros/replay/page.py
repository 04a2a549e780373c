"""A replay as one HTML page."""

from __future__ import annotations

import html
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from alam_ros.onboard.stamps import SECOND_NS
from alam_ros.replay.drive import Replay, asked_and_sent
from alam_ros.replay.numbers import Times
from alam_ros.replay.text import calibration_line, decision_lines, four_lines, refusal_lines
from alam_ros.report.figures import reliability
from alam_ros.report.page import Card, Section, missing, page, picture
from alam_ros.report.tables import facts
from alam_ros.report.theme import THEMES, Theme, new_figure, png, styled

DRAWN_STATES = ("PASS", "SLOW", "FALLBACK", "STOP", "EMERGENCY_STOP")


def write_page(replay: Replay, path: Path, command: str) -> None:
    """Write the page.

    Args:
        replay: what to tell of.
        path: of the file.
        command: with which the replay can be had again.
    """
    cards = []
    if replay.numbers is not None:
        cards = [Card(name, value, f"Nav2 asks {limit}; {basis}") for name, value, limit, basis in four_lines(replay.numbers)]
    sections = [_drive(replay), _calibration(replay), _origin(replay, command)]
    subtitle = f"{replay.settings.recording.name} through {replay.settings.policy.name}, by the code the robot runs."
    document = page(title="Replayed drive", subtitle=subtitle, cards=cards, sections=sections)
    path.write_text(document, encoding="utf-8")


def _drive(replay: Replay) -> Section:
    hazard = replay.hazard
    truth = "No truth was recorded." if hazard is None else f"Hazard: {hazard.source}, {len(hazard.windows)} windows (shaded)."
    decisions = "".join(f"<p>{html.escape(line)}</p>" for line in decision_lines(replay))
    notes = "".join(f'<p class="missing">{html.escape(note)}</p>' for note in (*replay.gate.notes, *refusal_lines(replay)))
    caption = "State of the gate, calibrated probability of a violation, speed asked for and let through, over seconds."
    return Section("The drive", truth, _drawn("gate", lambda theme: _timeline(theme, replay), caption) + decisions + notes)


def _calibration(replay: Replay) -> Section:
    title, found = "Is the risk calibrated on this drive?", replay.calibration
    if found is None:
        return Section(title, "", missing("The reliability diagram", calibration_line(replay)))
    if not found.bins:
        return Section(
            title, calibration_line(replay), missing("The reliability diagram", "the drive is one block of resampling")
        )
    caption = "Bars: 95 % of resamplings of blocks of the drive. States in violation already are left out."
    body = _drawn("reliability", lambda theme: reliability.draw(theme, found.bins, found.horizon), caption)
    return Section(title, calibration_line(replay), body)


def _origin(replay: Replay, command: str) -> Section:
    pairs = {
        "command": command,
        "recording": str(replay.settings.recording),
        "policy": f"{replay.settings.policy} ({replay.policy.answers[0].estimate.policy_id})",
        "estimates": str(len(replay.policy.answers)),
        "ticks of the gate": f"{len(replay.gate.rows)}, {'from the trace' if replay.gate.is_traced else 'without a trace'}",
    }
    return Section("How this came about", "docs/replay.md defines every number.", facts(pairs))


def _drawn(name: str, paint: Callable[[Theme], Figure], caption: str) -> str:
    pngs = {}
    for theme in THEMES:
        with styled(theme):
            pngs[theme.name] = png(paint(theme))
    return picture(name, pngs, caption)


def _timeline(theme: Theme, replay: Replay) -> Figure:
    figure = new_figure(10.5, 5.2)
    bands, risk, speed = figure.subplots(3, 1, sharex=True, height_ratios=(0.4, 1.0, 1.2))
    seconds = replay.seconds()
    _states(bands, theme, replay, seconds)
    answered = [(answer.received_ns - replay.origin_ns) / SECOND_NS for answer in replay.policy.answers]
    risk.plot(answered, [answer.estimate.probability for answer in replay.policy.answers], color=theme.violet, lw=1.3)
    risk.set_ylim(-0.02, 1.02)
    risk.set_title("Probability of a violation")
    asked, sent = asked_and_sent(replay.gate)
    speed.plot(seconds, asked, color=theme.muted, lw=1.0, label="asked for")
    speed.plot(seconds, sent, color=theme.blue, lw=1.4, label="let through")
    speed.set_title("Speed")
    speed.set_xlabel("s since the gate's first tick")
    speed.legend(ncols=2, loc="lower right", bbox_to_anchor=(1.0, 1.0), borderpad=0)
    for axes in (risk, speed):
        for begin, end in replay.hazard.windows if replay.hazard is not None else ():
            span = ((begin - replay.origin_ns) / SECOND_NS, (end - replay.origin_ns) / SECOND_NS)
            axes.axvspan(*span, color=theme.red, alpha=0.18, lw=0)
    return figure


def _states(axes: Axes, theme: Theme, replay: Replay, seconds: Times) -> None:
    names = [row.tick.decision.state.name for row in replay.gate.rows]
    borders = [0, *(index for index in range(1, len(names)) if names[index] != names[index - 1]), len(names)]
    for begin, end in pairwise(borders):
        stop = seconds[min(end, len(names) - 1)]
        axes.barh(0, stop - seconds[begin], left=seconds[begin], color=theme.state_colour(names[begin]), lw=0)
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.set_title("State of the gate: " + ", ".join(name for name in DRAWN_STATES if name in names))
