"""Estimates → our message."""

from __future__ import annotations

from std_msgs.msg import Header

from alam_ros.msg import RiskEstimate
from alam_ros.nodes.stamps import time_message
from alam_ros.onboard.estimator import Estimate


def risk_estimate(estimate: Estimate, frame: str) -> RiskEstimate:
    """Return the message of an estimate, under its observation's stamp.

    Args:
        estimate: of one action.
        frame: of the robot's base.
    """
    header = Header(stamp=time_message(estimate.stamp_ns), frame_id=frame)
    return RiskEstimate(header=header, **estimate.fields() | {"action": estimate.action.tolist()})
