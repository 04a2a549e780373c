"""The gate over a recorded drive: told again what it was told, or, where that was not recorded, what it would have been told."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alam_ros.bags.reader import BagMessage
from alam_ros.contract import Contract
from alam_ros.errors import BagError, ConfigurationError
from alam_ros.gate import GateConfig
from alam_ros.onboard.command_judge import CommandJudge
from alam_ros.onboard.commands import CommandReader
from alam_ros.onboard.estimator import Estimate
from alam_ros.onboard.gate_session import RISK_NUMBERS, EventKind, GateEvent, GateSession, GateTick, configuration_in
from alam_ros.onboard.gate_settings import gate_config, topic_timeouts
from alam_ros.onboard.gated_action import GatedAction, gated_action
from alam_ros.onboard.risk_input import JUDGED, judged, risk_from
from alam_ros.onboard.stamps import SECOND_NS, StampScale, nanoseconds
from alam_ros.replay.policy_pass import Answer, PolicyPass
from alam_ros.replay.settings import NodeParameters

FOREIGN_CLOCK_S = 60.0
"""s between stamps and the recorder's clock from which they are two clocks rather than a delay."""


@dataclass(frozen=True, eq=False)
class GateRow:
    """One tick of the replayed gate.

    Attributes:
        received_ns: when it was, ns of the recorder's clock.
        stamp_ns: ROS time of the decision.
        asked: (components,) the command that the gate last took; None before the first.
        tick: what the gate did.
    """

    received_ns: int
    stamp_ns: int
    asked: NDArray[np.float64] | None
    tick: GateTick


@dataclass(frozen=True)
class GatePass:
    """All ticks of a drive.

    Attributes:
        rows: in their order.
        names: of the command's components.
        is_traced: whether times and inputs are those that the live gate had.
        notes: what makes the replay differ from the drive.
    """

    rows: list[GateRow]
    names: tuple[str, ...]
    is_traced: bool
    notes: list[str] = field(default_factory=list)

    @property
    def states(self) -> list[str]:
        """Return the name of the gate's state at each tick."""
        return [row.tick.decision.state.name for row in self.rows]


def replay_trace(entries: Iterator[BagMessage], policy: PolicyPass, parameters: NodeParameters) -> GatePass | None:
    """Tell a gate what the live one was told, when it was told, with the estimates of the replayed policy.

    Returns:
        None when the trace does not begin with the gate's configuration.

    Raises:
        BagError: when ticks are missing from the trace.
    """
    tracer = _Tracer({answer.estimate.stamp_ns: answer.estimate for answer in policy.answers}, parameters)
    for entry in entries:
        if not tracer.play(entry):
            return None
    tracer.date_by_the_gates_clock()
    return GatePass(tracer.rows, tracer.names, True, tracer.notes()) if tracer.rows else None


