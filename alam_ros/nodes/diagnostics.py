"""REP-107 diagnostics: one status of one node, once a second."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

DIAGNOSTICS_PERIOD_S = 1.0


class Health(Enum):
    """The levels of a diagnostic status."""

    OK = DiagnosticStatus.OK
    WARN = DiagnosticStatus.WARN
    ERROR = DiagnosticStatus.ERROR
    STALE = DiagnosticStatus.STALE


def diagnostic_message(
    stamp: Time, *, name: str, health: Health, summary: str, values: Mapping[str, object], hardware_id: str = ""
) -> DiagnosticArray:
    """Return a message with one status.

    Args:
        stamp: now.
        name: `<node>: <task>`, as viewers group them.
        health: how it goes.
        summary: one sentence for people.
        values: the numbers behind it; floats are given with four digits.
        hardware_id: what is diagnosed, such as the policy's id.
    """
    status = DiagnosticStatus(level=health.value, name=name, message=summary, hardware_id=hardware_id)
    status.values = [KeyValue(key=key, value=_text(value)) for key, value in values.items()]
    message = DiagnosticArray(status=[status])
    message.header.stamp = stamp
    return message


def _text(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
