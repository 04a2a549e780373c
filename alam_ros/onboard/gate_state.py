"""A decision of the gate as the fields of `alam_ros/msg/GateState`."""

from __future__ import annotations

import dataclasses
from typing import Any

from alam_ros.gate import GateDecision

NUMBERS = ("command_age", "risk_age", "observation_age", "probability", "novelty", "scale")
"""The numbers behind the causes."""


def state_fields(decision: GateDecision, processing_time: float) -> dict[str, Any]:
    """Return all fields but the header.

    Args:
        decision: of one tick.
        processing_time: s that the decision took; the only field that the same events do not repeat.
    """
    return {
        "state": int(decision.state),
        **dataclasses.asdict(decision.causes),
        **{name: float(getattr(decision, name)) for name in NUMBERS},
        "processing_time": processing_time,
        "detail": decision.detail,
    }
