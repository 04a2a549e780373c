"""The safety monitor: every command to the robot passes its gate, or zero is sent.

The gate decides when a command arrives, so that it passes at once, when a risk arrives that restricts, and at every tick of a
steady clock of its own: neither a silent input nor a stalled `/clock` can stop it from stopping the robot.
While the node is inactive nothing is sent; the last message before was zero.
"""

from __future__ import annotations

import dataclasses
import math
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.duration import Duration
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from rclpy.serialization import deserialize_message
from rclpy.subscription import Subscription
from std_msgs.msg import Header
from std_srvs.srv import SetBool, Trigger

from alam_ros.contract import Contract
from alam_ros.errors import AlamError, ConfigurationError
from alam_ros.gate import GateConfig, GateDecision, GateStatus
from alam_ros.msg import GateState, GateTrace, RiskEstimate
from alam_ros.nodes.bypass import BypassWatch
from alam_ros.nodes.commanders import CommandersWatch
from alam_ros.nodes.conversions import MESSAGE_TYPES
from alam_ros.nodes.diagnostics import DIAGNOSTICS_PERIOD_S, Health, diagnostic_message, task_name, worse
from alam_ros.nodes.gate_messages import NUMBERS, gate_state, gate_trace, health_of
from alam_ros.nodes.gate_parameters import declare_gate_parameters
from alam_ros.nodes.gated_command import gated_command
from alam_ros.nodes.judge_source import JudgeSource
from alam_ros.nodes.lifecycle import SafeLifecycleNode
from alam_ros.nodes.mismatches import Mismatches, UnheardWatch
from alam_ros.nodes.parameters import check_topic
from alam_ros.nodes.qos import COMMAND, DIAGNOSTICS, LATCHED, RISK, SENSOR, TRACE
from alam_ros.nodes.rates import Rates
from alam_ros.nodes.spin import spin_until_stopped
from alam_ros.nodes.stamps import ros_time_ns, time_message
from alam_ros.nodes.subscriptions import subscribe
from alam_ros.onboard.command_judge import Judgement
from alam_ros.onboard.gate_session import EventKind, GateEvent, GateSession, GateTick
from alam_ros.onboard.gate_settings import CHOICES, NAMES, THRESHOLDS, gate_config, topic_timeouts
from alam_ros.onboard.gated_action import policy_and_contract
from alam_ros.onboard.risk_input import judged, risk_from
from alam_ros.onboard.stamps import SECOND_NS, StampScale, nanoseconds
from alam_ros.onboard.wire import read_risk
from alam_ros.runtime import PolicyRuntime

LOG_PERIOD_S = 5.0
LOG_STATE_PERIOD_S = 1.0
SILENCES = ("command_missing", "command_stale", "risk_missing", "risk_stale", "observation_missing", "observation_stale")
UNGUARDED = "nothing is read and nothing is sent, nobody guards the robot"
LAST_ZERO_TIMEOUT_S = 0.2  # for subscribers to confirm the last zero


