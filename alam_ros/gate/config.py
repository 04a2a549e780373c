"""What the gate is told once: timeouts, thresholds and limits, refused when they contradict one another."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from alam_ros.errors import ConfigurationError


@dataclass(frozen=True, kw_only=True)
class Hysteresis:
    """A cause begins above `trigger` and ends only below `release`, which is lower."""

    trigger: float
    release: float

    def __post_init__(self) -> None:
        """Refuse thresholds between which a value could flap."""
        if not (math.isfinite(self.trigger) and math.isfinite(self.release) and self.release < self.trigger):
            raise ConfigurationError(
                "a finite release threshold below its trigger",
                f"trigger {self.trigger}, release {self.release}",
                "lower the release threshold",
            )


@dataclass(frozen=True, kw_only=True)
class RiskThresholds:
    """Two levels of one measure of risk: beyond `caution` the gate slows down, beyond `danger` it stops."""

    caution: Hysteresis
    danger: Hysteresis

    def __post_init__(self) -> None:
        """Refuse a danger that begins before the caution."""
        if self.caution.trigger > self.danger.trigger or self.caution.release > self.danger.release:
            raise ConfigurationError(
                "caution thresholds not above the danger thresholds",
                f"{self.caution} and {self.danger}",
                "raise the danger thresholds",
            )


@dataclass(frozen=True, kw_only=True)
class CommandLimits:
    """What the robot takes, component by component.

    Attributes:
        names: of the components, for messages to people.
        low, high: limits in the components' units. Zero, the command of rest, lies between them. A component whose limits are
            both zero must not be commanded.
        slew: fastest growth of each component's magnitude, unit/s; None for no limit. Taking speed away is never delayed.
        tolerance: by which fraction of its range a component may exceed its limits and be scaled back; beyond it the gate stops.
    """

    names: tuple[str, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    slew: tuple[float, ...] | None = None
    tolerance: float = 0.01

    def __post_init__(self) -> None:
        """Refuse limits that do not fit one another or that exclude rest."""
        sizes = {len(self.names), len(self.low), len(self.high), len(self.slew or self.names)}
        if sizes == {0} or len(sizes) != 1:
            raise ConfigurationError(
                "a name, a low and a high limit (and a slew, if any) for each component", repr(self), "complete the limits"
            )
        for name, low, high in zip(self.names, self.low, self.high, strict=True):
            if not (math.isfinite(low) and math.isfinite(high) and low <= 0.0 <= high):
                raise ConfigurationError(
                    f"finite limits of `{name}` with zero, the command of rest, between them",
                    f"[{low}, {high}]",
                    "gate velocities or efforts, not positions, and correct the limits",
                )
        if self.slew is not None and not all(slew > 0.0 for slew in self.slew):
            raise ConfigurationError("slew limits above 0", repr(self.slew), "correct the slew limits")
        _require("tolerance", self.tolerance, 0.0, 0.5)

    def __str__(self) -> str:
        """Return the components' limits, for people."""
        slews = [f" by {slew:g}/s" for slew in self.slew] if self.slew is not None else [""] * len(self.names)
        rows = zip(self.names, self.low, self.high, slews, strict=True)
        return ", ".join(f"{name} [{low:g}, {high:g}]{slew}" for name, low, high, slew in rows)


