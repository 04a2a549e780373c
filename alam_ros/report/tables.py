"""The report's numbers as text."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from alam_ros.number_text import number_text
from alam_ros.report.drive_data import DriveData

MISSING = "–"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return an HTML table; cells are escaped."""
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def facts(pairs: Mapping[str, str]) -> str:
    """Return a list of names and values; values are escaped and set as code."""
    rows = "".join(f"<dt>{html.escape(name)}</dt><dd><code>{html.escape(value)}</code></dd>" for name, value in pairs.items())
    return f"<dl>{rows}</dl>"


def number(value: float | None, digits: int = 1) -> str:
    """Return a number, or a dash where there is none."""
    return MISSING if value is None or math.isnan(value) else f"{value:.{digits}f}"


def milliseconds(seconds: float) -> str:
    """Return a duration, or a dash where there is none."""
    return MISSING if math.isnan(seconds) else f"{1000 * seconds:.0f} ms"


def share(value: float | None, whole: float | None) -> str:
    """Return a percentage, or a dash where it has no meaning."""
    return MISSING if value is None or not whole else f"{value / whole:.0%}"


def comparison(
    evaluation: Mapping[str, Any] | None, reference: Mapping[str, Any] | None, shipped: Mapping[str, Any] | None
) -> str:
    """Return the table of policies: this run's, the reference evaluated in this run, and the figures that came with it."""
    sac = (shipped or {}).get("sac") or {}
    header = ("policy", "return", "cost", "episodes without cost", "of SAC's return", "of SAC's cost", "steps", "updates", "seed")
    rows = []
    for name, document in (("demonstrated", evaluation), ("reference, evaluated here", reference)):
        if document is None:
            rows.append((name, *["missing"] + [MISSING] * (len(header) - 2)))
            continue
        summary, training = document["summary"], document["training"]
        rows.append(
            (
                f"{name} ({document['algorithm']})",
                f"{number_text(summary['return_mean'])} ± {number_text(summary['return_std'])}",
                f"{number_text(summary['cost_mean'], 2)} ± {number_text(summary['cost_std'], 2)}",
                f"{summary['cost_free_share']:.0%}",
                share(summary["return_mean"], sac.get("return")),
                share(summary["cost_mean"], sac.get("cost")),
                *(_count(training.get(key)) for key in ("steps", "updates", "seed")),
            )
        )
    if sac:
        figures = (number(sac.get("return")), number(sac.get("cost"), 2), MISSING, "100%", "100%")
        counts = (_count(sac.get(key)) for key in ("steps", "updates", "seed"))
        rows.append(("unconstrained SAC, as shipped", *figures, *counts))
    return table(header, rows)


def faults(drive: DriveData) -> str:
    """Return the table of killed processes."""
    header = (
        "killed (SIGKILL)",
        "speed at that moment",
        "who answered",
        "zero commanded after",
        "at rest after",
        "distance covered",
    )
    return table(
        header,
        [
            (
                outcome.victim,
                f"{outcome.speed:+.2f} m/s",
                outcome.answered_by,
                milliseconds(outcome.zero_command),
                milliseconds(outcome.rest),
                f"{outcome.distance:.2f} m",
            )
            for outcome in drive.faults()
        ],
    )


def latency(drive: DriveData) -> str:
    """Return the table of latencies and of the computing behind them."""
    rows = []
    for name, values in (
        ("observation → policy's action", drive.latencies("cmd_in")),
        ("observation → gated command", drive.latencies("cmd_out")),
        ("of which: networks and calibration", drive.tracks["alam/risk"].numbers("inference_time")),
        ("of which: one decision of the gate", drive.tracks["alam/gate"].numbers("processing_time")),
    ):
        known = values[~np.isnan(values)]
        cells = [f"{1000 * value:.2f} ms" for value in np.quantile(known, (0.5, 0.95, 0.99))] if known.size else [MISSING] * 3
        rows.append((name, *cells, str(known.size)))
    return table(("", "median", "95 %", "99 %", "measured"), rows)


def _count(value: float | None) -> str:
    return MISSING if value is None else f"{value:,}"
