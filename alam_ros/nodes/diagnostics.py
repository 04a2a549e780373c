"""REP-107 diagnostics: one status of one node, once a second."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node

DIAGNOSTICS_PERIOD_S = 1.0


class Health(Enum):
    """The levels of a diagnostic status."""

    OK = DiagnosticStatus.OK
    WARN = DiagnosticStatus.WARN
    ERROR = DiagnosticStatus.ERROR
    STALE = DiagnosticStatus.STALE


def worse(health: Health) -> Health:
    """Return what remains of a health about which there is a doubt: WARN in place of OK."""
    return Health.WARN if health is Health.OK else health


def task_name(node: Node, task: str) -> str:
    """Return the name of a node's status: `safety_monitor: gate`, and in a namespace `robot1/safety_monitor: gate`."""
    return f"{node.get_fully_qualified_name().lstrip('/')}: {task}"


def diagnostic_message(
    stamp: Time, *, name: str, health: Health, summary: str, values: Mapping[str, object], hardware_id: str = ""
) -> DiagnosticArray:
    """Return a message with one status.

    Args:
        stamp: now.
        name: as of `task_name`; viewers group by what precedes the colon.
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
