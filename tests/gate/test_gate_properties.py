"""Whatever happens in whatever order, these hold."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from alam_ros.gate import CommandLimits, Gate, GateConfig, GateDecision, GateStatus, Hysteresis, Risk, RiskThresholds

LOW, HIGH = np.array([-0.3, -2.0]), np.array([0.7, 2.0])
TIMEOUTS = {"scan": 0.3, "odom": 0.4}
SOURCE_TIMEOUT, HOLD_TIME = 0.5, 0.4
ZERO_STATES = (GateStatus.STOP, GateStatus.EMERGENCY_STOP, GateStatus.INACTIVE)

any_float = st.floats(allow_nan=True, allow_infinity=True)
commands = st.one_of(
    st.tuples(st.floats(-0.35, 0.75), st.floats(-2.1, 2.1)),
    st.tuples(st.floats(-0.3, 0.7), st.floats(-2.0, 2.0)),
    st.lists(any_float, max_size=4).map(tuple),
)
levels = st.one_of(st.floats(0.0, 0.2), st.floats(0.0, 1.0), st.just(math.nan), any_float)


class GateMachine(RuleBasedStateMachine):
    """Drives a gate and keeps, independently of it, what it may depend on."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.command: np.ndarray | None = None
        self.arrivals: dict[str, float] = {}
        self.newest_stamp = -math.inf
        self.risk: Risk | None = None
        self.latched = False
        self.enabled = True
        self.last_stop_condition = -math.inf
        self.last_tick = math.inf
        self.sent = np.zeros(2)

    @initialize(mode=st.sampled_from(["enforcing", "monitoring"]), slew=st.sampled_from([None, (1.2, 5.0)]))
    def build(self, mode, slew):
        self.mode, self.slew = mode, slew
        limits = CommandLimits(names=("x", "yaw"), low=tuple(LOW), high=tuple(HIGH), slew=slew)
        danger = RiskThresholds(caution=Hysteresis(trigger=0.25, release=0.15), danger=Hysteresis(trigger=0.5, release=0.35))
        self.gate = Gate(
            GateConfig(
                limits=limits,
                source_timeout=SOURCE_TIMEOUT,
                observation_timeout=TIMEOUTS,
                hold_time=HOLD_TIME,
                probability=danger,
                mode=mode,
            )
        )

    @rule(seconds=st.floats(0.0, 0.3))
    def let_time_pass(self, seconds):
        self.now += seconds

    @rule(seconds=st.floats(0.0, 0.05), rounds=st.integers(1, 60), command=commands)
    def everything_goes_well(self, seconds, rounds, command):
        """Long stretches of health, without which a random walk rarely sees the gate open."""
        for _ in range(rounds):
            self.now += seconds
            self.send_observation("scan")
            self.send_observation("odom")
            self.send_risk(0.01, 0.05, 0.1, 0.0)
            self.send_command(command)
            self.tick()

    @rule(command=commands)
    def send_command(self, command):
        self.command = np.array(command, dtype=float)
        self.arrivals["command"] = self.now
        if not np.isfinite(self.command).all() or self.command.shape != (2,):
            self.last_stop_condition = self.now
        self.gate.on_command(self.now, command)

    @rule(step=st.sampled_from([0.0, 0.01, -5.0]), probability=levels, cost=any_float, novelty=st.one_of(st.just(0.0), any_float))
    def send_risk(self, step, probability, cost, novelty):
        stamp = (self.risk.stamp if self.risk else 0.0) + step
        is_news = self.risk is None or stamp > self.risk.stamp
        self.risk = Risk(stamp=stamp, probability=probability, cost_value=cost, threshold=0.5, novelty=novelty)
        if is_news:
            self.arrivals["risk"] = self.now
        if probability > 0.5 or novelty > 0.5 or not math.isfinite(cost) or not math.isfinite(novelty):
            self.last_stop_condition = self.now
        self.gate.on_risk(self.now, self.risk)

    @rule(channel=st.sampled_from(sorted(TIMEOUTS)))
    def send_observation(self, channel):
        self.arrivals[channel] = self.now
        self.gate.on_observation(self.now, channel)

    @rule()
    def press_emergency_stop(self):
        self.gate.emergency_stop(self.now)
        self.latched = True

    @rule()
    def ask_for_reset(self):
        if self.gate.reset(self.now) is not None:
            return
        if self.latched:
            assert self.enabled
            assert self.arrivals.keys() == {"command", "risk", *TIMEOUTS}
            assert self.now - self.last_stop_condition >= HOLD_TIME - 1e-9
        self.latched = False

    @rule(enabled=st.booleans())
    def switch(self, enabled):
        self.gate.set_enabled(self.now, enabled)
        self.enabled = enabled

    @rule(now=st.sampled_from([math.nan, math.inf, -math.inf, -3.0]))
    def clock_fails(self, now):
        """The clock jumps for one tick; nothing heard before counts from then on."""
        if now == -3.0:
            self.now -= 3.0
            now = self.now
        self.arrivals = dict.fromkeys(self.arrivals, -math.inf)
        if self.arrivals:
            self.last_stop_condition = self.now
        self.check(self.gate.tick(now))
        self.last_tick = -math.inf

    @rule()
    def tick(self):
        self.check(self.gate.tick(self.now))

    def check(self, decision: GateDecision) -> None:
        self.output_is_possible(decision)
        self.output_keeps_the_slew(decision)
        self.output_follows_the_command(decision)
        self.people_are_obeyed(decision)
        self.the_deciding_cause_is_in_force_and_explained(decision)
        self.a_pass_is_deserved(decision)

    def output_is_possible(self, decision: GateDecision) -> None:
        assert np.isfinite(decision.command).all()
        assert decision.command.shape == (2,)
        if self.mode == "enforcing":
            assert (decision.command >= LOW).all()
            assert (decision.command <= HIGH).all()
            if decision.state in ZERO_STATES:
                assert not decision.command.any()

    def output_keeps_the_slew(self, decision: GateDecision) -> None:
        same_side = np.where(decision.command * self.sent > 0.0, np.abs(self.sent), 0.0)
        elapsed = min(max(self.now - self.last_tick, 0.0), 0.1)
        self.sent, self.last_tick = decision.command, self.now
        if self.mode == "enforcing" and self.slew is not None:
            gained = np.abs(decision.command) - same_side
            assert (gained <= np.array(self.slew) * elapsed + 1e-12).all()

    def output_follows_the_command(self, decision: GateDecision) -> None:
        assert 0.0 <= decision.scale <= 1.0
        if not decision.is_passed:
            assert not decision.command.any()
            assert decision.scale == 0.0
            return
        assert self.command is not None
        np.testing.assert_allclose(decision.command, decision.scale * self.command, rtol=1e-9, atol=1e-300)
        assert (np.abs(decision.command) <= np.abs(self.command)).all()
        if self.mode == "enforcing":
            allowed = {GateStatus.PASS: 1.0, GateStatus.SLOW: 0.5}[decision.state]
            assert decision.scale <= allowed

    def people_are_obeyed(self, decision: GateDecision) -> None:
        assert decision.causes.estop_latched == self.latched
        assert decision.causes.disabled == (not self.enabled)
        assert decision.causes.monitoring_only == (self.mode == "monitoring")
        assert (decision.state is GateStatus.EMERGENCY_STOP) == self.latched
        if self.latched or not self.enabled:
            assert not decision.command.any()
            assert decision.state in ZERO_STATES

    def the_deciding_cause_is_in_force_and_explained(self, decision: GateDecision) -> None:
        assert decision.cause in decision.causes.names() or (decision.state, decision.cause) == (GateStatus.PASS, "")
        assert decision.detail.startswith(f"{decision.cause}: " if decision.cause else "all inputs are fresh")

    def a_pass_is_deserved(self, decision: GateDecision) -> None:
        if decision.state not in (GateStatus.PASS, GateStatus.SLOW):
            return
        for source, timeout in {"command": SOURCE_TIMEOUT, "risk": SOURCE_TIMEOUT, **TIMEOUTS}.items():
            assert self.now - self.arrivals[source] <= timeout + 1e-9, f"{source} is stale or missing"
        assert self.now - self.last_stop_condition >= HOLD_TIME - 1e-9, "released before the hold time"
        assert self.risk is not None
        assert not self.risk.fault()
        assert not self.risk.probability > 0.5
        if decision.state is GateStatus.PASS:
            assert decision.causes.names() in ((), ("monitoring_only",))
            assert not self.risk.probability > 0.25


TestGateMachine = GateMachine.TestCase
TestGateMachine.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
