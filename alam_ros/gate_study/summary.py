"""Drives → numbers and a table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from alam_ros.gate_study.drives import Drive

REMOVED, KEPT = 0.9, 0.6
"""What a gate in front of a careless commander should achieve: share of violations removed, share of progress kept."""


def summary(name: str, drives: Sequence[Drive], ungated: Sequence[Drive]) -> dict[str, Any]:
    """Return a gate's numbers; `violations_removed` and `progress_kept` are NaN where there was nothing to remove or keep."""
    returns = _mean_and_error([drive.episode_return for drive in drives])
    costs = _mean_and_error([drive.cost for drive in drives])
    before_return = float(np.mean([drive.episode_return for drive in ungated]))
    before_cost = float(np.mean([drive.cost for drive in ungated]))
    return {
        "gate": name,
        "drives": len(drives),
        "return": returns,
        "cost": costs,
        "violations_removed": 1.0 - costs[0] / before_cost if before_cost > 0.0 else math.nan,
        "progress_kept": returns[0] / before_return if before_return > 0.0 else math.nan,
        "restricted_share": float(np.mean([drive.restricted_share for drive in drives])),
        "fallback_share": float(np.mean([drive.fallback_share for drive in drives])),
    }


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the rows as text."""
    heads = ("return", "cost", "removed", "kept", "restricted", "by policy")
    lines = [f"{'':28}" + "".join(f"{head:>{width}}" for head, width in zip(heads, (16, 16, 10, 10, 12, 12), strict=True))]
    for row in rows:
        returns, costs = (f"{mean:.1f} ± {error:.1f}" for mean, error in (row["return"], row["cost"]))
        shares = f"{_share(row['violations_removed']):>10}{_share(row['progress_kept']):>10}"
        lines.append(
            f"{row['gate']:28}{returns:>16}{costs:>16}{shares}{row['restricted_share']:>12.1%}{row['fallback_share']:>12.1%}"
        )
    lines.append(f"mean ± standard error of {rows[0]['drives']} drives; removed: share of the violations, kept: of the return")
    return "\n".join(lines)


def meets(row: Mapping[str, Any]) -> bool:
    """Say whether a gate removes and keeps what it should."""
    return bool(row["violations_removed"] >= REMOVED and row["progress_kept"] >= KEPT)


def _mean_and_error(values: list[float]) -> tuple[float, float]:
    error = np.std(values, ddof=1) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return float(np.mean(values)), float(error)


def _share(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.1%}"
