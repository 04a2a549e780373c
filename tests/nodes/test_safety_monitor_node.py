"""The safety monitor over real ROS: what reaches the robot, and what is said about it."""

from __future__ import annotations

import math
import re
import signal
import sys
import time
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from alam_ros.gate import GateStatus
from alam_ros.resources import shipped_policy
from alam_ros.runtime import PolicyRuntime
from tests.support.ros import SILENT, NodeProcess, RosGraph, Transition

from alam_ros.msg import GateEvent, GateState, GateTrace, RiskEstimate  # isort: skip
from alam_ros.nodes.qos import COMMAND, DIAGNOSTICS, LATCHED, RISK, SENSOR, TRACE  # isort: skip
from builtin_interfaces.msg import Time  # isort: skip
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus  # isort: skip
from geometry_msgs.msg import Twist, TwistStamped  # isort: skip
from rcl_interfaces.srv import DescribeParameters, GetParameters, ListParameters, SetParameters  # isort: skip
from rclpy.context import Context  # isort: skip
from rclpy.node import Node  # isort: skip
from rclpy.parameter import Parameter, parameter_value_to_python  # isort: skip
from std_msgs.msg import Float32MultiArray, Float64MultiArray  # isort: skip
from std_srvs.srv import SetBool, Trigger  # isort: skip
from tests.nodes.traffic import PERIOD_S, SPEED, TURN, forward_command, safe_estimate  # isort: skip

LIMITS = {"limits.components": ["linear.x", "angular.z"], "limits.low": [-0.5, -2.0], "limits.high": [0.7, 2.0]}
SOURCE_TIMEOUT_S, RATE_HZ = 0.5, 50.0
SCHEDULING_MARGIN_S = 1.0
"""What a busy machine may add; a gate without a watchdog would never stop."""


class Bench:
    """A safety monitor at work; the test's own node plays commander and risk source."""

    def __init__(
        self,
        ros: RosGraph,
        *,
        namespace: str = "",
        configure: bool = True,
        activate: bool = True,
        prefix: Iterable[str] = (),
        **parameters: Any,
    ) -> None:
        self.ros, self.name = ros, f"{namespace}/safety_monitor"
        self.process = ros.start("safety_monitor_node", parameters={**LIMITS, **parameters}, namespace=namespace, prefix=prefix)
        self.states: list[GateState] = ros.collect(GateState, f"{namespace}/alam/gate", LATCHED)
        self.sent: list[TwistStamped] = ros.collect(TwistStamped, f"{namespace}/cmd_out", COMMAND)
        if configure:
            assert ros.change_state(self.name, Transition.TRANSITION_CONFIGURE), "refused to configure"
        self.command_publisher = ros.publisher(TwistStamped, f"{namespace}/cmd_in", COMMAND, matched=configure)
        self.risk_publisher = ros.publisher(RiskEstimate, f"{namespace}/alam/risk", RISK, matched=configure)
        self.make_command: Callable[[], TwistStamped] | None = lambda: forward_command(ros.node)
        self.make_risk: Callable[[], RiskEstimate] | None = lambda: safe_estimate(ros.node)
        ros.node.create_timer(PERIOD_S, self.feed)
        if configure and activate:
            assert ros.change_state(self.name, Transition.TRANSITION_ACTIVATE), "refused to activate"

    def feed(self) -> None:
        """Send one round of whatever is still made."""
        if self.make_risk is not None:
            self.risk_publisher.publish(self.make_risk())
        if self.make_command is not None:
            self.command_publisher.publish(self.make_command())

    def wait_for_state(self, status: GateStatus, *causes: str) -> GateState:
        """Wait until the gate says it is in a state for exactly these causes, from now on."""
        self.states.clear()
        self.ros.wait_for(
            lambda: self.states and self.states[-1].state == status and causes_of(self.states[-1]) == set(causes),
            f"{status.name} for {causes}",
        )
        return self.states[-1]

    def wait_for_command(self, is_wanted: Callable[[TwistStamped], bool], what: str) -> TwistStamped:
        """Wait for a command to the robot, from now on."""
        self.sent.clear()
        self.ros.wait_for(lambda: self.sent and is_wanted(self.sent[-1]), what)
        return self.sent[-1]

    def trigger(self, service: str) -> Trigger.Response:
        return self.ros.call(Trigger, f"{self.name}/{service}", Trigger.Request())

    def set_parameter(self, name: str, value: object) -> Any:
        request = SetParameters.Request(parameters=[Parameter(name, value=value).to_parameter_msg()])
        return self.ros.call(SetParameters, f"{self.name}/set_parameters", request).results[0]


def causes_of(state: GateState) -> set[str]:
    return {name for name, kind in GateState.get_fields_and_field_types().items() if kind == "boolean" and getattr(state, name)}


def nanoseconds(stamp: Time) -> int:
    return int(stamp.sec * 1_000_000_000 + stamp.nanosec)