@dataclass(frozen=True, kw_only=True)
class GateConfig:
    """Everything the gate decides by. Times are seconds of a steady clock.

    Attributes:
        limits: of the command.
        source_timeout: after which a command or a risk estimate is stale.
        observation_timeout: the same for each watched observation topic; None for a latched one, which only must have come once.
        stop_pub_timeout: after which a zero command that is still held is merely repeated (see `GateDecision.is_holding`).
        hold_time: a cause stays in force for so long after its condition has ended.
        probability: thresholds on the calibrated probability of a violation.
        cost_ratio: thresholds on cost_value / threshold, for estimates without a calibrated probability.
        novelty: threshold on the distance from the training range, beyond which no estimate is believed.
        rest_benefit: a high risk restricts the command only where rest has at most this share of its risk (docs/decisions/0004);
            infinite restricts always.
        risk_source: `estimate`: somebody tells the risk of the state, held against the thresholds above; `command`: every command
            is judged itself, held against those below.
        response: to a command whose own risk is not acceptable: `policy` acts in its place, `scale` to its largest acceptable
            fraction, `stop`, or `scale_or_policy`: scale, but the policy acts where not even rest is acceptable.
        acceptable_probability: of a violation, of a judged command.
        acceptable_cost_ratio: cost_value / threshold of a judged command, where there is no calibrated probability.
        slowdown_ratio: factor on all components in SLOW.
        escape_ratio: factor on commands that may pass although danger persists, once it alone has stopped the robot for
            `escape_delay`; 0 keeps the robot stopped.
        escape_delay: see `escape_ratio`.
        mode: `monitoring` judges and reports, but lets fresh finite commands pass.
    """

    limits: CommandLimits
    source_timeout: float = 0.5
    observation_timeout: Mapping[str, float | None] = field(default_factory=dict)
    stop_pub_timeout: float = 1.0
    hold_time: float = 0.5
    probability: RiskThresholds = RiskThresholds(
        caution=Hysteresis(trigger=0.2, release=0.1), danger=Hysteresis(trigger=0.5, release=0.35)
    )
    cost_ratio: RiskThresholds = RiskThresholds(
        caution=Hysteresis(trigger=1.0, release=0.9), danger=Hysteresis(trigger=2.0, release=1.8)
    )
    novelty: Hysteresis = Hysteresis(trigger=0.5, release=0.4)
    rest_benefit: float = 0.5
    risk_source: Literal["estimate", "command"] = "estimate"
    response: Literal["policy", "scale", "scale_or_policy", "stop"] = "policy"
    acceptable_probability: Hysteresis = Hysteresis(trigger=0.02, release=0.01)
    acceptable_cost_ratio: Hysteresis = Hysteresis(trigger=0.4, release=0.3)
    slowdown_ratio: float = 0.5
    escape_ratio: float = 0.0
    escape_delay: float = 2.0
    mode: Literal["enforcing", "monitoring"] = "enforcing"

    def __post_init__(self) -> None:
        """Refuse values without meaning."""
        timeouts = {
            f"observation_timeout[{name}]": value for name, value in self.observation_timeout.items() if value is not None
        }
        for name, value in {"source_timeout": self.source_timeout, **timeouts}.items():
            _require(name, value, 1e-3, 60.0)
        for name in ("stop_pub_timeout", "hold_time", "escape_delay"):
            _require(name, getattr(self, name), 0.0, 3600.0)
        _require("rest_benefit", self.rest_benefit, 0.0, math.inf)
        _require("slowdown_ratio", self.slowdown_ratio, 0.0, 1.0)
        _require("escape_ratio", self.escape_ratio, 0.0, 1.0)
        if self.escape_ratio > self.slowdown_ratio:
            found = f"{self.escape_ratio} and {self.slowdown_ratio}"
            raise ConfigurationError("`escape_ratio` at most `slowdown_ratio`", found, "lower `escape_ratio` first")
        _require("probability.caution.release", self.probability.caution.release, 0.0, 1.0)
        _require("probability.danger.trigger", self.probability.danger.trigger, 0.0, 1.0)
        _require("acceptable_probability.release", self.acceptable_probability.release, 0.0, 1.0)
        _require("acceptable_probability.trigger", self.acceptable_probability.trigger, 0.0, 1.0)
        _require("acceptable_cost_ratio.release", self.acceptable_cost_ratio.release, 0.0, math.inf)
        _require("novelty.release", self.novelty.release, 0.0, math.inf)
        _choose("mode", self.mode, ("enforcing", "monitoring"))
        _choose("risk_source", self.risk_source, ("estimate", "command"))
        _choose("response", self.response, ("policy", "scale", "scale_or_policy", "stop"))


def _require(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ConfigurationError(f"`{name}` from {low} to {high}", str(value), "correct its value")


def _choose(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ConfigurationError(f"`{name}` among {', '.join(known)}", repr(value), "correct it")
