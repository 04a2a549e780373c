"""Estimates → our message."""

from __future__ import annotations

from alam_ros.msg import RiskEstimate
from alam_ros.nodes.stamps import time_message
from alam_ros.onboard.estimator import NUMBERS, Estimate


class RiskMessage:
    """Writes one estimate after another into the same message: making one with all its fields costs more than publishing it."""

    def __init__(self, frame: str) -> None:
        """Prepare for estimates of the robot's base `frame`."""
        self._message = RiskEstimate()
        self._message.header.frame_id = frame

    def of(self, estimate: Estimate) -> RiskEstimate:
        """Return the message of an estimate, under its observation's stamp, valid until the next call."""
        message = self._message
        message.header.stamp = time_message(estimate.stamp_ns)
        for name in NUMBERS:
            setattr(message, name, getattr(estimate, name))
        message.action = estimate.action.tolist()
        return message