def is_zero(command: TwistStamped) -> bool:
    twist = command.twist
    return not any(getattr(part, axis) for part in (twist.linear, twist.angular) for axis in "xyz")


def is_forward(command: TwistStamped) -> bool:
    return command.twist.linear.x == SPEED and command.twist.angular.z == TURN


def test_stops_and_releases_are_in_the_log(ros: RosGraph) -> None:
    bench = Bench(ros)
    ros.wait_for(lambda: "PASS: " in bench.process.output(), "the gate's opening in the log")
    bench.make_command = None
    ros.wait_for(lambda: "[WARN]" in bench.process.output(), "the stop in the log")
    assert "STOP: command_stale: command " in bench.process.output()
    bench.make_command = lambda: forward_command(ros.node, speed=math.nan)
    ros.wait_for(lambda: "STOP: non_finite: command " in bench.process.output(), "another cause of the same stop in the log")
    bench.make_command = lambda: forward_command(ros.node)
    ros.wait_for(lambda: "PASS: " in bench.process.output().rpartition("[WARN]")[2], "the release in the log")


def test_commands_that_nothing_reads_are_told(ros: RosGraph) -> None:
    bench = Bench(ros, cmd_vel_out_topic="elsewhere")
    ros.wait_for(lambda: "nothing subscribes to /elsewhere; set `cmd_vel_out_topic`" in bench.process.output(), "the warning")


def test_a_tick_that_is_due_at_a_clean_up_does_not_end_the_process(ros: RosGraph) -> None:
    bench = Bench(ros, rate=1000.0)  # so that one is due
    for _ in range(3):
        assert ros.change_state(bench.name, Transition.TRANSITION_DEACTIVATE)
        assert ros.change_state(bench.name, Transition.TRANSITION_CLEANUP)
        assert ros.change_state(bench.name, Transition.TRANSITION_CONFIGURE)
        assert ros.change_state(bench.name, Transition.TRANSITION_ACTIVATE)
    bench.wait_for_state(GateStatus.PASS)


def test_who_publishes_past_the_gate_is_named(ros: RosGraph) -> None:
    found: list[DiagnosticArray] = ros.collect(DiagnosticArray, "/diagnostics", DIAGNOSTICS)
    bench = Bench(ros, namespace="/robot1")
    bench.wait_for_state(GateStatus.PASS)

    def newest() -> DiagnosticStatus | None:
        of_gate = [array.status[0] for array in found if array.status[0].name == "robot1/safety_monitor: gate"]
        return of_gate[-1] if of_gate else None

    ros.wait_for(lambda: (status := newest()) and status.level == DiagnosticStatus.OK, "a healthy gate")
    past = ros.publisher(TwistStamped, "/robot1/cmd_out", COMMAND)
    ros.wait_for(lambda: (status := newest()) and status.level == DiagnosticStatus.ERROR, "a gate that is passed by")
    status = newest()
    assert status is not None
    assert f"past this gate, from {ros.node.get_fully_qualified_name()}" in status.message
    ros.node.destroy_publisher(past)
    ros.wait_for(lambda: (status := newest()) and status.level == DiagnosticStatus.OK, "a healthy gate again")
    twin = Node("safety_monitor", namespace="/robot1", context=ros.context)
    ros.add(twin)
    twin.create_publisher(TwistStamped, "cmd_out", COMMAND)
    ros.wait_for(lambda: (status := newest()) and status.level == DiagnosticStatus.ERROR, "a gate beside another of its name")
    assert "another `/robot1/safety_monitor` publishes on /robot1/cmd_out too" in bench.process.output()


def test_several_commanders_of_one_gate_are_named(ros: RosGraph) -> None:
    found: list[DiagnosticArray] = ros.collect(DiagnosticArray, "/diagnostics", DIAGNOSTICS)
    bench = Bench(ros)
    bench.wait_for_state(GateStatus.PASS)
    ros.node.create_publisher(TwistStamped, "/cmd_in", COMMAND)  # a second one of the commander's own
    seen = len(found)
    ros.wait_for(lambda: len(found) >= seen + 3, "three reports")
    assert all(array.status[0].level == DiagnosticStatus.OK for array in found[-2:])
    context = Context()
    context.init(domain_id=ros.context.get_domain_id())
    twin = Node(ros.node.get_name(), context=context, enable_rosout=False)  # as of a commander that was started twice
    publisher = twin.create_publisher(TwistStamped, "/cmd_in", COMMAND)
    text = "2 nodes command on /cmd_in, and the robot follows them in turn: /test_probe, /test_probe"
    ros.wait_for(lambda: text in found[-1].status[0].message, "a diagnosis")
    assert found[-1].status[0].level == DiagnosticStatus.WARN
    assert f"{text}; let one of them" in bench.process.output()
    twin.destroy_publisher(publisher)
    ros.wait_for(lambda: found[-1].status[0].level == DiagnosticStatus.OK, "one commander again")
    SILENT.append((context, twin))