class SafetyMonitorNode(SafeLifecycleNode):
    """Lifecycle node `safety_monitor`."""

    def __init__(self) -> None:
        super().__init__("safety_monitor")
        declare_gate_parameters(self)
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._is_latched = False
        self._is_configured = False
        self._decided: tuple[GateDecision, float] | None = None
        self._rates = Rates()
        self._mismatches = Mismatches(self)
        self._unheard = UnheardWatch(self, "set `cmd_vel_out_topic` to the topic that the robot's driver reads")
        self._logged: tuple[GateStatus, str] | None = None
        self._logged_at: dict[GateStatus, float] = {}
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", DIAGNOSTICS)
        self.create_timer(DIAGNOSTICS_PERIOD_S, self._publish_diagnostics, clock=self._steady)
        # In every state: who presses the button does not ask first whether there is a gate already.
        self.create_service(Trigger, "~/emergency_stop", self._emergency_stop)
        self.create_service(Trigger, "~/reset", self._reset)

    def configure(self) -> None:
        """Build the gate and connect it."""
        values = self._values()
        runtime, contract = policy_and_contract(values)
        self._policy_id = "" if runtime is None else runtime.policy_id
        self._foreign = ""
        self._gated = gated_command(values, contract)
        for name in (name for name in values if name.endswith("_topic")):
            check_topic(name, self._gated.topic if name == "cmd_vel_out_topic" else values[name])
        self._timeouts = {} if contract is None else topic_timeouts(contract)
        self._session = GateSession()
        self._session.take(GateEvent.configuration(time.monotonic(), self._config(values), is_first=True))
        self._tell(EventKind.ENABLE if values["enabled"] else EventKind.DISABLE)
        if self._is_latched:
            self._tell(EventKind.EMERGENCY_STOP)
        self._source: Any = None
        self._ticks = 0
        self._connect_outputs(values)
        self._connect_inputs(values, contract, runtime)
        self.hold(self.create_service(SetBool, "~/enable", self._enable), self.destroy_service)
        self.hold(self.create_timer(1.0 / values["rate"], self._tick, clock=self._steady), self.destroy_timer)
        for add, remove, callback in (
            (self.add_on_set_parameters_callback, self.remove_on_set_parameters_callback, self._check_parameters),
            (self.add_post_set_parameters_callback, self.remove_post_set_parameters_callback, self._apply_parameters),
        ):
            add(callback)
            self.hold(callback, remove)
        self._is_configured = True
        self.hold(self, SafetyMonitorNode._forget_configuration)
        types = " to ".join(port.message_type.__name__ for port in (self._gated.port_in, self._gated.port_out))
        self.get_logger().info(f"gating {types} within {self._gated.limits}, watching {', '.join(sorted(self._timeouts))}")

    def activate(self) -> None:
        """Wait for new data, commanding zero meanwhile."""
        self._tell(EventKind.RESTART)
        self._logged, self._logged_at = None, {}
        if self._judge is not None:
            self._judge.forget()
        self._stamps = StampScale()
        self._source = None

    def _forget_configuration(self) -> None:
        self._is_configured = False

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """As every node's, and say what it means for the robot."""
        told = "inactive: the last command was zero, and none is sent until it is activated"
        return self._tell_success(super().on_deactivate(state), told)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """As every node's, and say what it means for the robot."""
        return self._tell_success(super().on_cleanup(state), f"unconfigured: {UNGUARDED}")

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """As every node's, and say what it means for the robot."""
        return self._tell_success(super().on_shutdown(state), f"finalized: {UNGUARDED}")

    def _tell_success(self, result: TransitionCallbackReturn, text: str) -> TransitionCallbackReturn:
        if result == TransitionCallbackReturn.SUCCESS:
            self.get_logger().info(text)
        return result

    def make_safe(self) -> None:
        """Send a last zero and wait until subscribers have it, then tell that the gate is inactive."""
        self._send_zero()
        self._command_out.wait_for_all_acked(Duration(seconds=LAST_ZERO_TIMEOUT_S))
        self._report_inactive()
        self._state_out.wait_for_all_acked(Duration(seconds=LAST_ZERO_TIMEOUT_S))

    def _connect_outputs(self, values: dict[str, Any]) -> None:
        command_type = self._gated.port_out.message_type
        self._command_out = self.hold(
            self.create_lifecycle_publisher(command_type, self._gated.topic, COMMAND), self.destroy_lifecycle_publisher
        )
        self._bypass = BypassWatch(self, self._command_out.topic_name)
        # Not a lifecycle publisher: whoever looks must see that the gate is inactive.
        self._state_out = self.hold(self.create_publisher(GateState, values["state_topic"], LATCHED), self.destroy_publisher)
        # Nor this: what came before the activation counts as well.
        self._trace_out = self.hold(self.create_publisher(GateTrace, values["trace_topic"], TRACE), self.destroy_publisher)

    def _connect_inputs(self, values: dict[str, Any], contract: Contract | None, runtime: PolicyRuntime | None) -> None:
        topic = self._listen(self._gated.port_in.message_type, values["cmd_vel_in_topic"], self._on_command, COMMAND).topic_name
        if topic == self._command_out.topic_name:  # it would gate its own commands, which are never stale
            raise ConfigurationError(
                "two topics for commands in and out", f"`{topic}` for both", "set `cmd_vel_in_topic` to another"
            )
        self._commanders = CommandersWatch(self, topic)
        self._judge: JudgeSource | None = None
        if values["risk_source"] == "command":
            self._judge = JudgeSource(self, values, contract, runtime, self._gated.limits.names, self._on_topic)
            self.hold(self._judge, self._drop_judge)
        else:
            self._listen(RiskEstimate, values["risk_topic"], self._on_risk, RISK)
            self._watch(contract)

    def _listen(self, kind: type[Any], topic: str, callback: Callable[[bytes], None], qos: QoSProfile) -> Subscription:
        """Subscribe, until the node is cleaned up; whatever fails afterwards must not leave a subscription behind."""
        return self.hold(self.create_subscription(kind, topic, callback, qos, raw=True), self.destroy_subscription)

    def _watch(self, contract: Contract | None) -> None:
        """Subscribe to the contract's topics, of which only the arrival counts."""
        for topic, kind in contract.topics() if contract is not None else ():
            is_latched = self._timeouts[topic] is None
            arrived = partial(self._on_arrival, topic)
            for subscription in subscribe(self, MESSAGE_TYPES[kind], topic, arrived, SENSOR, is_latched=is_latched):
                self.hold(subscription, self.destroy_subscription)

    def _drop_judge(self, _: JudgeSource) -> None:
        self._judge = None

    def _on_command(self, data: bytes) -> None:
        if not self.is_active:
            return
        try:
            command = self._gated.port_in.received(data)
        except RuntimeError as error:  # rclpy's, for bytes that are no such message
            self._ignore("a command", error)
            return
        if command.misfit:
            self.get_logger().warning(f"a command says nothing: {command.misfit}", throttle_duration_sec=LOG_PERIOD_S)
        self._rates.note("commands")
        self._source = command.header
        now = time.monotonic()
        age = (self._now_ns() - command.stamp_ns) / SECOND_NS if command.stamp_ns else 0.0
        self._session.take(GateEvent.command(now, command.values, age))
        if self._judge is not None:
            self._judge.command(command.values)
        self._decide(now)

    def _on_risk(self, data: bytes) -> None:
        if not self.is_active:
            return
        try:
            stamp_ns, numbers, policy_id = read_risk(data) or _risk_of(deserialize_message(data, RiskEstimate))
        except RuntimeError as error:
            self._ignore("a risk estimate", error)
            return
        if self._policy_id and policy_id != self._policy_id:  # of another robot, say; without our own the watchdog stops
            self._foreign = f"estimates of the policy {policy_id or 'without a name'} are ignored, not of {self._policy_id}"
            self.get_logger().warning(self._foreign, throttle_duration_sec=LOG_PERIOD_S)
            return
        self._rates.note("risks")
        risk = risk_from(numbers, stamp_ns, self._stamps, ros_time_ns(self))
        now = time.monotonic()
        self._session.take(GateEvent.risk(now, risk, stamp_ns, policy_id))
        if self._session.has_turned():
            self._decide(now)

    def _ignore(self, what: str, error: RuntimeError) -> None:
        """Say that something came that cannot be read; without others its watchdog stops the robot."""
        self.get_logger().warning(f"{what} is ignored: {error}", throttle_duration_sec=LOG_PERIOD_S)

    def _on_arrival(self, topic: str, _: bytes) -> None:
        self._on_topic(topic)

    def _on_topic(self, topic: str) -> None:
        # While inactive too: what is latched comes only once.
        self._rates.note("observations")
        self._tell(EventKind.OBSERVATION, topic)

    def _tick(self) -> None:
        if not self._is_configured:  # due already when the clean-up destroyed the timer
            return
        if not self.is_active:
            self._report_inactive()
            self._trace(self._header(self._now_ns()), time.monotonic())
            return
        started = time.perf_counter()
        now, stamp_ns = time.monotonic(), self._now_ns()
        judgement = self._take_judgement(now)
        self._rates.note("gate ticks")
        self._carry_out(dataclasses.replace(self._session.tick(now), stamp_ns=stamp_ns), started)
        self._tell_risk(judgement)
        self._trace(self._header(stamp_ns), now)

    def _decide(self, now: float) -> None:
        """Decide at once: a command, or what ought to stop the robot, does not wait for the clock."""
        started = time.perf_counter()
        judgement = self._take_judgement(now)
        self._carry_out(self._session.decide(now, self._now_ns), started)
        self._tell_risk(judgement)

    def _take_judgement(self, now: float) -> Judgement | None:
        judged = self._judge.judge() if self._judge is not None else None
        if judged is not None:
            self._session.take(GateEvent.command_risk(now, judged.risk, judged.stamp_ns, judged.policy_id))
        return judged

    def _tell_risk(self, judgement: Judgement | None) -> None:
        """Publish what was judged; after the command, which does not wait for it."""
        if judgement is not None and self._judge is not None:
            self._rates.note("risks")
            self._judge.tell(judgement)

    def _carry_out(self, tick: GateTick, started: float) -> None:
        """Send and report what the gate decided."""
        if tick.is_sent:
            self._send(tick.decision)
        processing_time = time.perf_counter() - started
        self._decided = tick.decision, processing_time
        if tick.is_reported:
            self._state_out.publish(gate_state(tick.decision, self._header(tick.stamp_ns), processing_time))
            self._log(tick.decision)

    def _log(self, decision: GateDecision) -> None:
        """Log a new state, and a new deciding cause of one that restricts, each state at most once a second.

        What alternates faster is on the topic of the states.
        """
        state, now = decision.state, time.monotonic()
        before, told = self._logged, (state, "" if state is GateStatus.PASS else decision.cause)
        if told == before or now < self._logged_at.get(state, -math.inf) + LOG_STATE_PERIOD_S:
            return
        self._logged = told
        if before is not None:  # the first is a stop, for nothing has come yet
            self._logged_at[state] = now
        text = f"{state.name}: {decision.detail}"
        if before is None or state is GateStatus.PASS or told[1].endswith("_missing"):  # what is yet to come is no warning
            self.get_logger().info(text)
        else:
            self.get_logger().warning(text)

    def _tell(self, kind: EventKind, text: str = "") -> str | None:
        """Tell the gate, now."""
        return self._session.take(GateEvent(kind, time.monotonic(), text))

    def _trace(self, header: Header, now: float) -> None:
        self._trace_out.publish(gate_trace(header, self._ticks, now, self._session.drain(), is_active=self.is_active))
        self._ticks += 1

    def _send(self, decision: GateDecision) -> None:
        """Send a passed command under its source's stamp, an invented or the policy's own under the present time."""
        port = self._gated.port_out
        if decision.is_passed and self._source is not None:
            message = port.message_under(decision.command, self._source)
        else:
            message = port.message(decision.command, self._now_ns())
        self._command_out.publish(message)

    def _send_zero(self) -> None:
        zero = np.zeros(len(self._gated.limits.names))
        self._command_out.publish(self._gated.port_out.message(zero, self._now_ns()))

    def _report_inactive(self) -> None:
        numbers = dict.fromkeys(NUMBERS, math.nan)
        numbers["scale"] = 0.0
        self._decided = None
        state = GateState(
            header=self._header(self._now_ns()),
            state=GateState.INACTIVE,
            estop_latched=self._session.is_latched,
            detail="the lifecycle node is not active: nothing is commanded",
            **numbers,
        )
        if self._session.reports.is_due(time.monotonic(), ("inactive", self._session.is_latched)):
            self._state_out.publish(state)

    def _emergency_stop(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._is_latched = True
        if self._is_configured:
            self._tell(EventKind.EMERGENCY_STOP)
            self._tick()
            response.message = "zero is commanded until a reset is accepted"
        else:
            response.message = "nothing is commanded, nor will be once the node works, until a reset is accepted"
        self.get_logger().warning("emergency stop")
        response.success = True
        return response

    def _reset(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        was_latched, refusal = self._is_latched, self._refusal_of_reset()
        self.get_logger().warning(f"reset refused: {refusal}" if refusal else "reset")
        done = "the emergency stop is released" if was_latched else "there was no emergency stop"
        response.success, response.message = refusal is None, refusal or done
        return response

    def _refusal_of_reset(self) -> str | None:
        """Reset, or say why not; what else would stop the robot is known only while the node works."""
        if not self.is_active:
            missing = "activate" if self._is_configured else "configure and activate"
            return f"{missing} the node first; the emergency stop holds" if self._is_latched else None
        refusal = self._tell(EventKind.RESET)
        self._is_latched = self._session.is_latched
        self._tick()
        return refusal

    def _enable(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        (result,) = self.set_parameters([Parameter("enabled", value=request.data)])
        self.get_logger().warning("enabled" if request.data else "disabled: zero is commanded")
        waits = "an emergency stop still waits for its reset" if request.data and self._session.is_latched else ""
        response.success, response.message = result.successful, result.reason or waits
        return response

    def _check_parameters(self, parameters: list[Parameter]) -> SetParametersResult:
        changed = {parameter.name: parameter.value for parameter in parameters}
        try:
            self._config({**self._values(), **changed})
        except AlamError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _apply_parameters(self, parameters: list[Parameter]) -> None:
        values = self._values()
        names = {parameter.name for parameter in parameters}
        if names & {*THRESHOLDS, *CHOICES}:
            self._session.take(GateEvent.configuration(time.monotonic(), self._config(values), is_first=False))
            if self._judge is not None:
                self._judge.set_levels(values)
        if "enabled" in names:
            self._tell(EventKind.ENABLE if values["enabled"] else EventKind.DISABLE)
            self._tick()

    def _config(self, values: dict[str, Any]) -> GateConfig:
        return gate_config(values, self._gated.limits, self._timeouts)

    def _values(self) -> dict[str, Any]:
        return {name: self.get_parameter_or(name, Parameter(name)).value for name in NAMES}

    def _header(self, stamp_ns: int) -> Header:
        return Header(stamp=time_message(stamp_ns), frame_id=self._gated.frame)

    def _now(self) -> Any:
        return time_message(self._now_ns())

    def _now_ns(self) -> int:
        return ros_time_ns(self)

    def _publish_diagnostics(self) -> None:
        rates = self._rates.report("commands", "risks", "observations", "gate ticks")
        held = "; an emergency stop waits for its reset" if self._is_latched else ""
        health, summary, values = Health.OK, f"not configured or not active{held}", {}
        if self.refusal:
            health, summary = Health.ERROR, self.refusal
        if self.is_active and self._decided is not None:
            state = gate_state(self._decided[0], Header(), self._decided[1])
            health, summary = health_of(state), state.detail
            values = rates | {name: getattr(state, name) for name in (*NUMBERS, "processing_time")}
            if self._judge is not None:
                values |= self._judge.ages()
            for doubt in self._doubts():
                health, summary = worse(health), f"{summary}; {doubt}"
            if others := self._bypass.others():
                values["publishers past the gate"] = ", ".join(others)
                health, summary = Health.ERROR, f"commands reach the robot past this gate, from {', '.join(others)}; {summary}"
            if any(getattr(state, cause) for cause in SILENCES) or not self._command_out.get_subscription_count():
                self._mismatches.tell()
            if self._unheard.is_unheard(self._command_out):
                summary += f"; nothing subscribes to {self._command_out.topic_name}"
        name = task_name(self, "gate")
        self._diagnostics.publish(diagnostic_message(self._now(), name=name, health=health, summary=summary, values=values))

    def _doubts(self) -> Iterator[str]:
        """Say what is wrong with who commands, and since the last call with what risks come from; looks at topics for it."""
        if doubt := self._commanders.doubt():
            yield doubt
        if self._judge is not None:
            if problem := self._judge.problem():
                yield f"no judgement: {problem}"
            elif doubt := self._judge.doubt():
                yield doubt
        if self._foreign:
            yield self._foreign
            self._foreign = ""


def _risk_of(message: RiskEstimate) -> tuple[int, dict[str, float], str]:
    """Return of a message what `read_risk` returns of its bytes."""
    return nanoseconds(message.header.stamp), judged(message), message.policy_id


def main() -> int:
    """Run the node until SIGINT or SIGTERM."""
    return spin_until_stopped(SafetyMonitorNode)


if __name__ == "__main__":
    sys.exit(main())
