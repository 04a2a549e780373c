from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from alam_ros.errors import ConfigurationError, ContractError
from alam_ros.gate import Gate, GateDecision, GateStatus
from tests.gate.support import COMMAND, LIMITS, PERIOD, World, config


def stopped_by(decision: GateDecision, *causes: str) -> bool:
    is_zero = not decision.command.any() and not decision.is_passed and decision.scale == 0.0
    return decision.state is GateStatus.STOP and is_zero and decision.causes.names() == causes


def test_a_new_gate_stops_for_want_of_data_until_all_have_come():
    world = World(command=None, probability=None, sensors=())
    decision = world.step()
    assert stopped_by(decision, "command_missing", "risk_missing", "observation_missing")
    assert decision.detail == "observation_missing: no data yet on scan, goal", "what the others follow from"
    assert math.isinf(decision.command_age)
    assert math.isinf(decision.risk_age)
    assert math.isinf(decision.observation_age)
    world.sensors = ("scan",)
    world.command = COMMAND
    assert stopped_by(world.step(), "risk_missing", "observation_missing")
    world.sensors = ("scan", "goal")
    assert stopped_by(world.step(), "risk_missing")
    world.probability = 0.0
    assert world.step().state is GateStatus.PASS


def test_a_fresh_safe_command_passes_unchanged():
    decision = World().step()
    assert decision.state is GateStatus.PASS
    assert decision.causes.names() == ()
    assert decision.is_passed
    assert decision.scale == 1.0
    assert tuple(decision.command) == COMMAND


@pytest.mark.parametrize(
    ("silenced", "cause", "timeout"),
    [
        ({"command": None}, "command_stale", 0.5),
        ({"probability": None}, "risk_stale", 0.5),
        ({"sensors": ("goal",)}, "observation_stale", 0.3),
    ],
)
def test_a_silent_source_stops_the_robot_at_its_timeout(silenced: dict[str, object], cause: str, timeout: float):
    world = World()
    world.run(1.0)
    for name, value in silenced.items():
        setattr(world, name, value)
    assert all(decision.state is GateStatus.PASS for decision in world.run(timeout - PERIOD))
    decisions = world.run(2 * PERIOD)
    assert stopped_by(decisions[-1], cause)
    assert cause in decisions[-1].detail


def test_where_a_sensor_falls_silent_and_all_else_with_it_the_sensor_is_named():
    world = World()
    world.run(1.0)
    world.sensors, world.probability, world.command = ("goal",), None, None
    decision = world.run(2.0)[-1]
    assert stopped_by(decision, "command_stale", "risk_stale", "observation_stale")
    assert decision.detail.startswith("observation_stale: scan")


def test_a_latched_topic_may_stay_silent():
    world = World()
    world.run(1.0)
    world.sensors = ("scan",)
    assert all(decision.state is GateStatus.PASS for decision in world.run(5.0))


def test_estimates_of_the_same_old_observation_are_stale():
    world = World()
    world.run(1.0)
    frozen = world.risk()
    world.probability = None
    for _ in range(30):
        world.gate.on_risk(world.now, frozen)
        decision = world.step()
    assert stopped_by(decision, "risk_stale")


def test_an_estimate_that_arrives_long_after_its_observation_is_stale():
    world = World()
    world.run(1.0)
    world.observation_age = 0.6
    decision = world.step()
    assert stopped_by(decision, "risk_stale")
    assert decision.risk_age == pytest.approx(0.6)


def test_an_estimate_whose_clock_is_ahead_is_of_unknown_age():
    world = World()
    world.observation_age = -0.4
    assert world.run(1.0)[-1].state is GateStatus.PASS
    world.observation_age = -3600.0
    decision = world.step()
    assert stopped_by(decision, "risk_stale")
    assert "stamped 3600.00 s ahead of this clock, or this clock is behind" in decision.detail
    world.observation_age = 0.0
    assert world.run(1.0)[-1].state is GateStatus.PASS


def test_a_source_whose_stamps_began_anew_is_believed_again():
    world = World()
    world.run(1.0)
    world.stamp = 0.0
    assert world.run(1.0)[-1].state is GateStatus.PASS