def test_who_publishes_past_a_gate_that_was_put_in_between_is_named_and_the_commander_is_not(ros: RosGraph) -> None:
    topics = {"cmd_vel_in_topic": "cmd_vel", "cmd_vel_out_topic": "cmd_out"}
    remappings = {"cmd_vel": "cmd_vel_raw", "cmd_out": "cmd_vel"}
    process = ros.start("safety_monitor_node", parameters={**LIMITS, **topics}, remappings=remappings)
    ros.configure_and_activate("/safety_monitor")
    found: list[DiagnosticArray] = ros.collect(DiagnosticArray, "/diagnostics", DIAGNOSTICS)
    ros.publisher(TwistStamped, "/cmd_vel_raw", COMMAND)
    ros.wait_for(lambda: len(found) >= 3, "three reports")
    assert "past this gate" not in process.output()
    past = ros.node.create_publisher(TwistStamped, "/cmd_vel", COMMAND)
    ros.wait_for(lambda: "publishes on /cmd_vel too: its commands reach the robot past this gate" in process.output(), "its name")
    ros.node.destroy_publisher(past)


def test_a_dropped_terminal_leaves_the_robot_at_rest(ros: RosGraph) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests themselves may run under `nohup`
    bench = Bench(ros)
    signal.signal(signal.SIGHUP, before)
    bench.wait_for_command(is_forward, "a passed command")
    assert bench.process.hang_up() == 0
    ros.wait_for(lambda: is_zero(bench.sent[-1]), "a last zero")


def test_estimates_of_another_policy_open_nothing(ros: RosGraph) -> None:
    policy = PolicyRuntime.load(shipped_policy("navigation"))
    process = ros.start(
        "safety_monitor_node", parameters={"policy": str(shipped_policy("navigation")), "cmd_vel_out_topic": "out"}
    )
    found: list[DiagnosticArray] = ros.collect(DiagnosticArray, "/diagnostics", DIAGNOSTICS)
    states: list[GateState] = ros.collect(GateState, "/alam/gate", LATCHED)
    ros.configure_and_activate("/safety_monitor")
    risks, name = ros.publisher(RiskEstimate, "/alam/risk", RISK), "000000000bad"

    def estimate() -> None:
        message = safe_estimate(ros.node)
        message.policy_id = name
        risks.publish(message)

    ros.node.create_timer(PERIOD_S, estimate)
    ros.wait_for(lambda: "estimates of the policy 000000000bad are ignored" in process.output(), "the warning")
    ros.wait_for(lambda: any("000000000bad" in array.status[0].message for array in found), "a diagnosis")
    assert states[-1].risk_missing
    name = policy.policy_id
    ros.wait_for(lambda: not states[-1].risk_missing, "estimates of its own")


def test_a_refused_configuration_is_an_error_until_one_is_accepted(ros: RosGraph, tmp_path: Path) -> None:
    found: list[DiagnosticArray] = ros.collect(DiagnosticArray, "/diagnostics", DIAGNOSTICS)
    policy = tmp_path / "late.alam"
    ros.start("safety_monitor_node", parameters={"policy": str(policy)})
    assert not ros.change_state("/safety_monitor", Transition.TRANSITION_CONFIGURE)
    refused = DiagnosticStatus.ERROR
    ros.wait_for(lambda: found and found[-1].status[0].level == refused, "an error")
    assert found[-1].status[0].message.startswith("cannot configure: expected")
    policy.write_bytes(shipped_policy("navigation").read_bytes())
    assert ros.change_state("/safety_monitor", Transition.TRANSITION_CONFIGURE)
    ros.wait_for(lambda: found[-1].status[0].level == DiagnosticStatus.OK, "no error")


def test_a_command_passes_when_it_arrives_and_not_only_at_the_gates_next_tick(ros: RosGraph) -> None:
    traces: list[GateTrace] = ros.collect(GateTrace, "/alam/gate_trace", TRACE)
    bench = Bench(ros, rate=10.0)
    bench.wait_for_command(is_forward, "a passed command")
    traces.clear()
    ros.wait_for(lambda: len(traces) >= 5, "five ticks")
    kinds = [event.kind for trace in traces for event in trace.events]
    after_commands = [following for kind, following in pairwise(kinds) if kind == GateEvent.COMMAND]
    assert after_commands.count(GateEvent.DECISION) >= 3
    assert set(after_commands) == {GateEvent.DECISION}


def test_a_risk_that_stops_the_robot_does_not_wait_for_the_gates_next_tick(ros: RosGraph) -> None:
    traces: list[GateTrace] = ros.collect(GateTrace, "/alam/gate_trace", TRACE)
    bench = Bench(ros, rate=10.0)
    bench.wait_for_command(is_forward, "a passed command")
    bench.make_command = None  # the last one is held for the source timeout

    def dangerous() -> RiskEstimate:
        estimate = safe_estimate(ros.node)
        estimate.probability = 0.9
        return estimate

    bench.make_risk = dangerous
    bench.wait_for_command(is_zero, "zero")
    ros.wait_for(
        lambda: any(GateEvent.RISK in kinds_of(trace) and GateEvent.DECISION in kinds_of(trace) for trace in traces), "it"
    )
    kinds = [event.kind for trace in traces for event in trace.events if event.kind != GateEvent.OBSERVATION]
    assert (GateEvent.RISK, GateEvent.DECISION) in set(pairwise(kinds))


