"""The gate at work: everything it is told is an event, so that a recording of the events repeats its decisions bit for bit."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alam_ros.errors import ConfigurationError
from alam_ros.gate import FRACTIONS, CommandRisk, Gate, GateConfig, GateDecision, Risk
from alam_ros.typed import from_mapping, to_mapping

STATE_PERIOD_S = 0.5  # between repetitions of an unchanged state
REPEAT_PERIOD_S = 0.01  # between repetitions of what was just sent; shorter than the period of the gate's clock
HOLD_PERIOD_S = 0.2  # between zeros that are merely held; shorter than the 0.5 s after which base drivers miss a command
RISK_NUMBERS = tuple(field.name for field in dataclasses.fields(Risk))


class EventKind(IntEnum):
    """What the gate is told; the numbers are those of `alam_ros/msg/GateEvent`."""

    CONFIGURATION = 0
    RECONFIGURATION = 1
    RESTART = 2
    COMMAND = 3
    RISK = 4
    OBSERVATION = 5
    EMERGENCY_STOP = 6
    RESET = 7
    ENABLE = 8
    DISABLE = 9
    COMMAND_RISK = 10
    DECISION = 11


@dataclass(frozen=True, slots=True)
class GateEvent:
    """One thing the gate is told; fields as in `alam_ros/msg/GateEvent`.

    Attributes:
        kind: of the event.
        time: s of the steady clock.
        text: topic of an observation; policy of an estimate; configuration as JSON.
        stamp_ns: of the observation that a risk estimate speaks of; of the state that a decision published, 0 for none.
        age: s of a command by its own stamp when it came; 0 without a stamp.
        values: components of a command; numbers of a risk estimate, in the order of `Risk`'s fields; those of a judged command as
            `command_risk` has them.
    """

    kind: EventKind
    time: float
    text: str = ""
    stamp_ns: int = 0
    values: tuple[float, ...] = ()
    age: float = 0.0

    @classmethod
    def configuration(cls, now: float, config: GateConfig, *, is_first: bool) -> GateEvent:
        """Make a new gate, or change the values of the present one."""
        kind = EventKind.CONFIGURATION if is_first else EventKind.RECONFIGURATION
        return cls(kind, now, text=json.dumps(to_mapping(config)))

    @classmethod
    def command(cls, now: float, values: NDArray[np.float64], age: float = 0.0) -> GateEvent:
        """Take a command, (components,) in physical units, that was `age` seconds old when it came."""
        return cls(EventKind.COMMAND, now, values=tuple(values.tolist()), age=age)

    @classmethod
    def risk(cls, now: float, risk: Risk, stamp_ns: int, policy_id: str = "") -> GateEvent:
        """Take a policy's risk estimate of the observation with this stamp."""
        return cls(
            EventKind.RISK, now, text=policy_id, stamp_ns=stamp_ns, values=tuple(getattr(risk, name) for name in RISK_NUMBERS)
        )

    @classmethod
    def command_risk(cls, now: float, risk: CommandRisk, stamp_ns: int, policy_id: str = "") -> GateEvent:
        """Take a policy's judgement of the last command by the observation with this stamp."""
        numbers = (risk.stamp, risk.observation_age, risk.threshold, risk.novelty)
        rows = (*risk.command, *risk.fallback, *risk.probabilities, *risk.cost_values)
        return cls(EventKind.COMMAND_RISK, now, text=policy_id, stamp_ns=stamp_ns, values=(*numbers, *rows))


@dataclass(frozen=True, slots=True)
class GateTick:
    """The outcome of one tick of the session.

    Attributes:
        decision: of the gate.
        is_sent: whether the command goes out; what was just sent, and a zero that is merely held, is not sent at every tick.
        is_reported: whether the state is published: it changed in more than its numbers, or it is due.
        stamp_ns: ROS time under which the state is published; 0 where the tick did not ask for it.
    """

    decision: GateDecision
    is_sent: bool
    is_reported: bool
    stamp_ns: int = 0


class ReportSchedule:
    """A state is published when it changes and when the last publication was `STATE_PERIOD_S` ago."""

    def __init__(self) -> None:
        self._signature: object = None
        self._reported = -math.inf

    def is_due(self, now: float, signature: object) -> bool:
        """Say whether to publish now; `signature` is what of a state counts as a change."""
        if signature == self._signature and now - self._reported < STATE_PERIOD_S:
            return False
        self._signature, self._reported = signature, now
        return True

    def forget(self) -> None:
        """Publish the next state."""
        self._signature, self._reported = None, -math.inf