@pytest.mark.parametrize("command", [(math.nan, 0.0), (0.1, math.inf), (-math.inf, math.nan)])
def test_a_command_that_is_not_finite_stops_the_robot_at_once(command: tuple[float, float]):
    world = World()
    world.run(1.0)
    world.command = command
    assert stopped_by(world.step(), "non_finite")


@pytest.mark.parametrize("name", ["cost_value", "novelty", "observation_age"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_an_estimate_that_is_not_finite_stops_the_robot_at_once(name: str, value: float):
    world = World()
    world.run(1.0)
    setattr(world, name, value)
    decision = world.step()
    assert stopped_by(decision, "non_finite")
    assert name in decision.detail


@pytest.mark.parametrize("probability", [-0.1, 1.1, math.inf])
def test_an_impossible_probability_stops_the_robot(probability: float):
    world = World()
    world.run(1.0)
    world.probability = probability
    assert stopped_by(world.step(), "non_finite")


def test_a_fault_between_two_ticks_is_not_missed():
    world = World()
    world.run(1.0)
    world.gate.on_command(world.now, (math.nan, 0.0))
    world.gate.on_command(world.now, COMMAND)
    assert stopped_by(world.step(), "non_finite")
    world.run(1.0)
    world.probability, before = 0.9, world.probability
    world.stamp += 0.001
    world.gate.on_risk(world.now, world.risk())
    world.probability = before
    assert stopped_by(world.step(), "risk_high")


@pytest.mark.parametrize("command", [(0.8, 0.0), (-0.4, 0.0), (0.0, 2.2), (0.7, -9.0), (0.1,), (0.1, 0.1, 0.1)])
def test_a_command_beyond_the_limits_or_of_another_size_stops_the_robot(command: tuple[float, ...]):
    world = World()
    world.run(1.0)
    world.command = command
    assert stopped_by(world.step(), "out_of_limits")


def test_a_command_just_beyond_the_limits_is_scaled_back_onto_them():
    world = World()
    world.command = (0.705, 1.0)
    decision = world.step()
    assert decision.state is GateStatus.PASS
    assert decision.command[0] == 0.7
    assert decision.command[1] == pytest.approx(1.0 * 0.7 / 0.705)


def test_speed_grows_no_faster_than_the_slew_allows():
    world = World(gate=Gate(config(limits=replace(LIMITS, slew=(1.2, math.inf)))), command=(0.4, 0.0))
    speeds = [decision.command[0] for decision in world.run(0.5)]
    assert speeds == pytest.approx([min(1.2 * PERIOD * ticks, 0.4) for ticks in range(len(speeds))])


def test_caution_slows_all_components_by_one_factor():
    world = World(gate=Gate(config(slowdown_ratio=0.3)), probability=0.3)
    decision = world.step()
    assert decision.state is GateStatus.SLOW
    assert decision.causes.names() == ("risk_high",)
    assert decision.scale == 0.3
    np.testing.assert_allclose(decision.command, 0.3 * np.array(COMMAND))


def test_danger_stops():
    assert stopped_by(World(probability=0.51).step(), "risk_high")


def test_without_a_calibrated_probability_the_cost_ratio_decides():
    world = World(probability=math.nan, cost_value=0.99)
    assert world.step().state is GateStatus.PASS
    world.cost_value = 1.5
    assert world.step().state is GateStatus.SLOW
    world.cost_value = 2.1
    assert stopped_by(world.step(), "risk_high")


def test_an_observation_unlike_training_stops_whatever_the_probability():
    world = World(novelty=0.6)
    decision = world.step()
    assert stopped_by(decision, "novelty_high")
    assert "0.600" in decision.detail
    world.novelty = 0.45  # below the trigger, above the release
    assert all(stopped_by(decision, "novelty_high") for decision in world.run(2.0))
    world.novelty = 0.35
    states = [decision.state for decision in world.run(2.0)]
    assert states.index(GateStatus.PASS) == pytest.approx(0.5 / PERIOD, abs=1.1)


def test_a_stop_is_released_to_slow_and_then_to_pass_each_after_the_hold_time():
    world = World()
    world.run(1.0)
    world.probability = 0.9
    world.step()
    world.probability = 0.4  # below the danger's trigger, above its release
    assert all(decision.state is GateStatus.STOP for decision in world.run(2.0))
    world.probability = 0.2  # the same for the caution
    states = [decision.state for decision in world.run(2.0)]
    assert states.index(GateStatus.SLOW) == pytest.approx(0.5 / PERIOD, abs=1.1)
    assert states[-1] is GateStatus.SLOW
    world.probability = 0.1
    states = [decision.state for decision in world.run(2.0)]
    assert states.index(GateStatus.PASS) == pytest.approx(0.5 / PERIOD, abs=1.1)


def test_a_risk_that_flickers_around_its_threshold_does_not_make_the_gate_flap():
    world = World()
    world.run(1.0)
    states = []
    for tick in range(200):
        world.probability = 0.55 if tick % 10 == 0 else 0.2
        states.append(world.step().state)
    assert set(states) == {GateStatus.STOP}


def test_the_most_restrictive_cause_wins_and_the_others_stay_visible():
    world = World()
    world.run(1.0)
    world.probability, world.novelty, world.command = 0.3, 0.9, (9.0, 0.0)
    decision = world.step()
    assert decision.state is GateStatus.STOP
    assert set(decision.causes.names()) == {"risk_high", "novelty_high", "out_of_limits"}


def test_an_emergency_stop_outlasts_everything_but_an_accepted_reset():
    world = World()
    world.run(1.0)
    world.gate.emergency_stop(world.now)
    assert all(decision.state is GateStatus.EMERGENCY_STOP for decision in world.run(10.0))
    world.gate.restart(world.now)
    world.gate.set_enabled(world.now, True)
    decision = world.step()
    assert decision.state is GateStatus.EMERGENCY_STOP
    assert not decision.command.any()
    assert world.gate.reset(world.now) is None
    assert world.step().state is GateStatus.PASS


def test_a_reset_is_refused_while_a_cause_persists():
    world = World()
    world.run(1.0)
    world.gate.emergency_stop(world.now)
    world.command = None
    world.run(1.0)
    assert "command_stale" in (world.gate.reset(world.now) or "")
    assert world.step().state is GateStatus.EMERGENCY_STOP
    world.command = COMMAND
    world.step()
    assert "held" in (world.gate.reset(world.now) or ""), "the hold time has not passed"
    world.run(1.0)
    assert world.gate.reset(world.now) is None


@pytest.mark.parametrize("probability", [0.05, 0.9])
@pytest.mark.parametrize("escape_ratio", [0.0, 0.1])
def test_a_reset_does_not_enable_a_disabled_gate(probability: float, escape_ratio: float):
    world = World(gate=Gate(config(escape_ratio=escape_ratio)), probability=probability)
    world.run(1.0)
    world.gate.emergency_stop(world.now)
    world.gate.set_enabled(world.now, False)
    assert "disabled" in (world.gate.reset(world.now) or "")
    assert world.step().state is GateStatus.EMERGENCY_STOP


def test_a_disabled_gate_is_visible_and_commands_zero():
    world = World()
    world.run(1.0)
    world.gate.set_enabled(world.now, False)
    decision = world.step()
    assert decision.state is GateStatus.INACTIVE
    assert decision.causes.names() == ("disabled",)
    assert not decision.command.any()
    world.gate.set_enabled(world.now, True)
    assert world.step().state is GateStatus.PASS


@pytest.mark.parametrize("hold", ["disable", "emergency_stop"])
def test_a_gate_that_a_person_holds_says_what_else_would_stop_the_robot(hold: str):
    world = World()
    world.run(1.0)
    if hold == "disable":
        world.gate.set_enabled(world.now, False)
    else:
        world.gate.emergency_stop(world.now)
    assert ";" not in world.step().detail
    world.command = None
    (*_, decision) = world.run(1.0)
    held, also = decision.detail.split("; ", 1)
    assert decision.cause == {"disable": "disabled", "emergency_stop": "estop_latched"}[hold]
    assert held.startswith(f"{decision.cause}: ")
    assert also.startswith("command_stale: ")


@pytest.mark.parametrize("now", [99.0, -5.0, 0.0, math.nan, math.inf, -math.inf])
def test_a_clock_that_jumps_stops_the_robot_until_all_sources_have_spoken_again(now: float):
    world = World()
    world.run(1.0)
    assert stopped_by(world.gate.tick(now), "command_stale", "risk_stale", "observation_stale")
    assert world.step().state is GateStatus.STOP
    world.run(1.0)
    assert world.step().state is GateStatus.PASS


def test_a_clock_that_jumps_before_the_first_tick_is_noticed():
    world = World()
    world.feed()
    world.now -= 10.0
    world.gate.on_observation(world.now, "scan")
    assert world.gate.tick(world.now).state is GateStatus.STOP


def test_a_cause_in_force_ends_by_the_new_time_of_a_clock_that_was_set_back():
    world = World(probability=0.9)
    world.run(1.0)
    world.probability = 0.0
    world.step()
    world.now -= 10.0
    states = [decision.state for decision in world.run(2.0)]
    assert states.index(GateStatus.PASS) == pytest.approx(0.5 / PERIOD, abs=1.1)


def test_a_gate_that_was_suspended_believes_nothing_that_waited_for_it():
    world = World()
    world.run(1.0)
    world.now += 3.0
    states = [decision.state for decision in world.run(0.4)]
    assert set(states) == {GateStatus.STOP}


def test_a_restarted_gate_waits_for_new_data():
    world = World()
    world.run(1.0)
    world.gate.restart(world.now)
    assert stopped_by(world.gate.tick(world.now), "command_missing", "risk_missing", "observation_missing")
    world.sensors = ("scan",)
    assert world.step().state is GateStatus.PASS, "a latched topic does not speak again"


def test_zero_is_held_for_ever_and_marked_once_it_only_needs_repeating():
    world = World(command=None)
    decisions = world.run(10.0)
    assert all(not decision.command.any() and not decision.is_passed for decision in decisions)
    first = next(number for number, decision in enumerate(decisions) if decision.is_holding)
    assert first * PERIOD == pytest.approx(1.0, abs=1.1 * PERIOD)
    assert all(decision.is_holding for decision in decisions[first:])
    world.command = COMMAND
    assert not world.step().is_holding


def test_in_danger_the_robot_stays_stopped_unless_an_escape_is_configured():
    world = World(probability=0.9)
    assert {decision.state for decision in world.run(20.0)} == {GateStatus.STOP}


def test_an_escape_lets_the_robot_creep_out_of_danger_with_the_cause_visible():
    world = World(gate=Gate(config(escape_ratio=0.1, escape_delay=1.0)), probability=0.9)
    decisions = world.run(2.0)
    first = next(number for number, decision in enumerate(decisions) if decision.state is GateStatus.SLOW)
    assert first * PERIOD == pytest.approx(1.0, abs=1.1 * PERIOD)
    assert decisions[-1].causes.names() == ("risk_high",)
    assert decisions[-1].scale == 0.1
    world.novelty = 0.9
    assert world.step().state is GateStatus.STOP, "an escape is for danger alone"
    world.novelty = 0.0
    assert {decision.state for decision in world.run(1.4)} == {GateStatus.STOP}, "and its delay begins anew"


def test_an_emergency_stop_in_danger_can_be_reset_where_an_escape_is_configured():
    world = World(gate=Gate(config(escape_ratio=0.1, escape_delay=1.0)), probability=0.9)
    world.gate.emergency_stop(world.now)
    world.run(3.0)
    world.novelty = 0.9
    world.step()
    assert "novelty_high" in (world.gate.reset(world.now) or "")
    world.novelty = 0.0
    world.run(0.6)
    assert world.gate.reset(world.now) is None
    decisions = world.run(1.4)
    first = next(number for number, decision in enumerate(decisions) if decision.state is GateStatus.SLOW)
    assert first * PERIOD == pytest.approx(1.0, abs=1.1 * PERIOD), "the escape's delay begins with the reset"


def test_an_emergency_stop_in_danger_stays_where_there_is_no_escape():
    world = World(probability=0.9)
    world.gate.emergency_stop(world.now)
    world.run(3.0)
    assert "risk_high" in (world.gate.reset(world.now) or "")


def test_a_gate_that_was_disabled_in_danger_waits_for_its_escape_anew():
    world = World(gate=Gate(config(escape_ratio=0.1, escape_delay=1.0)), probability=0.9)
    world.gate.set_enabled(world.now, False)
    world.run(3.0)
    world.gate.set_enabled(world.now, True)
    assert {decision.state for decision in world.run(0.9)} == {GateStatus.STOP}
    assert world.run(0.2)[-1].state is GateStatus.SLOW


@pytest.mark.parametrize(
    ("age", "detail"),
    [
        (3600.0, "stamped 3600.00 s before it came"),
        (-3600.0, "stamped 3600.00 s ahead of this clock, or this clock is behind"),
        (math.inf, "stamped inf s before it came"),
        (math.nan, "command_stale: command of an age that is no number"),
    ],
)
def test_a_command_of_another_time_is_stale_however_often_it_comes(age: float, detail: str):
    world = World(command=None)
    for _ in range(50):
        world.step()
        world.gate.on_command(world.now, COMMAND, age)
        decision = world.gate.tick(world.now)
    assert stopped_by(decision, "command_stale")
    assert detail in decision.detail
    world.command = COMMAND  # without a stamp, or with one of now
    assert world.run(0.6)[-1].state is GateStatus.PASS


@pytest.mark.parametrize("age", [0.0, 3600.0, -3600.0, math.nan])
def test_after_a_jump_of_the_clock_a_command_is_stale_for_the_jump_whatever_its_age_was(age: float):
    gate = Gate(config(risk_source="command", observation_timeout={}))
    gate.on_command(100.0, COMMAND, age)
    assert gate.tick(99.0).detail == "command_stale: command from before a jump of the clock"


def test_monitoring_passes_commands_and_reports_what_it_would_do():
    world = World(gate=Gate(config(mode="monitoring")), probability=0.9, command=(5.0, 0.0))
    decision = world.step()
    assert decision.state is GateStatus.STOP
    assert set(decision.causes.names()) == {"risk_high", "out_of_limits", "monitoring_only"}
    assert tuple(decision.command) == (5.0, 0.0)
    assert decision.scale == 1.0
    assert "commands pass" in decision.detail


@pytest.mark.parametrize("command", [None, (math.nan, 0.0), (0.1,)])
def test_monitoring_keeps_no_dead_commander_alive_and_passes_no_nonsense(command: tuple[float, ...] | None):
    world = World(gate=Gate(config(mode="monitoring")))
    world.run(1.0)
    world.command = command
    decision = world.run(0.6)[-1]
    assert not decision.command.any()
    assert decision.detail.endswith("(monitoring only: but there is no command to pass)")


def test_what_people_switched_off_stays_off_in_monitoring_too():
    world = World(gate=Gate(config(mode="monitoring")))
    world.gate.emergency_stop(world.now)
    assert not world.step().command.any()
    world.gate.reset(world.now)
    world.gate.set_enabled(world.now, False)
    assert not world.step().command.any()


def test_other_thresholds_hold_at_once_and_begin_the_hold_time_anew():
    world = World(probability=0.2)
    world.run(1.0)
    strict = config(slowdown_ratio=0.1, hold_time=1.0)
    world.probability = 0.3
    world.step()
    world.gate.reconfigure(world.now, strict)
    assert world.step().scale == 0.1
    world.probability = 0.0
    world.run(0.4)
    world.gate.reconfigure(world.now, strict)
    assert all(decision.state is GateStatus.SLOW for decision in world.run(0.9))


@pytest.mark.parametrize(
    ("changes", "silenced", "cause"),
    [
        ({"source_timeout": 0.1}, {"command": None}, "command_stale"),
        ({"source_timeout": 0.1}, {"probability": None}, "risk_stale"),
        ({"observation_timeout": {"scan": 0.1, "goal": None}}, {"sensors": ("goal",)}, "observation_stale"),
    ],
)
def test_other_timeouts_hold_at_once(changes: dict[str, object], silenced: dict[str, object], cause: str):
    world = World()
    world.run(1.0)
    world.gate.reconfigure(world.now, config(**changes))
    for name, value in silenced.items():
        setattr(world, name, value)
    assert all(decision.state is GateStatus.PASS for decision in world.run(0.1 - PERIOD))
    assert stopped_by(world.run(2 * PERIOD)[-1], cause)


@pytest.mark.parametrize(
    ("tolerance", "speed", "before", "after"),
    [(0.0, 0.705, GateStatus.PASS, GateStatus.STOP), (0.05, 0.72, GateStatus.STOP, GateStatus.PASS)],
)
def test_another_tolerance_judges_the_standing_command_anew(
    tolerance: float, speed: float, before: GateStatus, after: GateStatus
):
    world = World(gate=Gate(config(hold_time=0.0)), command=(speed, 0.0))
    assert world.step().state is before
    world.gate.reconfigure(world.now, config(hold_time=0.0, limits=replace(LIMITS, tolerance=tolerance)))
    decision = world.gate.tick(world.now)
    assert decision.state is after
    assert decision.causes.out_of_limits is (after is GateStatus.STOP)
    assert decision.command[0] == (0.0 if after is GateStatus.STOP else 0.7)


def test_another_robot_needs_another_gate():
    gate = Gate(config())
    with pytest.raises(ConfigurationError, match="new gate"):
        gate.reconfigure(0.0, config(observation_timeout={"odom": 0.5}))
    with pytest.raises(ContractError, match="odom"):
        gate.on_observation(0.0, "odom")


@pytest.mark.parametrize(("rest", "state"), [(0.44, GateStatus.STOP), (0.46, GateStatus.PASS)])
def test_danger_restricts_only_where_rest_has_at_most_half_of_it(rest: float, state: GateStatus) -> None:
    world = World(probability=0.9, rest_probability=rest)
    decision = world.run(1.0)[-1]
    assert decision.state is state
    assert decision.causes.risk_high is (state is GateStatus.STOP)
    assert decision.causes.rest_no_safer is (state is GateStatus.PASS)
    assert ("rest_no_safer" in decision.detail) is (state is GateStatus.PASS)
    assert decision.cause == ("rest_no_safer" if state is GateStatus.PASS else "risk_high")


def test_an_estimate_that_says_nothing_about_rest_restricts() -> None:
    assert World(probability=0.9).run(1.0)[-1].state is GateStatus.STOP


def test_without_calibration_the_cost_values_are_compared() -> None:
    world = World(probability=math.nan, cost_value=3.0, rest_cost_value=2.9)
    assert world.run(1.0)[-1].causes.rest_no_safer
    world.rest_cost_value = 0.1
    assert world.run(1.0)[-1].state is GateStatus.STOP


def test_an_infinite_benefit_always_restricts() -> None:
    world = World(gate=Gate(config(rest_benefit=math.inf)), probability=0.9, rest_probability=1.0)
    assert world.run(1.0)[-1].state is GateStatus.STOP


def test_when_rest_ceases_to_help_the_stop_ends_after_the_hold_time() -> None:
    world = World(probability=0.9, rest_probability=0.0)
    world.run(1.0)
    world.rest_probability = 0.9
    decisions = world.run(1.0)
    held = [decision.state for decision in decisions].index(GateStatus.PASS) * PERIOD
    assert held == pytest.approx(config().hold_time, abs=2 * PERIOD)


@pytest.mark.parametrize("rest", [-0.1, 1.1, math.inf])
def test_a_rest_probability_that_is_none_is_a_fault(rest: float) -> None:
    assert World(rest_probability=rest).run(0.2)[-1].causes.non_finite


def test_an_infinite_cost_of_rest_is_a_fault_and_lifts_nothing() -> None:
    decision = World(probability=math.nan, cost_value=50.0, rest_cost_value=math.inf).run(0.2)[-1]
    assert (decision.state, decision.causes.non_finite) == (GateStatus.STOP, True)


def test_no_probability_from_a_source_that_had_one_is_a_fault_and_opens_nothing() -> None:
    world = World(probability=0.9)
    assert stopped_by(world.run(1.0)[-1], "risk_high")
    world.probability = math.nan
    decision = world.run(2.0)[-1]
    assert decision.state is GateStatus.STOP
    assert {"non_finite", "risk_high"} == set(decision.causes.names())