def kinds_of(trace: GateTrace) -> set[int]:
    return {event.kind for event in trace.events}


@pytest.mark.parametrize(("victim", "cause"), [("command", "command_stale"), ("risk", "risk_stale")])
def test_the_robot_is_stopped_when_the_commander_or_the_risk_source_is_killed(
    ros: RosGraph, tmp_path: Path, victim: str, cause: str
):
    bench = Bench(ros)
    bench.make_command = bench.make_risk = None
    sources = {
        kind: NodeProcess([sys.executable, "-m", "tests.nodes.traffic", kind], ros.environment(), tmp_path / f"{kind}.log")
        for kind in ("command", "risk")
    }
    try:
        bench.wait_for_command(is_forward, "a passed command")
        sources[victim].kill()
        killed_at = time.monotonic()
        bench.wait_for_command(is_zero, "zero")
        delay = time.monotonic() - killed_at
        print(f"zero {delay:.3f} s after the kill")
        assert delay <= SOURCE_TIMEOUT_S + 1.0 / RATE_HZ + SCHEDULING_MARGIN_S
        state = bench.wait_for_state(GateStatus.STOP, cause)
        assert cause in state.detail
    finally:
        for source in sources.values():
            source.kill()


def test_zero_is_sent_and_the_missing_inputs_named_until_data_come(ros: RosGraph):
    bench = Bench(ros, activate=False)
    bench.make_command = bench.make_risk = None
    assert ros.change_state(bench.name, Transition.TRANSITION_ACTIVATE)
    bench.wait_for_command(is_zero, "zero")
    state = bench.wait_for_state(GateStatus.STOP, "command_missing", "risk_missing")
    assert math.isinf(state.command_age)
    assert math.isnan(state.probability)


def spoiled(**changes: float) -> Callable[[Bench], None]:
    def spoil(bench: Bench) -> None:
        def make() -> RiskEstimate:
            message = safe_estimate(bench.ros.node)
            for name, value in changes.items():
                setattr(message, name, value)
            return message

        bench.make_risk = make

    return spoil


def commanding(**axes: float) -> Callable[[Bench], None]:
    def command(bench: Bench) -> None:
        def make() -> TwistStamped:
            message = forward_command(bench.ros.node)
            for name, value in axes.items():
                part, axis = name.split("_")
                setattr(getattr(message.twist, part), axis, value)
            return message

        bench.make_command = make

    return command


def stamped(offset_s: int) -> Callable[[Bench], None]:
    def command(bench: Bench) -> None:
        def make() -> TwistStamped:
            message = forward_command(bench.ros.node)
            message.header.stamp.sec += offset_s
            return message

        bench.make_command = make

    return command


def freeze_risk(bench: Bench) -> None:
    frozen = safe_estimate(bench.ros.node)
    bench.make_risk = lambda: frozen


def delay_risk(bench: Bench) -> None:
    def make() -> RiskEstimate:
        message = safe_estimate(bench.ros.node)
        message.header.stamp.sec -= 2
        return message

    bench.make_risk = make


DISTURBANCES = [
    (spoiled(probability=0.9), "risk_high"),
    (spoiled(probability=math.nan), "non_finite"),  # after estimates with one
    (spoiled(cost_value=math.nan), "non_finite"),
    (spoiled(novelty=5.0), "novelty_high"),
    (commanding(linear_x=math.nan), "non_finite"),
    (commanding(angular_z=math.inf), "non_finite"),
    (commanding(linear_x=0.9), "out_of_limits"),
    (commanding(linear_y=0.1), "out_of_limits"),
    (stamped(-3600), "command_stale"),
    (stamped(3600), "command_stale"),
    (freeze_risk, "risk_stale"),
    (delay_risk, "risk_stale"),
]


def test_a_bad_input_stops_the_robot_with_its_cause_and_a_good_one_lets_it_go_on(ros: RosGraph):
    bench = Bench(ros, hold_time=0.1)
    good = bench.make_command, bench.make_risk
    for disturb, cause in DISTURBANCES:
        bench.wait_for_state(GateStatus.PASS)
        bench.wait_for_command(is_forward, "a passed command")
        disturb(bench)
        state = bench.wait_for_state(GateStatus.STOP, cause)
        assert cause in state.detail
        bench.wait_for_command(is_zero, f"zero for {cause}")
        bench.make_command, bench.make_risk = good