class GateSession:
    """A gate with the schedule of what it sends and reports. The first event must be a configuration.

    Attributes:
        reports: when states are published; whoever publishes others, such as an inactive node's, asks it too.
    """

    def __init__(self) -> None:
        self._gate: Gate | None = None
        self._sent = -math.inf
        self._command = b""
        self._is_answer_due = False
        self._events: list[GateEvent] = []
        self.reports = ReportSchedule()

    @property
    def is_latched(self) -> bool:
        """Whether an emergency stop waits for its reset."""
        return self._gate is not None and self._gate.is_latched

    def take(self, event: GateEvent) -> str | None:
        """Tell the gate something.

        Returns:
            Why a reset is refused, otherwise None.

        Raises:
            ConfigurationError: for an event without meaning, such as a trace of another version may hold, and for any other than
                a configuration before the first one.
        """
        try:
            answer = self._told(event)
        except (ValueError, TypeError) as error:
            expected = f"the event {event.kind.name} as this version of alam_ros writes it"
            raise ConfigurationError(expected, f"{error} in {event}", "replay with --no-trace") from error
        if event.kind in (EventKind.CONFIGURATION, EventKind.RESTART):
            self._sent, self._command = -math.inf, b""
            self.reports.forget()
        self._is_answer_due |= event.kind is EventKind.COMMAND
        self._events.append(event)
        return answer

    def _told(self, event: GateEvent) -> str | None:
        if event.kind is EventKind.CONFIGURATION:
            self._gate = Gate(configuration_in(event))
            return None
        answer: str | None = _HANDLERS[event.kind](self._configured(), event)
        return answer

    def has_turned(self) -> bool:
        """Say whether, since the last decision, a cause came or went that restricts commands."""
        return self._configured().has_turned()

    def decide(self, now: float, stamp_ns: Callable[[], int]) -> GateTick:
        """Decide between two ticks, because something came that should not wait for the next; an event like all others.

        Args:
            now: s of the steady clock.
            stamp_ns: asked for ROS time if the state is published.
        """
        tick = self.tick(now)
        if tick.is_reported:
            tick = dataclasses.replace(tick, stamp_ns=stamp_ns())
        self._events.append(GateEvent(EventKind.DECISION, now, stamp_ns=tick.stamp_ns))
        return tick

    def tick(self, now: float) -> GateTick:
        """Decide what the robot is told now."""
        decision = self._configured().tick(now)
        is_sent = self._is_due(now, decision)
        self._is_answer_due = False
        if is_sent:
            self._sent, self._command = now, decision.command.tobytes()
        return GateTick(decision, is_sent, self.reports.is_due(now, (decision.state, decision.causes)))

    def _is_due(self, now: float, decision: GateDecision) -> bool:
        """Say whether a decision is sent: an answer and a change at once, the rest again and again."""
        if decision.is_passed and self._is_answer_due:
            return True
        if decision.command.tobytes() != self._command:
            return True
        return now - self._sent >= (HOLD_PERIOD_S if decision.is_holding else REPEAT_PERIOD_S)

    def drain(self) -> tuple[GateEvent, ...]:
        """Return what came since the last call."""
        events, self._events = tuple(self._events), []
        return events

    def _configured(self) -> Gate:
        if self._gate is None:
            raise ConfigurationError("a configuration as the gate's first event", "none", "record from the monitor's start on")
        return self._gate


def configuration_in(event: GateEvent) -> GateConfig:
    """Return the configuration that an event holds.

    Raises:
        ConfigurationError: where it holds none.
    """
    try:
        document = json.loads(event.text)
    except ValueError as error:
        raise ConfigurationError("a gate's configuration as JSON", str(error), "replay with --no-trace") from error
    return from_mapping(GateConfig, document)


def _reconfigure(gate: Gate, event: GateEvent) -> None:
    gate.reconfigure(event.time, configuration_in(event))


def _risk(gate: Gate, event: GateEvent) -> None:
    gate.on_risk(event.time, Risk(**dict(zip(RISK_NUMBERS, event.values, strict=True))))


def _command_risk(gate: Gate, event: GateEvent) -> None:
    (stamp, observation_age, threshold, novelty), rows = event.values[:4], event.values[4:]
    judged = len(FRACTIONS) + 1
    size = (len(rows) - 2 * judged) // 2
    risk = CommandRisk(
        stamp=stamp,
        observation_age=observation_age,
        threshold=threshold,
        novelty=novelty,
        command=rows[:size],
        fallback=rows[size : 2 * size],
        probabilities=rows[2 * size : 2 * size + judged],
        cost_values=rows[2 * size + judged :],
    )
    gate.on_command_risk(event.time, risk)


_HANDLERS: dict[EventKind, Callable[[Gate, GateEvent], Any]] = {
    EventKind.RECONFIGURATION: _reconfigure,
    EventKind.RESTART: lambda gate, event: gate.restart(event.time),
    EventKind.COMMAND: lambda gate, event: gate.on_command(event.time, event.values, event.age),
    EventKind.RISK: _risk,
    EventKind.COMMAND_RISK: _command_risk,
    EventKind.OBSERVATION: lambda gate, event: gate.on_observation(event.time, event.text),
    EventKind.EMERGENCY_STOP: lambda gate, event: gate.emergency_stop(event.time),
    EventKind.RESET: lambda gate, event: gate.reset(event.time),
    EventKind.ENABLE: lambda gate, event: gate.set_enabled(event.time, True),
    EventKind.DISABLE: lambda gate, event: gate.set_enabled(event.time, False),
}
