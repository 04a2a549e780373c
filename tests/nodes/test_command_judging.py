"""The safety monitor in front of somebody else's commander: no policy node, only sensors, commands and a policy file."""

from __future__ import annotations

import math

import pytest

from alam_ros.gate import GateStatus
from tests.contract.samples import odometry
from tests.support.ros import RosGraph, Transition

from alam_ros.msg import RiskEstimate  # isort: skip
from alam_ros.nodes.conversions import MESSAGE_TYPES  # isort: skip
from alam_ros.nodes.qos import DIAGNOSTICS, SENSOR  # isort: skip
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus  # isort: skip
from rclpy.node import Node  # isort: skip
from tests.nodes.commanded import RUNTIME, SPEED, Commanded  # isort: skip


def test_a_harmless_command_passes_and_its_risk_is_published_under_the_observations_stamp(ros: RosGraph) -> None:
    bench = Commanded(ros)
    bench.wait_for(GateStatus.PASS)
    bench.wait_for_sent(lambda x: x == SPEED)
    bench.risks.clear()
    ros.wait_for(lambda: bench.risks, "a risk")
    risk = bench.risks[-1]
    assert (list(risk.action), risk.policy_id, risk.header.frame_id) == ([SPEED, 0.0], RUNTIME.policy_id, "base_link")
    assert 0.0 <= risk.probability <= 0.02
    assert risk.level == RiskEstimate.NOMINAL
    assert risk.margin == pytest.approx(risk.threshold - risk.cost_value)
    assert 0.0 < risk.inference_time < 1.0
    age = ros.node.get_clock().now().nanoseconds - (risk.header.stamp.sec * 10**9 + risk.header.stamp.nanosec)
    assert 0 <= age < 1_000_000_000


def test_a_dangerous_command_is_replaced_scaled_or_stopped_as_the_parameter_says_at_that_moment(ros: RosGraph) -> None:
    bench = Commanded(ros)
    bench.wait_for(GateStatus.PASS)
    bench.danger()
    state = bench.wait_for(GateStatus.FALLBACK)
    assert (state.risk_high, state.scale) == (True, 0.0)
    assert state.probability > 0.02
    sent = bench.wait_for_sent(lambda x: x != SPEED).twist.linear.x
    ros.wait_for(lambda: sent in bench.fallbacks(), "the policy's action in the trace")
    assert bench.set_parameter("response", "stop").successful
    assert bench.wait_for(GateStatus.STOP).risk_high
    bench.wait_for_sent(lambda x: x == 0.0)
    refused = bench.set_parameter("response", "brake")
    assert not refused.successful
    assert "`response` among policy" in refused.reason


def test_what_cannot_be_judged_stops(ros: RosGraph) -> None:
    bench = Commanded(ros)
    bench.wait_for(GateStatus.PASS)
    bench.is_commanding = False
    assert bench.wait_for(GateStatus.STOP, lambda state: state.command_stale)
    bench.is_commanding = True
    bench.wait_for(GateStatus.PASS)
    bench.speed = math.nan
    assert bench.wait_for(GateStatus.STOP, lambda state: state.non_finite)
    bench.speed = SPEED
    bench.wait_for(GateStatus.PASS)
    del bench.samples["scan"]
    assert bench.wait_for(GateStatus.STOP, lambda state: state.observation_stale)


def test_by_the_sensors_of_two_robots_nothing_is_judged(ros: RosGraph) -> None:
    bench = Commanded(ros)
    bench.wait_for(GateStatus.PASS)
    kind = dict(RUNTIME.contract.topics())["scan"]
    other = Node("other", context=ros.context)
    ros.add(other)
    foreign = other.create_publisher(MESSAGE_TYPES[kind], "/scan", SENSOR)
    bench.wait_for(GateStatus.STOP, lambda state: state.risk_stale)
    assert "no judgement: several nodes publish on /scan" in bench.process.output()
    other.destroy_publisher(foreign)
    bench.wait_for(GateStatus.PASS)