def test_a_danger_that_rest_would_not_lower_restricts_nothing_and_is_visible(ros: RosGraph):
    bench = Bench(ros, hold_time=0.1)
    bench.wait_for_state(GateStatus.PASS)
    spoiled(probability=0.9, rest_probability=0.8)(bench)
    state = bench.wait_for_state(GateStatus.PASS, "rest_no_safer")
    assert "rest_no_safer" in state.detail
    spoiled(probability=0.9, rest_probability=0.1)(bench)
    bench.wait_for_state(GateStatus.STOP, "risk_high")


def test_caution_scales_all_components_and_keeps_the_source_header(ros: RosGraph):
    bench = Bench(ros, slowdown_ratio=0.25)
    stamps: list[Time] = []

    def make() -> TwistStamped:
        message = forward_command(ros.node)
        stamps.append(message.header.stamp)
        return message

    bench.make_command = make
    passed = bench.wait_for_command(lambda command: is_forward(command) and command.header.stamp in stamps, "a passed command")
    assert passed.header.frame_id == "commander"
    spoiled(probability=0.3)(bench)
    state = bench.wait_for_state(GateStatus.SLOW, "risk_high")
    assert (state.scale, state.probability) == (0.25, 0.3)
    slowed = bench.wait_for_command(lambda command: not is_forward(command), "a slowed command")
    assert (slowed.twist.linear.x, slowed.twist.angular.z) == (0.25 * SPEED, 0.25 * TURN)
    assert slowed.header.stamp in stamps
    bench.make_command = None
    zero = bench.wait_for_command(is_zero, "zero")
    assert nanoseconds(zero.header.stamp) > nanoseconds(stamps[-1]), "an invented command is stamped now"


def test_a_command_whose_stamp_was_left_empty_counts_as_of_now(ros: RosGraph):
    bench = Bench(ros)

    def make() -> TwistStamped:
        message = forward_command(ros.node)
        message.header.stamp = Time()
        return message

    bench.make_command = make
    bench.wait_for_command(lambda command: is_forward(command) and command.header.stamp == Time(), "a passed command")
    bench.wait_for_state(GateStatus.PASS)


def test_an_emergency_stop_stays_until_a_reset_that_no_cause_forbids(ros: RosGraph):
    bench = Bench(ros)
    bench.wait_for_state(GateStatus.PASS)
    assert bench.trigger("emergency_stop").success
    bench.wait_for_state(GateStatus.EMERGENCY_STOP, "estop_latched")
    bench.wait_for_command(is_zero, "zero")
    assert ros.change_state(bench.name, Transition.TRANSITION_DEACTIVATE)
    assert ros.change_state(bench.name, Transition.TRANSITION_CLEANUP)
    ros.configure_and_activate(bench.name)
    bench.wait_for_state(GateStatus.EMERGENCY_STOP, "estop_latched")
    make_risk, bench.make_risk = bench.make_risk, None
    bench.wait_for_state(GateStatus.EMERGENCY_STOP, "estop_latched", "risk_stale")
    refusal = bench.trigger("reset")
    assert not refusal.success
    assert "risk_stale" in refusal.message
    bench.make_risk = make_risk
    bench.wait_for_state(GateStatus.EMERGENCY_STOP, "estop_latched")
    assert bench.trigger("reset").message == "the emergency stop is released"
    assert bench.trigger("reset").message == "there was no emergency stop"
    bench.wait_for_command(is_forward, "a passed command")


def stop_without_configuration(bench: Bench) -> None:
    answer = bench.trigger("emergency_stop")
    assert answer.success
    assert answer.message == "nothing is commanded, nor will be once the node works, until a reset is accepted"
    refused = bench.trigger("reset")
    assert (refused.success, refused.message) == (False, "configure and activate the node first; the emergency stop holds")


def test_an_emergency_stop_before_the_first_configuration_holds_once_the_node_works(ros: RosGraph):
    bench = Bench(ros, configure=False)
    assert bench.trigger("reset").message == "there was no emergency stop"
    stop_without_configuration(bench)
    ros.configure_and_activate(bench.name)
    bench.wait_for_state(GateStatus.EMERGENCY_STOP, "estop_latched")
    assert bench.sent
    assert all(map(is_zero, bench.sent))
    assert bench.trigger("reset").message == "the emergency stop is released"
    bench.wait_for_command(is_forward, "a passed command")


def test_an_emergency_stop_after_clean_up_holds_once_the_node_works_again(ros: RosGraph):
    bench = Bench(ros)
    bench.wait_for_state(GateStatus.PASS)
    assert ros.change_state(bench.name, Transition.TRANSITION_DEACTIVATE)
    assert ros.change_state(bench.name, Transition.TRANSITION_CLEANUP)
    stop_without_configuration(bench)
    bench.sent.clear()
    ros.configure_and_activate(bench.name)
    bench.wait_for_state(GateStatus.EMERGENCY_STOP, "estop_latched")
    assert all(map(is_zero, bench.sent))
    assert bench.trigger("reset").message == "the emergency stop is released"
    bench.wait_for_command(is_forward, "a passed command")


