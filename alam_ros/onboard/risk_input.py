"""Risk estimates as the gate takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alam_ros.gate import Risk
from alam_ros.onboard.stamps import SECOND_NS, StampScale

JUDGED = ("probability", "cost_value", "threshold", "novelty", "rest_probability", "rest_cost_value")
"""Fields of an estimate that the gate judges; the others of `Risk` say when it was made."""


def judged(estimate: Any) -> dict[str, float]:
    """Return what the gate judges of a `RiskEstimate` message of any library, or of an `Estimate`."""
    return {name: float(getattr(estimate, name)) for name in JUDGED}


def risk_from(numbers: Mapping[str, float], stamp_ns: int, scale: StampScale, now_ns: int) -> Risk:
    """Return an estimate as the gate takes it.

    Args:
        numbers: those of `JUDGED`.
        stamp_ns: of its observation.
        scale: of the estimates' stamps.
        now_ns: the receiver's ROS time.
    """
    return Risk(stamp=scale.seconds(stamp_ns), observation_age=(now_ns - stamp_ns) / SECOND_NS, **numbers)
