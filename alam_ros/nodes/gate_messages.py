"""The gate's inputs and outputs ⇄ our messages."""

from __future__ import annotations

import dataclasses

from std_msgs.msg import Header

from alam_ros.gate import GateDecision, GateStatus, Risk
from alam_ros.msg import GateState, RiskEstimate
from alam_ros.nodes.diagnostics import Health
from alam_ros.nodes.stamps import SECOND_NS, StampScale

NUMBERS = ("command_age", "risk_age", "observation_age", "probability", "novelty", "scale")


def risk_from(message: RiskEstimate, scale: StampScale, now_ns: int) -> Risk:
    """Return an estimate as the gate takes it.

    Args:
        message: stamped with its observation's time.
        scale: of the estimates' stamps.
        now_ns: the node's ROS time.
    """
    stamp = message.header.stamp
    return Risk(
        stamp=scale.seconds(stamp),
        observation_age=(now_ns - stamp.sec * SECOND_NS - stamp.nanosec) / SECOND_NS,
        probability=message.probability,
        cost_value=message.cost_value,
        threshold=message.threshold,
        novelty=message.novelty,
        rest_probability=message.rest_probability,
        rest_cost_value=message.rest_cost_value,
    )


def gate_state(decision: GateDecision, header: Header, processing_time: float) -> GateState:
    """Return the message of a decision.

    Args:
        decision: of one tick.
        header: time of the decision, frame of the command.
        processing_time: s that the decision took.
    """
    return GateState(
        header=header,
        state=int(decision.state),
        **dataclasses.asdict(decision.causes),
        **{name: float(getattr(decision, name)) for name in NUMBERS},
        processing_time=processing_time,
        detail=decision.detail,
    )


def health_of(state: GateState) -> Health:
    """Return how diagnostics should show a state of an active node."""
    if state.state in (GateStatus.STOP, GateStatus.EMERGENCY_STOP):
        return Health.ERROR
    is_plain_pass = state.state == GateStatus.PASS and not state.monitoring_only
    return Health.OK if is_plain_pass else Health.WARN