def test_a_late_subscriber_sees_the_state_at_once(ros: RosGraph):
    bench = Bench(ros)
    bench.wait_for_state(GateStatus.PASS)
    subscribed: list[tuple[int, list[GateState]]] = []

    def sees_what_was_said_before() -> bool:
        """Subscribe anew until a subscriber's first message is older than itself: repetitions may come in between."""
        if not subscribed or subscribed[-1][1]:
            now = ros.node.get_clock().now().nanoseconds
            subscribed.append((now, ros.collect(GateState, "/alam/gate", LATCHED)))
        return any(first and nanoseconds(first[0].header.stamp) < since for since, first in subscribed)

    ros.wait_for(sees_what_was_said_before, "a state published before its subscriber came")


def test_disabling_is_visible_and_sends_zero(ros: RosGraph):
    bench = Bench(ros)
    bench.wait_for_state(GateStatus.PASS)
    assert ros.call(SetBool, f"{bench.name}/enable", SetBool.Request(data=False)).success
    bench.wait_for_state(GateStatus.INACTIVE, "disabled")
    bench.wait_for_command(is_zero, "zero")
    assert bench.set_parameter("enabled", True).successful
    bench.wait_for_command(is_forward, "a passed command")
    assert bench.trigger("emergency_stop").success
    answer = ros.call(SetBool, f"{bench.name}/enable", SetBool.Request(data=True))
    assert (answer.success, answer.message) == (True, "an emergency stop still waits for its reset")


@pytest.mark.parametrize("how", ["terminate", "interrupt"])
def test_the_last_command_of_a_process_that_is_stopped_is_zero(ros: RosGraph, how: str):
    bench = Bench(ros)
    bench.wait_for_command(is_forward, "a passed command")
    assert getattr(bench.process, how)() == 0
    ros.wait_for(lambda: is_zero(bench.sent[-1]), "zero")
    ros.wait_for(lambda: bench.states[-1].state == GateStatus.INACTIVE, "the inactive state")


def test_the_last_command_before_deactivation_is_zero_and_nothing_passes_while_inactive(ros: RosGraph):
    bench = Bench(ros)
    bench.wait_for_command(is_forward, "a passed command")
    assert ros.change_state(bench.name, Transition.TRANSITION_DEACTIVATE)
    ros.wait_for(lambda: is_zero(bench.sent[-1]), "zero")
    number = len(bench.sent)
    bench.wait_for_state(GateStatus.INACTIVE)
    bench.wait_for_state(GateStatus.INACTIVE)
    assert len(bench.sent) == number
    assert ros.change_state(bench.name, Transition.TRANSITION_ACTIVATE)
    bench.wait_for_command(is_forward, "a passed command")


def test_leaving_work_is_in_the_log(ros: RosGraph):
    bench = Bench(ros)
    bench.wait_for_state(GateStatus.PASS)
    for transition, told in (
        (Transition.TRANSITION_DEACTIVATE, "inactive: the last command was zero, and none is sent until it is activated"),
        (Transition.TRANSITION_CLEANUP, "unconfigured: nothing is read and nothing is sent, nobody guards the robot"),
        (Transition.TRANSITION_UNCONFIGURED_SHUTDOWN, "finalized: nothing is read and nothing is sent, nobody guards the robot"),
    ):
        assert ros.change_state(bench.name, transition)
        ros.wait_for(lambda told=told: f"[INFO] {told}" in re.sub(r" \[.*?\] \[.*?\]:", "", bench.process.output()), told)


def test_thresholds_change_on_a_running_gate_and_bad_values_are_refused_with_the_reason(ros: RosGraph):
    bench = Bench(ros)
    bench.wait_for_state(GateStatus.PASS)
    assert bench.set_parameter("caution_release", 0.01).successful
    assert bench.set_parameter("caution_probability", 0.02).successful
    bench.wait_for_state(GateStatus.SLOW, "risk_high")
    refused = bench.set_parameter("danger_release", 0.6)
    assert not refused.successful
    assert "expected `danger_release` below `danger_probability`; found 0.6 and 0.5" in refused.reason
    assert not bench.set_parameter("source_timeout", -1.0).successful
    assert not bench.set_parameter("cmd_vel_out_topic", "elsewhere").successful
    described = ros.call(
        DescribeParameters, f"{bench.name}/describe_parameters", DescribeParameters.Request(names=["slowdown_ratio"])
    )
    assert described.descriptors[0].floating_point_range[0].to_value == 1.0
    assert described.descriptors[0].description


def test_all_parameters_can_be_read_at_once_as_a_dump_does(ros: RosGraph):
    bench = Bench(ros, activate=False)
    names = ros.call(ListParameters, f"{bench.name}/list_parameters", ListParameters.Request()).result.names
    values = ros.call(GetParameters, f"{bench.name}/get_parameters", GetParameters.Request(names=names)).values
    found = dict(zip(names, map(parameter_value_to_python, values), strict=True))
    assert list(found["limits.low"]) == LIMITS["limits.low"]
    assert found["source_timeout"] == SOURCE_TIMEOUT_S
    assert not {name for name, value in found.items() if value is None}
    assert "limits.slew" not in found  # was not given


