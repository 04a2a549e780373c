"""Commands that are judged themselves: what passes, what is scaled, what the policy does instead, and when nothing moves."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alam_ros.errors import ConfigurationError
from alam_ros.gate import FRACTIONS, CommandRisk, Gate, GateConfig, GateDecision, GateStatus, Risk
from tests.gate.support import COMMAND, LIMITS, PERIOD, config

POLICY_ACTION = (-0.1, 0.5)
LOW, HIGH = 0.001, 0.4
DANGEROUS = tuple(0.0249 * fraction for fraction in FRACTIONS)
"""Probabilities that grow with the fraction: above the default 0.02 for more than 0.8 of the command."""


@dataclass
class Bench:
    """Feeds a gate that judges commands; the fields say what is commanded and how dangerous it is."""

    response: str = "policy"
    probabilities: tuple[float, ...] = (LOW,) * len(FRACTIONS)
    fallback_probability: float = LOW
    cost_values: tuple[float, ...] = (0.0,) * (len(FRACTIONS) + 1)
    command: tuple[float, ...] = COMMAND
    judged: tuple[float, ...] | None = None
    fallback: tuple[float, ...] = POLICY_ACTION
    novelty: float = 0.0
    threshold: float = 1.0
    observation_age: float = 0.0
    now: float = 100.0
    changes: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.config: GateConfig = config(
            observation_timeout={}, risk_source="command", response=self.response, rest_benefit=0.5, **self.changes
        )
        self.gate = Gate(self.config)

    def risk(self) -> CommandRisk:
        return CommandRisk(
            stamp=self.now,
            observation_age=self.observation_age,
            threshold=self.threshold,
            novelty=self.novelty,
            command=self.command if self.judged is None else self.judged,
            fallback=self.fallback,
            probabilities=(*self.probabilities, self.fallback_probability),
            cost_values=self.cost_values,
        )

    def step(self) -> GateDecision:
        self.now += PERIOD
        self.gate.on_command(self.now, self.command)
        self.gate.on_command_risk(self.now, self.risk())
        return self.gate.tick(self.now)

    def run(self, seconds: float) -> list[GateDecision]:
        return [self.step() for _ in range(math.ceil(seconds / PERIOD))]


def test_a_command_of_acceptable_risk_passes_unchanged() -> None:
    decision = Bench().step()
    assert (decision.state, decision.command.tolist(), decision.scale) == (GateStatus.PASS, list(COMMAND), 1.0)
    assert decision.causes.names() == ()
    assert decision.is_passed


def test_the_policy_acts_in_place_of_a_dangerous_command() -> None:
    decision = Bench("policy", probabilities=DANGEROUS).step()
    assert (decision.state, decision.command.tolist()) == (GateStatus.FALLBACK, list(POLICY_ACTION))
    assert (decision.is_passed, decision.scale, decision.causes.names()) == (False, 0.0, ("risk_high",))
    assert "0.025 of the command" in decision.detail


@pytest.mark.parametrize("response", ["scale", "scale_or_policy"])
def test_the_largest_acceptable_fraction_passes(response: str) -> None:
    decision = Bench(response, probabilities=DANGEROUS).step()
    assert decision.state is GateStatus.SLOW
    assert decision.scale == 0.4  # 0.4 * 0.0249 lies below the release threshold of 0.01
    assert decision.command == pytest.approx(0.4 * np.array(COMMAND))
    assert decision.is_passed


def test_stop_is_stop() -> None:
    decision = Bench("stop", probabilities=DANGEROUS).step()
    assert (decision.state, decision.command.tolist()) == (GateStatus.STOP, [0.0, 0.0])


@pytest.mark.parametrize("response", ["policy", "scale", "scale_or_policy", "stop"])
@pytest.mark.parametrize("command", [(1e-7, 0.0), (0.009, -0.02), (-0.004, 1e-9)])
def test_a_joystick_that_does_not_come_back_to_zero_exactly_is_let_go_of_all_the_same(
    response: str, command: tuple[float, ...]
) -> None:
    bench = Bench(response, probabilities=(HIGH,) * len(FRACTIONS), command=command)
    decision = bench.step()
    assert (decision.state, decision.command.tolist()) == (GateStatus.STOP, [0.0, 0.0])
    bench.probabilities = (LOW,) * len(FRACTIONS)
    assert bench.run(2.0)[-1].command.tolist() == list(command)


@pytest.mark.parametrize("command", [(0.03 * 0.7, 0.0), (0.0, -0.03 * 2.0)])
def test_a_slow_command_is_a_command_all_the_same(command: tuple[float, ...]) -> None:
    assert Bench("policy", probabilities=DANGEROUS, command=command).step().state is GateStatus.FALLBACK


@pytest.mark.parametrize(("response", "state"), [("scale", GateStatus.STOP), ("scale_or_policy", GateStatus.FALLBACK)])
def test_where_not_even_rest_is_acceptable_scaling_stops_or_hands_over(response: str, state: GateStatus) -> None:
    assert Bench(response, probabilities=(HIGH,) * len(FRACTIONS)).step().state is state


def test_a_policy_that_is_too_dangerous_itself_acts_only_where_rest_would_not_help() -> None:
    bench = Bench("policy", probabilities=(HIGH,) * len(FRACTIONS), fallback_probability=HIGH)
    assert bench.step().state is GateStatus.FALLBACK
    bench.probabilities = (*(HIGH,) * (len(FRACTIONS) - 1), HIGH / 2)
    assert bench.step().state is GateStatus.STOP


@pytest.mark.parametrize(
    ("probability", "state"),
    [(0.5, GateStatus.FALLBACK), (0.44, GateStatus.PASS), (0.03, GateStatus.PASS), (LOW, GateStatus.PASS)],
)
def test_the_policy_does_not_act_in_place_of_a_command_that_is_much_safer(probability: float, state: GateStatus) -> None:
    bench = Bench("policy", probabilities=(HIGH,) * len(FRACTIONS))
    assert bench.step().state is GateStatus.FALLBACK
    bench.probabilities, bench.fallback_probability = (probability, *(0.5,) * (len(FRACTIONS) - 1)), 0.9
    assert bench.step().state is state
    bench.probabilities = (probability, *(0.4,) * (len(FRACTIONS) - 1))  # rest is much safer than the policy as well
    assert bench.step().state is GateStatus.STOP


def test_without_probabilities_cost_values_are_judged_in_units_of_their_threshold() -> None:
    nan = (math.nan,) * len(FRACTIONS)
    values = (*FRACTIONS, 0.0)
    decision = Bench("scale", probabilities=nan, fallback_probability=math.nan, cost_values=values).step()
    assert (decision.state, decision.scale) == (GateStatus.SLOW, 0.3)
    assert "cost ratio 1.000" in decision.detail


def test_the_gate_hands_back_only_after_the_hold_time() -> None:
    bench = Bench("policy", probabilities=DANGEROUS)
    bench.step()
    bench.probabilities = (0.015,) * len(FRACTIONS)  # below the trigger, above the release
    assert {decision.state for decision in bench.run(2.0)} == {GateStatus.FALLBACK}
    bench.probabilities = (0.009,) * len(FRACTIONS)
    states = [decision.state for decision in bench.run(0.6)]
    assert states.index(GateStatus.PASS) == pytest.approx(bench.config.hold_time / PERIOD, abs=1)
    assert set(states[: states.index(GateStatus.PASS)]) == {GateStatus.FALLBACK}


def test_the_gate_hands_back_by_the_new_time_of_a_clock_that_was_set_back() -> None:
    bench = Bench("policy", probabilities=DANGEROUS)
    bench.step()
    bench.probabilities = (LOW,) * len(FRACTIONS)
    bench.step()
    bench.now -= 10.0
    states = [decision.state for decision in bench.run(2.0)]
    assert states.index(GateStatus.PASS) == pytest.approx(bench.config.hold_time / PERIOD, abs=2)


def test_the_policy_and_a_part_of_the_command_do_not_take_turns() -> None:
    bench = Bench("scale_or_policy", probabilities=(HIGH,) * len(FRACTIONS))
    bench.step()
    bench.probabilities = DANGEROUS
    states = [decision.state for decision in bench.run(0.6)]
    assert states.index(GateStatus.SLOW) == pytest.approx(bench.config.hold_time / PERIOD, abs=1)
    assert set(states[: states.index(GateStatus.SLOW)]) == {GateStatus.FALLBACK}


def test_a_command_that_cannot_be_judged_is_named_not_the_judgement_that_is_missing_for_it() -> None:
    bench = Bench(command=(math.nan, 0.0))
    bench.gate.on_command(bench.now, bench.command)
    decision = bench.gate.tick(bench.now)
    assert decision.causes.names() == ("risk_missing", "non_finite")
    assert decision.detail.startswith("non_finite: command [nan, 0.0]")


def test_a_command_that_was_not_judged_does_not_pass() -> None:
    bench = Bench()
    bench.judged = (0.1, 0.0)
    decision = bench.step()
    assert (decision.state, decision.command.tolist()) == (GateStatus.STOP, [0.0, 0.0])
    assert "not judged" in decision.detail
    assert decision.cause == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"probabilities": (math.nan, *(LOW,) * (len(FRACTIONS) - 1))},
        {"cost_values": (math.inf,) * 12},
        {"cost_values": ()},
        {"novelty": math.nan},
        {"threshold": math.nan},
        {"observation_age": math.nan},
    ],
)
def test_a_judgement_with_a_number_that_is_none_stops(changes: dict[str, object]) -> None:
    bench = Bench("policy")
    bench.step()
    for name, value in changes.items():
        setattr(bench, name, value)
    decision = bench.step()
    assert (decision.state, decision.causes.non_finite) == (GateStatus.STOP, True)


@pytest.mark.parametrize("fallback", [(9.0, 0.0), (math.nan, 0.0), (0.1, math.nan), (math.inf, 0.0), (0.1,), ()])
def test_a_fallback_that_the_robot_does_not_take_is_not_sent(fallback: tuple[float, ...]) -> None:
    decision = Bench("policy", probabilities=DANGEROUS, fallback=fallback).step()
    assert (decision.state, decision.command.tolist()) == (GateStatus.FALLBACK, [0.0, 0.0])


def test_a_fallback_just_beyond_the_limits_is_scaled_back_onto_them() -> None:
    decision = Bench("policy", probabilities=DANGEROUS, fallback=(0.705, 1.0)).step()
    assert decision.command == pytest.approx(np.array([0.7, 1.0 * 0.7 / 0.705]))


def test_the_policy_speeds_up_no_faster_than_the_slew_allows() -> None:
    slew = {"limits": replace(LIMITS, slew=(1.2, math.inf))}
    bench = Bench("policy", probabilities=DANGEROUS, fallback=(0.4, 0.0), changes=slew)
    speeds = [decision.command[0] for decision in bench.run(0.5)]
    assert speeds == pytest.approx([min(1.2 * PERIOD * ticks, 0.4) for ticks in range(len(speeds))])


def test_an_unknown_state_stops_whatever_its_probability() -> None:
    decision = Bench("policy", novelty=0.6).step()
    assert (decision.state, decision.causes.names()) == (GateStatus.STOP, ("novelty_high",))


def test_a_silent_commander_is_not_replaced_by_the_policy() -> None:
    bench = Bench("policy", probabilities=DANGEROUS)
    bench.step()
    for _ in range(40):
        bench.now += PERIOD
        bench.gate.on_command_risk(bench.now, bench.risk())
        decision = bench.gate.tick(bench.now)
    assert (decision.state, decision.causes.command_stale) == (GateStatus.STOP, True)


def test_judgements_of_an_old_observation_are_no_sign_of_life() -> None:
    bench, stamp = Bench(), 100.0
    for _ in range(40):
        bench.now += PERIOD
        bench.gate.on_command(bench.now, bench.command)
        bench.gate.on_command_risk(bench.now, replace(bench.risk(), stamp=stamp))
        decision = bench.gate.tick(bench.now)
    assert (decision.state, decision.causes.risk_stale) == (GateStatus.STOP, True)


@pytest.mark.parametrize("age", [0.6, -3600.0])
def test_a_judgement_of_another_time_is_stale_though_its_stamps_go_on(age: float) -> None:
    bench = Bench()
    assert bench.run(1.0)[-1].state is GateStatus.PASS
    bench.observation_age = age
    decision = bench.step()
    assert (decision.state, decision.causes.names()) == (GateStatus.STOP, ("risk_stale",))
    assert bench.run(1.0)[-1].causes.risk_stale


@pytest.mark.parametrize("changes", [{"cost_values": (math.inf,) * 12}, {"novelty": math.nan}])
def test_a_faulty_judgement_between_two_ticks_is_not_missed(changes: dict[str, object]) -> None:
    bench = Bench()
    bench.run(1.0)
    bench.gate.on_command_risk(bench.now, replace(bench.risk(), **changes))
    bench.gate.on_command_risk(bench.now, bench.risk())
    decision = bench.gate.tick(bench.now)
    assert (decision.state, decision.causes.names()) == (GateStatus.STOP, ("non_finite",))


def test_a_high_risk_outlasts_judgements_that_say_nothing() -> None:
    bench = Bench("policy", probabilities=DANGEROUS)
    bench.step()
    bench.cost_values = (math.nan,) * 12
    assert all(decision.causes.risk_high and decision.causes.non_finite for decision in bench.run(2.0))


def test_estimates_of_the_state_do_not_open_a_gate_that_judges_commands() -> None:
    gate = Bench().gate
    gate.on_command(1.0, COMMAND)
    gate.on_risk(1.0, Risk(stamp=1.0, probability=0.0, cost_value=0.0, threshold=1.0, novelty=0.0))
    assert gate.tick(1.0).causes.names() == ("risk_missing",)


def test_monitoring_says_what_it_would_do_and_lets_the_command_pass() -> None:
    decision = Bench("policy", probabilities=DANGEROUS, changes={"mode": "monitoring"}).step()
    assert (decision.state, decision.command.tolist(), decision.is_passed) == (GateStatus.FALLBACK, list(COMMAND), True)


def test_the_response_may_change_while_it_works_but_not_the_source_of_risk() -> None:
    bench = Bench("policy", probabilities=DANGEROUS)
    bench.step()
    bench.gate.reconfigure(bench.now, replace(bench.config, response="stop"))
    assert bench.step().state is GateStatus.STOP
    with pytest.raises(ConfigurationError, match="source of risk"):
        bench.gate.reconfigure(bench.now, replace(bench.config, risk_source="estimate"))


def test_an_unknown_response_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="`response` among policy"):
        Bench("brake")


@given(
    probabilities=st.lists(st.floats(0.0, 1.0), min_size=12, max_size=12),
    response=st.sampled_from(["policy", "scale", "scale_or_policy", "stop"]),
)
def test_what_passes_is_acceptable_or_the_policys(probabilities: list[float], response: str) -> None:
    bench = Bench(response, probabilities=tuple(probabilities[:-1]), fallback_probability=probabilities[-1])
    for decision in bench.run(0.1):
        if decision.is_passed:
            passed, rest, policy = probabilities[FRACTIONS.index(decision.scale)], probabilities[-2], probabilities[-1]
            assert passed <= 0.02 or (decision.scale == 1.0 and passed <= policy / 2 < rest)
        elif decision.state is GateStatus.FALLBACK:
            assert response in ("policy", "scale_or_policy")
            assert probabilities[-1] <= 0.02 or probabilities[-1] <= 2 * min(probabilities[0], probabilities[-2])
            assert decision.command.tolist() == list(POLICY_ACTION)
        else:
            assert not decision.command.any()


@pytest.mark.parametrize("response", ["policy", "scale", "scale_or_policy", "stop"])
def test_a_commanded_stop_is_carried_out_whatever_the_risk(response: str) -> None:
    bench = Bench(response=response, probabilities=(HIGH,) * len(FRACTIONS))
    bench.step()
    bench.command = (0.0,) * len(COMMAND)
    decision = bench.step()
    assert not decision.command.any()
    assert decision.state is not GateStatus.FALLBACK
    assert decision.causes.risk_high
    bench.command = COMMAND
    assert (bench.step().state is GateStatus.FALLBACK) == (response in ("policy", "scale_or_policy"))