def test_a_scan_that_comes_more_rarely_than_in_training_is_told(ros: RosGraph) -> None:
    bench = Commanded(ros)
    heard: list[DiagnosticArray] = ros.collect(DiagnosticArray, "/diagnostics", DIAGNOSTICS)
    bench.slow_down(4)
    ros.wait_for(lambda: any("trained with 0.100 s" in array.status[0].message for array in heard), "a doubt")


def test_bytes_that_are_no_message_are_ignored(ros: RosGraph) -> None:
    bench = Commanded(ros)
    bench.wait_for(GateStatus.PASS)
    bench.junk()
    ros.wait_for(lambda: "a command is ignored" in bench.process.output(), "a warning")
    bench.wait_for(GateStatus.PASS)


def test_without_a_policy_file_there_is_nothing_to_judge_by(ros: RosGraph) -> None:
    limits = {"limits.components": ["linear.x"], "limits.low": [-0.5], "limits.high": [0.7]}
    process = ros.start("safety_monitor_node", parameters={**limits, "risk_source": "command"})
    assert not ros.change_state("/safety_monitor", Transition.TRANSITION_CONFIGURE)
    assert "`risk_source` is `command`" in process.output()


def test_two_robots_are_judged_apart(ros: RosGraph) -> None:
    one, two = Commanded(ros, "/one"), Commanded(ros, "/two")
    one.wait_for(GateStatus.PASS)
    two.danger()
    two.wait_for(GateStatus.FALLBACK)
    one.wait_for(GateStatus.PASS)


def test_diagnostics_tell_rates_and_ages(ros: RosGraph) -> None:
    bench = Commanded(ros)
    bench.wait_for(GateStatus.PASS)
    heard: list[DiagnosticArray] = ros.collect(DiagnosticArray, "/diagnostics", DIAGNOSTICS)

    def numbers() -> dict[str, float]:
        statuses = [status for array in heard for status in array.status if status.level == DiagnosticStatus.OK]
        return {item.key: float(item.value) for item in statuses[-1].values} if statuses else {}

    ros.wait_for(lambda: numbers().get("commands per second", 0.0) > 5.0, "diagnostics of a busy gate")
    found = numbers()
    assert found["gate ticks per second"] > found["commands per second"] > found["observations per second"] / 3 > 1.0
    assert found["risks per second"] > 1.0
    assert 0.0 <= found["age of scan (s)"] < 0.5
    assert 0.0 <= found["command_age"] < 0.5


def test_why_nothing_is_judged_is_told(ros: RosGraph) -> None:
    statuses = ros.collect(DiagnosticArray, "/diagnostics", DIAGNOSTICS)
    bench = Commanded(ros)
    bench.wait_for(GateStatus.PASS)
    bench.stamp = ros.node.get_clock().now().to_msg()  # arrives again and again, and never anew
    bench.wait_for(GateStatus.STOP, lambda state: state.risk_stale and state.observation_age < 0.5)

    def summaries() -> list[str]:
        return [status.message for message in statuses for status in message.status if "gate" in status.name]

    ros.wait_for(lambda: any("risk_stale" in text and "no judgement: stale: scan" in text for text in summaries()), "the reason")
    ros.wait_for(lambda: "no judgement: stale: scan" in bench.process.output(), "the reason in the log")


def test_an_unknown_state_is_never_nominal_and_stops_the_robot(ros: RosGraph) -> None:
    bench = Commanded(ros)
    bench.wait_for(GateStatus.PASS)
    bench.samples["odom"] = odometry(speed=3.0)  # four times the contract's range, within which it would be clipped
    assert bench.wait_for(GateStatus.STOP, lambda state: state.novelty_high).novelty > 0.5
    bench.risks.clear()
    ros.wait_for(lambda: bench.risks, "a risk")
    assert {risk.level for risk in bench.risks} == {RiskEstimate.UNKNOWN}
    assert "unlike training: the channel `velocity`, element 0" in bench.process.output()