def test_a_simulated_clock_that_nobody_drives_is_told(ros: RosGraph):
    bench = Bench(ros, use_sim_time=True)
    state = bench.wait_for_state(GateStatus.STOP, "risk_stale", "command_stale")
    assert "s ahead of this clock, or this clock is behind" in state.detail
    ros.wait_for(lambda: "nothing has come on /clock" in bench.process.output(), "a word about the clock")


def test_a_reset_of_an_inactive_node_says_what_to_do(ros: RosGraph):
    bench = Bench(ros, activate=False)
    assert bench.trigger("reset").message == "there was no emergency stop"
    assert bench.trigger("emergency_stop").success
    refused = bench.trigger("reset")
    assert (refused.success, refused.message) == (False, "activate the node first; the emergency stop holds")


def test_a_reset_right_after_deactivation_is_refused_though_what_was_heard_is_still_fresh(ros: RosGraph):
    bench = Bench(ros)
    bench.wait_for_state(GateStatus.PASS)
    assert bench.trigger("emergency_stop").success
    bench.wait_for_state(GateStatus.EMERGENCY_STOP, "estop_latched")
    assert ros.change_state(bench.name, Transition.TRANSITION_DEACTIVATE)
    refused = bench.trigger("reset")
    assert (refused.success, refused.message) == (False, "activate the node first; the emergency stop holds")


def test_it_works_in_a_namespace(ros: RosGraph):
    bench = Bench(ros, namespace="/robot1")
    bench.wait_for_state(GateStatus.PASS)
    bench.wait_for_command(is_forward, "a passed command")


def test_monitoring_lets_commands_pass_and_says_so(ros: RosGraph):
    bench = Bench(ros, mode="monitoring")
    spoiled(probability=0.9)(bench)
    bench.wait_for_state(GateStatus.STOP, "risk_high", "monitoring_only")
    bench.wait_for_command(is_forward, "a passed command")


def test_diagnostics_show_the_deciding_cause(ros: RosGraph):
    statuses = ros.collect(DiagnosticArray, "/diagnostics", DIAGNOSTICS)
    bench = Bench(ros)

    def is_told(level: bytes, text: str) -> bool:
        return any(s.level == level and text in s.message for message in statuses for s in message.status)

    ros.wait_for(lambda: is_told(DiagnosticStatus.OK, "fresh"), "an OK status")
    bench.make_risk = None
    ros.wait_for(lambda: is_told(DiagnosticStatus.ERROR, "risk_stale"), "an ERROR status")


@pytest.mark.parametrize("out", [Twist, TwistStamped])
def test_plain_twist_by_parameter(ros: RosGraph, out: type):
    name = "enable_stamped_cmd_vel" if out is Twist else "enable_stamped_cmd_vel_in"
    ros.start("safety_monitor_node", parameters={**LIMITS, name: False})
    sent = ros.collect(out, "/cmd_out", COMMAND)
    ros.configure_and_activate("/safety_monitor")
    commands, risks = ros.publisher(Twist, "/cmd_in", COMMAND), ros.publisher(RiskEstimate, "/alam/risk", RISK)
    command = forward_command(ros.node).twist

    def feed() -> None:
        commands.publish(command)
        risks.publish(safe_estimate(ros.node))

    ros.node.create_timer(PERIOD_S, feed)
    ros.wait_for(lambda: sent and (sent[-1] if out is Twist else sent[-1].twist) == command, "a passed command")


def test_another_type_on_its_topics_is_told(ros: RosGraph):
    process = ros.start("safety_monitor_node", parameters=LIMITS)
    ros.configure_and_activate("/safety_monitor")
    ros.publisher(Twist, "/cmd_in", COMMAND, matched=False)
    ros.collect(Twist, "/cmd_out", COMMAND)
    kinds = ("geometry_msgs/msg/Twist", "geometry_msgs/msg/TwistStamped")
    for text in (
        "`test_probe` publishes {} on /cmd_in, of which nothing arrives: this node reads {} there",
        "`test_probe` reads {} on /cmd_out, where nothing reaches it: this node publishes {} there",
    ):
        ros.wait_for(lambda text=text: text.format(*kinds) in process.output(), text)
    assert process.output().count("of which nothing arrives") == 1
    assert "set `enable_stamped_cmd_vel_in: false` if that is the commander" in process.output()


