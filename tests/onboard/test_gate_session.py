"""A session told the same events decides the same, bit for bit; what it sends and reports follows its own clock."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alam_ros.errors import ConfigurationError
from alam_ros.gate import CommandLimits, GateConfig, GateStatus, Risk
from alam_ros.onboard.gate_session import (
    HOLD_PERIOD_S,
    REPEAT_PERIOD_S,
    STATE_PERIOD_S,
    EventKind,
    GateEvent,
    GateSession,
    GateTick,
)
from alam_ros.onboard.gate_state import state_fields

CONFIG = GateConfig(
    limits=CommandLimits(names=("linear.x", "angular.z"), low=(-0.5, -2.0), high=(0.7, 2.0), slew=(math.inf, 3.0)),
    observation_timeout={"scan": 0.5, "goal": None},
    rest_benefit=math.inf,
)
PERIOD_S = 0.02


WITHOUT_SLEW = dataclasses.replace(CONFIG, limits=dataclasses.replace(CONFIG.limits, slew=None))


def session(config: GateConfig = CONFIG) -> GateSession:
    made = GateSession()
    made.take(GateEvent.configuration(0.0, config, is_first=True))
    made.take(GateEvent(EventKind.RESTART, 0.0))
    return made


def safe(now: float, probability: float = 0.05) -> GateEvent:
    risk = Risk(stamp=now, probability=probability, cost_value=0.1, threshold=1.0, novelty=0.0)
    return GateEvent.risk(now, risk, round(now * 1e9))


def feed(gate: GateSession, now: float, probability: float = 0.05) -> None:
    for event in (
        GateEvent(EventKind.OBSERVATION, now, "scan"),
        GateEvent(EventKind.OBSERVATION, now, "goal"),
        safe(now, probability),
        GateEvent.command(now, np.array([0.4, -1.0])),
    ):
        gate.take(event)


def bits(tick: GateTick) -> tuple[Any, ...]:
    """Return everything a tick says, NaN comparable."""
    fields = state_fields(tick.decision, 0.0)
    numbers = [np.float64(value).tobytes() if isinstance(value, float) else value for value in fields.values()]
    return (*numbers, tick.decision.command.tobytes(), tick.decision.is_passed, tick.is_sent, tick.is_reported)


values = st.lists(st.floats(allow_nan=True), min_size=1, max_size=3).map(tuple)
steps = st.lists(
    st.tuples(
        st.floats(0.0, 0.4),
        st.sampled_from(["command", "risk", "scan", "goal", "stop", "reset", "enable", "disable", "restart", "tick", "decide"]),
        st.floats(0.0, 1.0),
        values,
    ),
    max_size=40,
)


def told(kind: str, now: float, number: float, command: tuple[float, ...]) -> GateEvent:
    """Return what the gate is told at one step of a script."""
    plain = {"stop": EventKind.EMERGENCY_STOP, "reset": EventKind.RESET, "restart": EventKind.RESTART}
    plain |= {"enable": EventKind.ENABLE, "disable": EventKind.DISABLE}
    if kind in plain:
        return GateEvent(plain[kind], now)
    if kind == "command":
        return GateEvent(EventKind.COMMAND, now, values=command)
    return safe(now, number) if kind == "risk" else GateEvent(EventKind.OBSERVATION, now, kind)


@given(steps)
def test_the_same_events_give_the_same_decisions_bit_for_bit(script: list[tuple[float, str, float, tuple[float, ...]]]) -> None:
    live, now, heard = session(), 0.0, []
    for delay, kind, number, command in script:
        now += delay
        if kind == "tick":
            tick = live.tick(now)
            heard.append((now, live.drain(), bits(tick)))
        elif kind == "decide":
            heard.append((now, live.drain(), bits(live.decide(now, lambda: 7))))
            (decided,) = live.drain()
            assert decided.kind is EventKind.DECISION
            assert (decided.stamp_ns == 7) == heard[-1][2][-1], "the stamp of a state that is published"
        else:
            live.take(told(kind, now, number, command))
    again = GateSession()
    for now, events, expected in heard:
        for event in events:
            again.take(event)
        assert bits(again.tick(now)) == expected


def test_a_command_is_answered_at_once_and_not_again_by_the_next_tick() -> None:
    gate = session(WITHOUT_SLEW)
    feed(gate, 0.0)
    assert gate.decide(0.0, lambda: 0).is_sent
    assert not gate.tick(0.4 * REPEAT_PERIOD_S).is_sent
    feed(gate, 0.5 * REPEAT_PERIOD_S)
    assert gate.decide(0.5 * REPEAT_PERIOD_S, lambda: 0).is_sent, "the same command again is another command"
    assert gate.tick(1.6 * REPEAT_PERIOD_S).is_sent, "and is repeated where none follows"


def test_a_change_is_sent_at_once_by_whatever_decision() -> None:
    gate = session()
    feed(gate, 0.0)
    gate.decide(0.0, lambda: 0)
    gate.take(safe(0.001, probability=0.9))
    assert gate.has_turned()
    tick = gate.decide(0.001, lambda: 0)
    assert tick.is_sent
    assert not tick.decision.command.any()
    assert not gate.has_turned()


def test_a_risk_that_changes_nothing_turns_nothing() -> None:
    gate = session()
    feed(gate, 0.0)
    gate.tick(0.0)
    gate.take(safe(0.001, probability=0.06))
    assert not gate.has_turned()


def test_a_configuration_survives_its_event() -> None:
    event = GateEvent.configuration(0.0, CONFIG, is_first=True)
    again = GateSession()
    again.take(event)
    assert again._gate is not None
    assert again._gate._config == dataclasses.replace(CONFIG, observation_timeout=dict(CONFIG.observation_timeout))


def test_an_unchanged_state_is_repeated_and_a_change_reported_at_once() -> None:
    gate, reported = session(), []
    for step in range(100):
        now = step * PERIOD_S
        feed(gate, now, probability=0.9 if step == 60 else 0.05)
        if gate.tick(now).is_reported:
            reported.append(step)
    assert reported[0] == 0
    assert reported[1] == round(STATE_PERIOD_S / PERIOD_S)
    assert 60 in reported
    assert len(reported) <= 6


def test_a_zero_that_is_merely_held_is_sent_less_often_but_never_ceases() -> None:
    gate, sent = session(), []
    for step in range(300):
        tick = gate.tick(step * PERIOD_S)
        assert tick.decision.state is GateStatus.STOP
        if tick.is_sent:
            sent.append(step * PERIOD_S)
    gaps = np.diff(sent)
    assert gaps[0] == pytest.approx(PERIOD_S)
    assert gaps.max() == pytest.approx(HOLD_PERIOD_S, abs=1.5 * PERIOD_S)
    assert sent[-1] > 5.5


def test_a_refused_reset_says_why() -> None:
    gate = session()
    gate.take(GateEvent(EventKind.EMERGENCY_STOP, 0.1))
    assert "observation_missing: no data yet on scan, goal" in (gate.take(GateEvent(EventKind.RESET, 0.2)) or "")
    assert gate.is_latched


@pytest.mark.parametrize(
    "event",
    [
        GateEvent(EventKind.CONFIGURATION, 0.0, ""),
        GateEvent(EventKind.RECONFIGURATION, 0.0, "["),
        GateEvent(EventKind.RISK, 0.0, values=(1.0,) * 6),
        GateEvent(EventKind.COMMAND_RISK, 0.0, values=(1.0, 2.0)),
    ],
)
def test_events_as_another_version_might_have_recorded_them_are_refused(event: GateEvent) -> None:
    with pytest.raises(ConfigurationError, match="replay with --no-trace"):
        session().take(event)


def test_events_before_a_configuration_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="first event"):
        GateSession().take(GateEvent(EventKind.RESTART, 0.0))
