"""What the gate says → our messages."""

from __future__ import annotations

from collections.abc import Sequence

from std_msgs.msg import Header

from alam_ros.gate import GateDecision, GateStatus
from alam_ros.msg import GateEvent as GateEventMessage
from alam_ros.msg import GateState, GateTrace
from alam_ros.nodes.diagnostics import Health
from alam_ros.onboard.gate_session import GateEvent
from alam_ros.onboard.gate_state import NUMBERS, state_fields

__all__ = ["NUMBERS", "gate_state", "gate_trace", "health_of"]


def gate_state(decision: GateDecision, header: Header, processing_time: float) -> GateState:
    """Return the message of a decision.

    Args:
        decision: of one tick.
        header: time of the decision, frame of the command.
        processing_time: s that the decision took.
    """
    return GateState(header=header, **state_fields(decision, processing_time))


def gate_trace(header: Header, tick: int, now: float, events: Sequence[GateEvent], *, is_active: bool) -> GateTrace:
    """Return the message of what came before a tick.

    Args:
        header: of the tick's state.
        tick: its number since the configuration.
        now: of the tick, s of the steady clock.
        events: since the tick before.
        is_active: whether the gate decided.
    """
    messages = [
        GateEventMessage(
            kind=event.kind, time=event.time, text=event.text, stamp_ns=event.stamp_ns, age=event.age, values=event.values
        )
        for event in events
    ]
    return GateTrace(header=header, tick=tick, time=now, is_active=is_active, events=messages)


def health_of(state: GateState) -> Health:
    """Return how diagnostics should show a state of an active node."""
    if state.state in (GateStatus.STOP, GateStatus.EMERGENCY_STOP):
        return Health.ERROR
    is_plain_pass = state.state == GateStatus.PASS and not (state.monitoring_only or state.risk_high or state.rest_no_safer)
    return Health.OK if is_plain_pass else Health.WARN