ARRAY_CONTRACT = {
    "name": "joints",
    "control_period": 0.05,
    "trigger": "joints",
    "observation": [
        {
            "name": "joints",
            "topic": "joints",
            "type": "std_msgs/msg/Float32MultiArray",
            "field": "data",
            "size": 1,
            "timeout": 0.4,
        },
        {
            "name": "goal",
            "topic": "target",
            "type": "std_msgs/msg/Float32MultiArray",
            "field": "data",
            "size": 1,
            "timeout": None,
        },
    ],
    "action": {
        "topic": "cmd",
        "type": "std_msgs/msg/Float64MultiArray",
        "components": [{"name": name, "unit": "rad/s", "low": -1.0, "high": 1.0} for name in ("a", "b")],
    },
}


def test_a_contract_gives_limits_message_type_and_the_observations_to_watch(ros: RosGraph, tmp_path: Path):
    path = tmp_path / "joints.yaml"
    path.write_text(yaml.safe_dump(ARRAY_CONTRACT))
    ros.start("safety_monitor_node", parameters={"robot": str(path)})
    states = ros.collect(GateState, "/alam/gate", LATCHED)
    sent = ros.collect(Float64MultiArray, "/cmd_out", COMMAND)
    ros.node.create_publisher(Float32MultiArray, "/target", LATCHED).publish(Float32MultiArray(data=[0.0]))
    joints = ros.node.create_publisher(Float32MultiArray, "/joints", SENSOR)
    ros.configure_and_activate("/safety_monitor")
    commands, risks = ros.publisher(Float64MultiArray, "/cmd_in", COMMAND), ros.publisher(RiskEstimate, "/alam/risk", RISK)
    values = [0.5, -1.0]

    def feed() -> None:
        commands.publish(Float64MultiArray(data=values))
        risks.publish(safe_estimate(ros.node))

    ros.node.create_timer(PERIOD_S, feed)
    ros.wait_for(lambda: states and "joints" in states[-1].detail and states[-1].observation_missing, "the missing observation")
    sensor = ros.node.create_timer(PERIOD_S, lambda: joints.publish(Float32MultiArray(data=[0.0])))
    ros.wait_for(lambda: sent and list(sent[-1].data) == values, "a passed command")
    sensor.cancel()
    ros.wait_for(lambda: states[-1].observation_stale, "the stale observation")
    ros.wait_for(lambda: list(sent[-1].data) == [0.0, 0.0], "zero")
    sensor.reset()
    ros.wait_for(lambda: states[-1].state == GateStatus.PASS, "the gate to open again")
    values.append(0.0)
    ros.wait_for(lambda: states[-1].out_of_limits, "the command of another size to be refused")


def test_a_gate_that_would_hear_itself_is_refused(ros: RosGraph):
    process = ros.start("safety_monitor_node", parameters=LIMITS, remappings={"cmd_in": "base/cmd", "cmd_out": "base/cmd"})
    assert not ros.change_state("/safety_monitor", Transition.TRANSITION_CONFIGURE)
    ros.wait_for(lambda: "two topics for commands in and out; found `/base/cmd` for both" in process.output(), "the reason")


def test_a_topic_is_remapped_once(ros: RosGraph):
    # Twice, and the gate would hear itself behind the back of the check for that.
    ros.start("safety_monitor_node", parameters=LIMITS, remappings={"cmd_in": "/x", "/x": "/base/cmd", "cmd_out": "/base/cmd"})
    assert ros.change_state("/safety_monitor", Transition.TRANSITION_CONFIGURE)
    ros.wait_for(lambda: ros.node.count_subscribers("/x") == 1, "somebody to listen for commands")
    assert not ros.node.count_subscribers("/base/cmd")


def test_a_gate_that_refuses_to_be_configured_keeps_no_subscription(ros: RosGraph):
    parameters = {**LIMITS, "risk_source": "command"}  # without a policy to judge by
    process = ros.start("safety_monitor_node", parameters=parameters)
    for _ in range(2):
        assert not ros.change_state("/safety_monitor", Transition.TRANSITION_CONFIGURE)
    ros.wait_for(lambda: "expected the parameter `policy`" in process.output(), "the reason")
    ros.wait_for(lambda: ros.node.count_publishers("/diagnostics"), "the node to be discovered")
    looked = time.monotonic()
    ros.wait_for(lambda: time.monotonic() > looked + 2.0, "what a discovery takes")
    assert not ros.node.count_subscribers("/cmd_in")


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"danger_release": 0.9}, "release"),
        ({"cmd_vel_in_topic": ""}, "expected a topic in `cmd_vel_in_topic`; found ''; correct it: topic name must not be empty"),
        ({"state_topic": "gate state"}, "expected a topic in `state_topic`; found 'gate state'"),
    ],
)
def test_configure_refuses_with_the_reason(ros: RosGraph, parameters: dict[str, object], reason: str):
    process = ros.start("safety_monitor_node", parameters={**LIMITS, **parameters})
    assert not ros.change_state("/safety_monitor", Transition.TRANSITION_CONFIGURE)
    assert ros.state("/safety_monitor") == "unconfigured"
    ros.wait_for(lambda: reason in process.output(), "the reason in the log")
    assert "Traceback" not in process.output()
    assert process.terminate() == 0