class _Tracer:
    """Plays the messages of a trace."""

    def __init__(self, estimates: Mapping[int, Estimate], parameters: NodeParameters) -> None:
        self._estimates = estimates
        self._parameters = parameters
        self._session: GateSession | None = None
        self._asked: NDArray[np.float64] | None = None
        self._next_tick = 0
        self._times_ns: list[int] = []
        self._dated = 0
        self.unknown = self.differing = self.judged = 0
        self.names: tuple[str, ...] = ()
        self.rows: list[GateRow] = []

    def play(self, entry: BagMessage) -> bool:
        """Play one message; False when the beginning is missing."""
        message = entry.message
        is_first = any(event.kind == EventKind.CONFIGURATION for event in message.events)
        if self._session is None and not is_first:
            return False
        if is_first or self._session is None:
            self.date_by_the_gates_clock()
            self._session, self._next_tick = GateSession(), int(message.tick)
        if message.tick != self._next_tick:
            raise BagError(f"tick {self._next_tick} of the gate's trace", f"tick {message.tick}", "replay with --no-trace")
        self._next_tick += 1
        stamp_ns = nanoseconds(message.header.stamp)
        for recorded in message.events:
            event = _event(recorded)
            if event.kind is EventKind.DECISION:
                before_ns = round((message.time - event.time) * SECOND_NS)
                tick = self._session.decide(event.time, lambda event=event: event.stamp_ns)  # type: ignore[misc]
                self._add(entry.received_ns - before_ns, event.stamp_ns or stamp_ns - before_ns, tick, event.time)
            else:
                self._tell(self._session, event)
        if message.is_active:
            self._add(entry.received_ns, stamp_ns, self._session.tick(message.time), message.time)
        return True

    def _add(self, received_ns: int, stamp_ns: int, tick: GateTick, now: float) -> None:
        self.rows.append(GateRow(received_ns, stamp_ns, self._asked, tick))
        self._times_ns.append(round(now * SECOND_NS))

    def date_by_the_gates_clock(self) -> None:
        """Move ticks that reached the recorder late to when they were, as far apart as by the gate's clock.

        A recorder that finds the trace late is sent all of its beginning at once. None took longer than any after it: what one
        is behind the gate's clock beyond a later one is delay.
        """
        ahead_ns = None
        for index in reversed(range(self._dated, len(self.rows))):
            found_ns = self.rows[index].received_ns - self._times_ns[index]
            ahead_ns = found_ns if ahead_ns is None else min(ahead_ns, found_ns)
            self.rows[index] = replace(self.rows[index], received_ns=self._times_ns[index] + ahead_ns)
        self._dated = len(self.rows)

    def notes(self) -> list[str]:
        """Return what was not as in the drive."""
        found = []
        if self.differing:
            found.append(
                f"{self.differing} replayed estimates differ from those of the drive, of which the gate was told; before the "
                "policy's histories are full they do, later only where its inputs were others than those recorded, or on another "
                "machine"
            )
        if self.unknown:
            found.append(
                f"{self.unknown} estimates that the gate took speak of observations the replayed policy did not answer; "
                "the gate was told the recorded ones"
            )
        if self.judged:
            found.append(
                f"the gate was told the {self.judged} recorded judgements of commands; the estimates are of the policy's own "
                "actions"
            )
        if self._parameters.is_given:
            found.append("the gate decided by the parameters given, not by those of the drive")
        return found

    def _tell(self, session: GateSession, event: GateEvent) -> None:
        self.judged += event.kind is EventKind.COMMAND_RISK
        if event.kind is EventKind.RISK:
            event = self._with_estimate(event)
        elif event.kind is EventKind.COMMAND:
            self._asked = np.array(event.values)
        elif event.kind is EventKind.RESTART:
            self._asked = None
        elif event.kind in (EventKind.CONFIGURATION, EventKind.RECONFIGURATION):
            config = configuration_in(event)
            self.names = config.limits.names
            if self._parameters.is_given:
                if event.kind is EventKind.RECONFIGURATION:
                    return
                event = self._as_given(event, config)
        session.take(event)

    def _as_given(self, event: GateEvent, drives: GateConfig) -> GateEvent:
        """Return the configuration that the given parameters make; refused where the trace lacks what they decide."""
        gate = self._parameters.gate
        given = gate_config(gate, drives.limits, drives.observation_timeout)
        has_slew = drives.limits.slew is not None
        for name, drive, replay in (
            ("risk_source", drives.risk_source, given.risk_source),
            ("limit_slew", has_slew, gate["limit_slew"]),
        ):
            if drive != replay:
                raise ConfigurationError(
                    f"parameters with `{name}: {drive}`, as the drive's",
                    f"`{replay}` (the default, where the file does not say)",
                    "set it, or replay with --no-trace",
                )
        return GateEvent.configuration(event.time, given, is_first=True)

    def _with_estimate(self, event: GateEvent) -> GateEvent:
        """Return the event with the numbers of the replayed policy; if it is the policy that drove, they are the same."""
        estimate = self._estimates.get(event.stamp_ns)
        if estimate is None:
            self.unknown += 1
            return event
        recorded = dict(zip(RISK_NUMBERS, event.values, strict=True))
        replayed = {name: float(getattr(estimate, name)) for name in JUDGED}
        if event.text == estimate.policy_id:
            self.differing += any(not _same(recorded[name], replayed[name]) for name in JUDGED)
            return event
        return replace(event, values=tuple((recorded | replayed).values()))


def _same(one: float, other: float) -> bool:
    """Compare bit by bit, so that NaN equals NaN."""
    return one.hex() == other.hex()


def replay_without_trace(
    policy: PolicyPass,
    commands: Iterator[BagMessage] | None,
    contract: Contract,
    parameters: NodeParameters,
    judge: CommandJudge | None = None,
) -> GatePass:
    """Tell a gate what it would have been told had it received everything when the recorder did.

    Args:
        policy: the replayed policy.
        commands: of the recorded commander; None where the policy's own actions are to be gated.
        contract: of the robot.
        parameters: of the gate.
        judge: of the commands, where the parameters say that the monitor judges them.

    Raises:
        BagError: when nothing was observed.
    """
    if not policy.arrivals:
        raise BagError("observations in the recording", "none", "record the contract's topics")
    given = parameters.gate
    gated = gated_action(contract.action, is_stamped=given["enable_stamped_cmd_vel"], limit_slew=given["limit_slew"])
    source, start_ns = _Inputs(policy, gated, contract), policy.arrivals[0][0]
    end_ns = policy.arrivals[-1][0]
    period_ns = round(SECOND_NS / parameters.gate["rate"])
    session, rows = GateSession(), []
    config = gate_config(parameters.gate, gated.limits, topic_timeouts(contract))
    session.take(GateEvent.configuration(0.0, config, is_first=True))
    session.take(GateEvent(EventKind.RESTART, 0.0))
    inputs = heapq.merge(source.all(start_ns), source.commands(commands, start_ns), key=lambda pair: pair[0])
    judging = _Judging(judge, policy)
    asked, pending = None, next(inputs, None)
    for now_ns in range(start_ns, end_ns + 1, period_ns):
        while pending is not None and pending[0] <= now_ns:
            asked = np.array(pending[1].values) if pending[1].kind is EventKind.COMMAND else asked
            session.take(pending[1])
            judging.follow(pending[1])
            pending = next(inputs, None)
        for event in judging.events(now_ns - source.offset_ns, (now_ns - start_ns) / SECOND_NS):
            session.take(event)
        rows.append(GateRow(now_ns, now_ns - source.offset_ns, asked, session.tick((now_ns - start_ns) / SECOND_NS)))
    return GatePass(rows, gated.limits.names, False, source.notes(is_own=commands is None))


