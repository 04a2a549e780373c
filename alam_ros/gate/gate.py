"""The state machine between any commander and the robot.

Its rules: no data yet means STOP; stale, non-finite or out-of-limit input means STOP with its cause; causes begin at once and end
slowly; the most restrictive cause wins; all components are scaled by one factor; nothing that time does can open the gate.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alam_ros.errors import ConfigurationError
from alam_ros.gate.command_risk import CommandRisk
from alam_ros.gate.config import GateConfig
from alam_ros.gate.decision import Causes, GateDecision, GateStatus
from alam_ros.gate.response import PASS, Verdict
from alam_ros.gate.risk import Risk
from alam_ros.gate.supervision import Supervision
from alam_ros.gate.time_guard import TimeGuard

_HELD = {
    GateStatus.EMERGENCY_STOP: ("estop_latched", "zero is commanded until a reset is accepted"),
    GateStatus.INACTIVE: ("disabled", "zero is commanded until the gate is enabled again"),
}
"""States that a person has asked for, with cause and sentence; what else would stop the robot is told after them."""


class Gate:
    """Decides at every `tick` what the robot is told, from what came between the ticks.

    Times are seconds of a steady clock, the same for all methods. No method raises for what a source sent or for what the clock
    does. A new gate commands zero until a command, a risk estimate and every watched observation have arrived.
    """

    def __init__(self, config: GateConfig) -> None:
        self._config = config
        self._inputs = Supervision(config)
        self._time = TimeGuard()
        self._is_latched = False
        self._is_enabled = True
        self._sent: NDArray[np.float64] = np.zeros(len(config.limits.names))
        self._zero_since: float | None = None
        self._only_danger_since: float | None = None
        self._decided_by: object = None
        self._caused_by: object = None
        self._last_causes = Causes()

    @property
    def is_latched(self) -> bool:
        """Whether an emergency stop waits for its reset."""
        return self._is_latched

    def restart(self, now: float) -> None:
        """Forget all inputs but latched observations, as at the activation of a node. An emergency stop stays latched."""
        self._inputs.forget()
        self._time.forget()
        self._sent = np.zeros_like(self._sent)
        self._zero_since = self._only_danger_since = None
        self._enter(now)

    def on_command(self, now: float, command: ArrayLike, age: float = 0.0) -> None:
        """Take a command, (components,) in physical units, from whoever commands.

        Args:
            now: s of the steady clock.
            command: (components,) in physical units; anything else is a cause to stop.
            age: s from the command's own stamp to its arrival, as the receiver sees the commander's clock; 0 without a stamp.
        """
        self._inputs.take_command(self._enter(now), command, age)

    def on_risk(self, now: float, risk: Risk) -> None:
        """Take a risk estimate."""
        self._inputs.take_risk(self._enter(now), risk)

    def on_command_risk(self, now: float, risk: CommandRisk) -> None:
        """Take the judgement of the last command, where the configuration's `risk_source` is `command`."""
        self._inputs.take_command_risk(self._enter(now), risk)

    def on_observation(self, now: float, channel: str) -> None:
        """Note data on a watched observation topic.

        Raises:
            ContractError: for one that `GateConfig.observation_timeout` does not name.
        """
        self._inputs.take_observation(self._enter(now), channel)

    def emergency_stop(self, now: float) -> None:
        """Latch an emergency stop."""
        self._enter(now)
        self._is_latched = True

    def reset(self, now: float) -> str | None:
        """Release the emergency stop.

        Returns:
            None when nothing is latched any more, otherwise why it stays: what would stop the robot anyway.
        """
        now = self._enter(now)
        self._inputs.update(now)
        state = self._resolve(now, is_latched=False).state
        can_escape = self._is_enabled and self._is_danger_alone() and self._config.escape_ratio > 0.0  # whose delay begins now
        if self._is_latched and state in (GateStatus.STOP, GateStatus.INACTIVE) and not can_escape:
            return self._explain(now, state, self._deciding_cause(state))
        self._is_latched = False
        return None

    def set_enabled(self, now: float, enabled: bool) -> None:
        """Switch commands off (zero is sent, visibly) or on again; they never go past the gate."""
        self._enter(now)
        self._is_enabled = enabled

    def reconfigure(self, now: float, config: GateConfig) -> None:
        """Decide by other values from now on; hold times begin anew.

        Raises:
            ConfigurationError: when the components, the watched observations or the source of risk would change.
        """
        before, after = (
            (known.limits.names, set(known.observation_timeout), known.risk_source) for known in (self._config, config)
        )
        if before != after:
            raise ConfigurationError(
                f"components, observations and source of risk {before}", repr(after), "make a new gate for another robot"
            )
        self._config = config
        self._inputs.reconfigure(self._enter(now), config)

    def has_turned(self) -> bool:
        """Say whether, since the last tick, a cause came or went that restricts commands."""
        return self._decided_by != self._inputs.restrictions()

    def tick(self, now: float) -> GateDecision:
        """Decide what the robot is told now."""
        now = self._enter(now)
        self._inputs.update(now)
        self._decided_by = self._inputs.restrictions()
        elapsed = self._time.tick()
        verdict = self._resolve(now, is_latched=self._is_latched)
        command, scale = self._output(verdict, elapsed)
        is_passed = command is not None
        if command is None and verdict.state is GateStatus.FALLBACK and self._config.mode == "enforcing":
            command = self._fallback(elapsed)
        self._note_sent(now, command)
        risk = self._inputs.risk.last
        cause = self._deciding_cause(verdict.state)
        return GateDecision(
            state=verdict.state,
            command=self._sent.copy(),
            is_passed=is_passed,
            is_holding=self._zero_since is not None and now - self._zero_since >= self._config.stop_pub_timeout,
            causes=self._causes(),
            scale=scale,
            command_age=self._inputs.command_watchdog.age(now),
            risk_age=self._inputs.risk.watchdog.age(now),
            observation_age=self._inputs.observation_age(now),
            probability=math.nan if risk is None else risk.probability,
            novelty=math.nan if risk is None else risk.novelty,
            cause=cause,
            detail=self._explain(now, verdict.state, cause),
        )

    def _enter(self, now: float) -> float:
        """Return the time to go on with; when it does not continue the past, make all that was heard stale."""
        is_continuous = self._time.admit(now)
        time = self._time.latest
        if not is_continuous:
            self._inputs.distrust(time)
            self._only_danger_since = None
            self._zero_since = None if self._zero_since is None else time
        return time

    def _resolve(self, now: float, *, is_latched: bool) -> Verdict:
        """Return the state that the most restrictive cause demands, and the largest factor that it allows."""
        may_escape = self._may_escape(now)
        risk = self._inputs.risk
        if is_latched:
            return Verdict(GateStatus.EMERGENCY_STOP, 0.0)
        if not self._is_enabled:
            return Verdict(GateStatus.INACTIVE, 0.0)
        if self._inputs.stopping() or (risk.danger.is_active and not may_escape):
            return Verdict(GateStatus.STOP, 0.0)
        return self._risk_verdict()

    def _risk_verdict(self) -> Verdict:
        """Return what the risk demands where nothing else stops the robot and danger, if any, may be escaped."""
        risk, command = self._inputs.risk, self._inputs.command
        if self._config.risk_source == "command" and command is not None:
            return self._inputs.response.verdict(tuple(command.tolist()))
        if risk.danger.is_active:
            return Verdict(GateStatus.SLOW, self._config.escape_ratio)
        if risk.caution.is_active:
            return Verdict(GateStatus.SLOW, self._config.slowdown_ratio)
        return PASS

    def _is_danger_alone(self) -> bool:
        """Say whether danger is in force and no other cause that the inputs give."""
        return self._inputs.risk.danger.is_active and not self._inputs.stopping()

    def _may_escape(self, now: float) -> bool:
        """Say whether danger has been the only reason to stop for long enough to let the robot creep out of it."""
        if self._is_latched or not self._is_enabled or not self._is_danger_alone():
            self._only_danger_since = None
            return False
        if self._only_danger_since is None:
            self._only_danger_since = now
        return self._config.escape_ratio > 0.0 and now - self._only_danger_since >= self._config.escape_delay

    def _output(self, verdict: Verdict, elapsed: float) -> tuple[NDArray[np.float64] | None, float]:
        """Return the source's command as it may go out and the factor applied, or None where nothing of it is to be sent."""
        command = self._inputs.command
        if self._config.mode == "monitoring":
            # What people switched off stays off, and a commander that died is not kept alive by repeating its last command.
            is_wanted = self._is_enabled and not self._is_latched and self._inputs.is_command_usable()
            return (command, 1.0) if is_wanted else (None, 0.0)
        if command is None or verdict.ratio == 0.0:
            return None, 0.0
        return self._inputs.limiter.apply(command, verdict.ratio, self._sent, elapsed)

    def _fallback(self, elapsed: float) -> NDArray[np.float64] | None:
        """Return the policy's action within limits and slew, or None where it is none."""
        judged = self._inputs.response.last
        action = np.array(() if judged is None else judged.fallback)
        if action.shape != self._sent.shape or not np.isfinite(action).all() or self._inputs.limiter.violation(action):
            return None
        return self._inputs.limiter.apply(action, 1.0, self._sent, elapsed)[0]

    def _note_sent(self, now: float, command: NDArray[np.float64] | None) -> None:
        if command is not None:
            self._sent, self._zero_since = command, None
            return
        self._sent = np.zeros_like(self._sent)
        self._zero_since = now if self._zero_since is None else self._zero_since

    def _causes(self) -> Causes:
        """Return the causes in force; mostly those of the tick before."""
        others = (
            self._inputs.is_risk_high(),
            self._inputs.risk.is_rest_no_safer(),
            self._is_latched,
            not self._is_enabled,
            self._config.mode == "monitoring",
        )
        found = (self._inputs.stopping(), others)
        if found != self._caused_by:
            names = ("risk_high", "rest_no_safer", "estop_latched", "disabled", "monitoring_only")
            self._caused_by = found
            self._last_causes = Causes(**dict.fromkeys(found[0], True), **dict(zip(names, others, strict=True)))
        return self._last_causes

    def _deciding_cause(self, state: GateStatus) -> str:
        """Return the name of the cause that a state follows from; empty where none does."""
        stopping = self._inputs.stopping()
        if state in _HELD:
            return _HELD[state][0]
        if stopping:
            return stopping[0]
        if state is GateStatus.PASS and self._inputs.risk.is_rest_no_safer():
            return "rest_no_safer"
        return "risk_high" if self._inputs.is_risk_high() else ""

    def _explain(self, now: float, state: GateStatus, cause: str) -> str:
        """Return one sentence about the deciding cause, which may be none."""
        stopping = self._inputs.stopping()
        if state in _HELD:
            return "; ".join((": ".join(_HELD[state]), *(self._inputs.explain(now, other) for other in stopping[:1])))
        suffix = ""
        if self._config.mode == "monitoring":
            passes = "commands pass" if self._inputs.is_command_usable() else "but there is no command to pass"
            suffix = f" (monitoring only: {passes})"
        if stopping:
            return self._inputs.explain(now, cause) + suffix
        return self._explain_risk(state, cause) + suffix

    def _explain_risk(self, state: GateStatus, cause: str) -> str:
        """Return one sentence about the risk where nothing else decides."""
        if cause:
            but = ", but rest would not lower it enough" if cause == "rest_no_safer" else ""
            return f"{cause}: {self._inputs.explain_risk()}{but}"
        if state is GateStatus.PASS:
            return "all inputs are fresh and within their thresholds"
        return "the last command is not judged yet"
