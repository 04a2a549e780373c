"""Figures of latency and inference as tables, Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from alam_ros.bench.inference import MOST_US
from alam_ros.bench.latency import MOST_ADDED_US, Comparison, Latency
from alam_ros.report.markdown import markdown_table

INFERENCE = {
    "networks": f"actor, two cost critics, multiplier (at most {MOST_US:g})",
    "with_risk_network": "the same and the risk network",
    "estimate": "all that the policy node asks for one observation",
    "judgement": "all that the safety monitor asks for one command",
}
"""Name of what is timed → what it is."""
NAMES = {"policy": "`policy`", "monitor": "`safety_monitor`, told the risk", "judge": "`safety_monitor`, judging"}


def inference_text(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the table of inference."""
    columns = ("NumPy, µs", "median", "p99", "after 10 ms of pause", "allocated meanwhile, bytes")
    rows = (
        (
            meaning,
            f"{found[name]['back_to_back']['median_us']:.1f}",
            f"{found[name]['back_to_back']['p99_us']:.1f}",
            f"{found[name]['after_pause']['median_us']:.0f}",
            f"{found[name]['peak_bytes']}",
        )
        for name, meaning in INFERENCE.items()
        if name in found
    )
    return markdown_table(columns, rows)


def latency_text(found: Sequence[Comparison]) -> str:
    """Return the table of latencies: ours over the bare node's, and what is added."""
    columns = (
        "node, answer",
        "executor",
        "Hz",
        "median, µs",
        "p99",
        "p99.9",
        "CPU, %",
        "missed",
        f"added to median (at most {MOST_ADDED_US['median']:g})",
        f"added to p99 (at most {MOST_ADDED_US['p99']:g})",
    )
    return markdown_table(columns, map(_row, found))


def loaded_text(found: Sequence[Comparison]) -> str:
    """Return the table of deadlines under load."""
    columns = (
        "node, answer",
        "executor",
        "Hz",
        "deadlines",
        "missed by ours",
        "by the bare node",
        "by ours alone",
        "by that alone",
    )
    rows = (
        (
            f"{NAMES[one.role]}, `{one.answer}`",
            one.executor,
            f"{one.rate:g}",
            f"{one.ours.questions:,}",
            f"{one.ours.missed:,}",
            f"{one.echo.missed:,}",
            f"{one.missed_alone:,}",
            f"{one.echo_missed_alone:,}",
        )
        for one in found
    )
    return markdown_table(columns, rows)


def _row(one: Comparison) -> tuple[str, ...]:
    def both(name: str) -> str:
        return f"{getattr(one.ours, name):.0f} / {getattr(one.echo, name):.0f}"

    def percent(latency: Latency) -> str:
        return f"{latency.cpu_percent:.1f}"

    return (
        f"{NAMES[one.role]}, `{one.answer}`",
        one.executor,
        f"{one.rate:g}",
        f"{one.ours.median.median:.0f} / {one.echo.median.median:.0f}",
        both("p99"),
        both("p99_9"),
        f"{percent(one.ours)} / {percent(one.echo)}",
        both("missed"),
        f"{one.added_median.median:.0f} ({one.added_median.low:.0f} to {one.added_median.high:.0f})",
        f"{one.added_p99:.0f} ({one.added_p99_of_turns.low:.0f} to {one.added_p99_of_turns.high:.0f})",
    )