class _Judging:
    """Judges the commands as the monitor does, right before each tick; without a judge there is nothing to tell."""

    def __init__(self, judge: CommandJudge | None, policy: PolicyPass) -> None:
        self._judge = judge
        self._answers = {answer.estimate.stamp_ns: answer for answer in policy.answers}
        self._ros_ahead_ns = 0

    def follow(self, event: GateEvent) -> None:
        """Take a command, or the observation that an estimate speaks of."""
        if self._judge is None:
            return
        if event.kind is EventKind.COMMAND:
            self._judge.command(np.array(event.values))
        elif event.kind is EventKind.RISK:
            answer = self._answers[event.stamp_ns]
            self._ros_ahead_ns = answer.ros_ns - answer.received_ns
            self._judge.observe(answer.tick.observation, event.stamp_ns, answer.tick.excess)

    def events(self, now_ns: int, now: float) -> Iterator[GateEvent]:
        """Yield what the gate is to be told about the last command, if anything is new.

        Args:
            now_ns: of the recorder's clock, without what it is ahead of stamps by another clock.
            now: s of the gate's clock.
        """
        judged = self._judge.judge(now_ns + self._ros_ahead_ns) if self._judge is not None else None
        if judged is not None:
            yield GateEvent.command_risk(now, judged.risk, judged.stamp_ns, judged.policy_id)


class _Inputs:
    """What the gate would have been told, with the recorder's times."""

    def __init__(self, policy: PolicyPass, gated: GatedAction, contract: Contract) -> None:
        self._policy, self._gated = policy, gated
        self._named = [component.name for component in contract.action.components]
        delays = [answer.ros_ns - answer.estimate.stamp_ns for answer in policy.answers]
        is_foreign = bool(delays) and abs(float(np.median(delays))) > FOREIGN_CLOCK_S * SECOND_NS
        self.offset_ns = min(delays) if is_foreign else 0

    def notes(self, *, is_own: bool) -> list[str]:
        """Return what is not as in the drive."""
        found = ["without a complete trace of the gate, it was told everything when the recorder received it"]
        if is_own:
            found.append("the policy's own actions were gated")
        if self.offset_ns:
            found.append("stamps and recorder have different clocks; the ages of estimates count from the quickest one")
        return found

    def all(self, start_ns: int) -> Iterator[tuple[int, GateEvent]]:
        """Yield arrivals of observations and of estimates in their order."""
        scale = StampScale()

        def seconds(now_ns: int) -> float:
            return (now_ns - start_ns) / SECOND_NS

        arrivals = ((at, GateEvent(EventKind.OBSERVATION, seconds(at), topic)) for at, topic in self._policy.arrivals)
        estimates = (
            (answer.received_ns, self._event(answer, seconds(answer.received_ns), scale)) for answer in self._policy.answers
        )
        yield from heapq.merge(arrivals, estimates, key=lambda pair: pair[0])

    def commands(self, recorded: Iterator[BagMessage] | None, start_ns: int) -> Iterator[tuple[int, GateEvent]]:
        """Yield the commander's commands, or the policy's."""
        if recorded is None:
            for answer in self._policy.answers:
                values = dict(zip(self._named, answer.estimate.action.tolist(), strict=True))
                command = np.array([values.get(name, 0.0) for name in self._gated.limits.names])
                now_ns = answer.received_ns
                yield now_ns, GateEvent.command((now_ns - start_ns) / SECOND_NS, command)
            return
        for entry in recorded:
            if entry.received_ns >= start_ns:
                reader = CommandReader(replace(self._gated.spec, type=entry.type))  # type: ignore[arg-type]
                now = (entry.received_ns - start_ns) / SECOND_NS
                yield entry.received_ns, GateEvent.command(now, reader.values(entry.message))

    def _event(self, answer: Answer, now: float, scale: StampScale) -> GateEvent:
        estimate = answer.estimate
        risk = risk_from(judged(estimate), estimate.stamp_ns, scale, answer.ros_ns - self.offset_ns)
        return GateEvent.risk(now, risk, estimate.stamp_ns, estimate.policy_id)


def _event(message: Any) -> GateEvent:
    try:
        kind = EventKind(int(message.kind))
    except ValueError as error:
        expected = "events of this version of alam_ros in the gate's trace"
        raise BagError(expected, str(error), "replay with --no-trace") from error
    return GateEvent(
        kind,
        float(message.time),
        message.text,
        int(message.stamp_ns),
        tuple(message.values.tolist()),
        float(getattr(message, "age", 0.0)),  # which recordings of earlier versions lack
    )
