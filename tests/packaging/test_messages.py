"""The generated messages live in the same Python package as our modules, from wherever they are imported."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.project import ROOT

pytest.importorskip("rclpy", reason="the messages need ROS; `make venv` brings it")

from rclpy.serialization import deserialize_message, serialize_message

from alam_ros.msg import GateEvent, GateState, GateTrace, RiskEstimate

STATEMENT = (
    "import alam_ros, alam_ros.msg, alam_ros.contract, alam_sim; print(alam_ros.__version__, alam_ros.msg.RiskEstimate.DANGER)"
)


def definition(name: str) -> str:
    return (ROOT / "msg" / f"{name}.msg").read_text()


@pytest.mark.parametrize("folder", [ROOT, Path("/")], ids=["checkout", "elsewhere"])
def test_modules_and_messages_import_together(folder: Path) -> None:
    result = subprocess.run([sys.executable, "-c", STATEMENT], cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    version, danger = result.stdout.split()
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert int(danger) == RiskEstimate.DANGER


@pytest.mark.parametrize("message_type", [GateEvent, GateState, GateTrace, RiskEstimate])
def test_every_field_and_constant_of_a_message_is_explained(message_type: type) -> None:
    lines = [line for line in definition(message_type.__name__).splitlines() if line and not line.startswith("#")]
    explained = [line for line in lines if re.search(r"\S\s+# \S", line) or re.match(r"uint8 [A-Z]+=\d+", line)]
    assert lines == explained


def test_a_risk_estimate_survives_the_wire() -> None:
    estimate = RiskEstimate(
        probability=math.nan,
        horizon=2.0,
        cost_value=0.5,
        threshold=0.1,
        margin=-0.4,
        multiplier=3.0,
        effective_multiplier=3.5,
        novelty=math.inf,
        level=RiskEstimate.UNKNOWN,
        inference_time=1e-4,
        policy_id="0123456789ab",
        action=[0.7, -2.0],
    )
    received = deserialize_message(serialize_message(estimate), RiskEstimate)
    assert math.isnan(received.probability)
    assert (received.novelty, received.margin, received.policy_id) == (math.inf, -0.4, "0123456789ab")
    assert list(received.action) == [0.7, -2.0]


def test_a_gate_state_survives_the_wire() -> None:
    state = GateState(state=GateState.STOP, risk_stale=True, command_age=0.2, risk_age=math.inf, detail="no risk for 0.6 s")
    assert deserialize_message(serialize_message(state), GateState) == state
