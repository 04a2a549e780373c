"""What came in, and which causes follow from it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alam_ros.errors import ContractError
from alam_ros.gate.command_risk import CommandRisk
from alam_ros.gate.config import GateConfig
from alam_ros.gate.hold import Hold
from alam_ros.gate.limiter import CommandLimiter
from alam_ros.gate.response import CommandResponse
from alam_ros.gate.risk import Risk, RiskJudge
from alam_ros.gate.watchdog import Watchdog

MISSING = ("observation_missing", "risk_missing", "command_missing")
HELD = ("observation_stale", "risk_stale", "command_stale", "non_finite", "out_of_limits")

# The first in force is what people are told, so what others follow from comes first. Without observations there is no risk, and
# without an estimate no action of the policy; but a judgement of commands needs a command that can be judged.
ORDER = {
    "estimate": (*MISSING, *HELD),
    "command": (
        *("observation_missing", "command_missing", "observation_stale", "command_stale"),
        *("non_finite", "out_of_limits", "risk_missing", "risk_stale"),
    ),
}


class Supervision:
    """Keeps the last inputs and, brought up to date by `update`, the causes that they give.

    A missing input is a cause until it comes; every other cause stays in force for the hold time after its condition has ended.
    """

    def __init__(self, config: GateConfig) -> None:
        self.config = config
        self.limiter = CommandLimiter(config.limits)
        self.command: NDArray[np.float64] | None = None
        self.command_watchdog = Watchdog(config.source_timeout)
        self.risk = RiskJudge(config)
        self.response = CommandResponse(config)
        self._observations = {name: Watchdog(timeout) for name, timeout in config.observation_timeout.items()}
        self._holds = {name: Hold() for name in HELD}
        self._conditions: dict[str, str] = {}
        self._command_fault: dict[str, str] = {}
        self._updated: float | None = None
        self._stopping: tuple[str, ...] | None = None

    def take_command(self, now: float, command: ArrayLike, age: float) -> None:
        """Take a command of any shape and content, and how old it was when it came, s."""
        self.command = np.array(command, dtype=np.float64)
        self._command_fault = self._fault_of(self.command)
        self.command_watchdog.feed(now, age=age)
        self._renew(now)

    def take_risk(self, now: float, risk: Risk) -> None:
        """Take a risk estimate of any content; where commands are judged themselves it counts for nothing."""
        if self.config.risk_source == "estimate":
            self.risk.take(now, risk)
            self._renew(now)

    def take_command_risk(self, now: float, risk: CommandRisk) -> None:
        """Take the judgement of a command; where the state is estimated it counts for nothing."""
        if self.config.risk_source == "command":
            self.response.take(risk)
            if not self.response.fault:
                self.risk.take(now, risk.as_risk())
            self._renew(now)

    def take_observation(self, now: float, channel: str) -> None:
        """Note data on a watched topic; `ContractError` for one that is not watched."""
        if channel not in self._observations:
            known = sorted(self._observations)
            raise ContractError(f"an observation among {known}", f"`{channel}`", "watch the configured ones only")
        self._observations[channel].feed(now)
        self._updated = None

    def forget(self) -> None:
        """Start without causes and without inputs, but for latched observations: they come once and stay valid."""
        for watchdog in self._watchdogs():
            if watchdog.timeout is not None:
                watchdog.forget()
        self.command, self._command_fault = None, {}
        self.risk.forget()
        self.response.forget()
        self._holds = {name: Hold() for name in HELD}
        self._updated = self._stopping = None

    def distrust(self, now: float) -> None:
        """Make everything that was heard stale."""
        for watchdog in self._watchdogs():
            watchdog.distrust()
        self.restart_holds(now)
        self._renew(now)

    def reconfigure(self, now: float, config: GateConfig) -> None:
        """Judge by other values of the same components and observations; hold times begin anew."""
        self.config = self.risk.config = self.response.config = config
        self.limiter = CommandLimiter(config.limits)
        self._command_fault = {} if self.command is None else self._fault_of(self.command)
        self.command_watchdog.timeout = self.risk.watchdog.timeout = config.source_timeout
        for name, timeout in config.observation_timeout.items():
            self._observations[name].timeout = timeout
        self.restart_holds(now)

    def restart_holds(self, now: float) -> None:
        """Begin the hold time of every cause anew."""
        self._updated = None
        for hold in (*self._holds.values(), self.risk.caution, self.risk.danger, self.risk.novelty, *self.response.holds):
            hold.restart(now)

    def update(self, now: float) -> None:
        """Bring every cause up to date, unless nothing came and no time passed since that was done."""
        if now != self._updated:
            self._renew(now)

    def _renew(self, now: float) -> None:
        """Bring every cause up to date. Done for every input, so that none is missed that comes and goes between two ticks."""
        self._updated, self._stopping = now, None
        self._conditions = {**self._silences(now), **self._faults()}
        for name, hold in self._holds.items():
            hold.update(now, name in self._conditions, self.config.hold_time)
        self.risk.update(now)
        self.response.update(now)

    def is_risk_high(self) -> bool:
        """Say whether a risk, of the state or of a command, restricts what passes."""
        return self.risk.caution.is_active or self.risk.danger.is_active or self.response.hold.is_active

    def restrictions(self) -> tuple[object, ...]:
        """Return all causes that restrict what passes, to be compared with those of another moment."""
        return (self.stopping(), self.risk.caution.is_active, self.risk.danger.is_active, self.response.hold.is_active)

    def explain_risk(self) -> str:
        """Return the risk that counts and its thresholds in words."""
        return self.response.explain() if self.config.risk_source == "command" else self.risk.explain_risk()

    def stopping(self) -> tuple[str, ...]:
        """Return the names of the causes in force that stop the robot whatever the estimated risk."""
        if self._stopping is None:
            active = {name for name in MISSING if name in self._conditions}
            active |= {name for name, hold in self._holds.items() if hold.is_active}
            found = (name for name in ORDER[self.config.risk_source] if name in active)
            self._stopping = (*found, *(("novelty_high",) if self.risk.novelty.is_active else ()))
        return self._stopping

    def is_command_usable(self) -> bool:
        """Say whether the last command is present, fresh, finite and of the right size, at this moment."""
        command = self.command
        if command is None or "command_stale" in self._conditions:
            return False
        return command.shape == (len(self.config.limits.names),) and bool(np.isfinite(command).all())

    def observation_age(self, now: float) -> float:
        """Return the seconds since the most silent of the topics with a timeout was heard; 0 when none is watched."""
        return max((watchdog.age(now) for watchdog in self._observations.values() if watchdog.timeout is not None), default=0.0)

    def explain(self, now: float, name: str) -> str:
        """Return one of the causes `stopping` names with its numbers."""
        if name == "novelty_high":
            return f"{name}: {self.risk.explain_novelty()}"
        if name in self._conditions:
            return f"{name}: {self._conditions[name]}"
        return f"{name}: ended {self._holds[name].calm_for(now):.2f} s ago, held for {self.config.hold_time:g} s"

    def _watchdogs(self) -> tuple[Watchdog, ...]:
        return (self.command_watchdog, self.risk.watchdog, *self._observations.values())

    def _silences(self, now: float) -> dict[str, str]:
        """Return what has not come or has ceased to come, with numbers."""
        found = {}
        for source, watchdog in (("command", self.command_watchdog), ("risk", self.risk.watchdog)):
            if watchdog.is_missing:
                found[f"{source}_missing"] = f"no {source} yet"
            elif watchdog.is_stale(now):
                found[f"{source}_stale"] = f"{source} {watchdog.describe(now)}"
        silent = [name for name, watchdog in self._observations.items() if watchdog.is_missing]
        if silent:
            found["observation_missing"] = f"no data yet on {', '.join(silent)}"
        stale = [f"{name} {watchdog.describe(now)}" for name, watchdog in self._observations.items() if watchdog.is_stale(now)]
        if stale:
            found["observation_stale"] = ", ".join(stale)
        return found

    def _faults(self) -> dict[str, str]:
        """Return what is wrong with the values of the last inputs."""
        fault = self.risk.fault or self.response.fault
        found = {"non_finite": f"risk estimate with {fault}"} if fault else {}
        return found | self._command_fault

    def _fault_of(self, command: NDArray[np.float64]) -> dict[str, str]:
        """Return what is wrong with a command."""
        if not np.isfinite(command).all():
            return {"non_finite": f"command {command.tolist()}"}
        violation = self.limiter.violation(command)
        return {"out_of_limits": f"command {violation}"} if violation else {}
