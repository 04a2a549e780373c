"""What diagnostics make of a state of the gate."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="tests over real ROS need the packages of `make venv`")

from alam_ros.msg import GateState
from alam_ros.nodes.diagnostics import Health
from alam_ros.nodes.gate_messages import health_of


@pytest.mark.parametrize(
    ("state", "health"),
    [
        (GateState(state=GateState.PASS), Health.OK),
        (GateState(state=GateState.PASS, rest_no_safer=True), Health.WARN),
        (GateState(state=GateState.PASS, risk_high=True), Health.WARN),
        (GateState(state=GateState.PASS, monitoring_only=True), Health.WARN),
        (GateState(state=GateState.SLOW, risk_high=True), Health.WARN),
        (GateState(state=GateState.STOP, risk_high=True), Health.ERROR),
    ],
)
def test_what_is_not_a_plain_pass_is_no_health(state: GateState, health: Health) -> None:
    assert health_of(state) is health
