"""The risk estimate as the gate needs it, and its judgement."""

from __future__ import annotations

import math
from dataclasses import dataclass

from alam_ros.gate.config import GateConfig, RiskThresholds
from alam_ros.gate.hold import Hold
from alam_ros.gate.watchdog import Watchdog


@dataclass(frozen=True, kw_only=True, slots=True)
class Risk:
    """One risk estimate.

    Attributes:
        stamp: of the observation it speaks of, s of the source's clock.
        observation_age: s from that stamp to the arrival of the estimate, as the receiver sees the source's clock.
        probability: of a violation, in [0, 1]; NaN without calibration.
        cost_value: expected discounted cost.
        threshold: the limit on `cost_value` that training enforced.
        novelty: distance of the observation from the training range; 0 inside.
        rest_probability, rest_cost_value: the same two if the robot were told to rest instead; NaN where the source does not say.
    """

    stamp: float
    observation_age: float = 0.0
    probability: float = math.nan
    cost_value: float
    threshold: float
    novelty: float
    rest_probability: float = math.nan
    rest_cost_value: float = math.nan

    def fault(self) -> str:
        """Say which number is not one, or return an empty string. A NaN probability means no calibration."""
        numbers = [(name, getattr(self, name)) for name in ("stamp", "observation_age", "cost_value", "threshold", "novelty")]
        bad = [f"{name} {value}" for name, value in numbers if not math.isfinite(value)]
        for name in ("probability", "rest_probability"):
            value = getattr(self, name)
            if not (math.isnan(value) or 0.0 <= value <= 1.0):
                bad.append(f"{name} {value}")
        if math.isinf(self.rest_cost_value):
            bad.append(f"rest_cost_value {self.rest_cost_value}")
        return ", ".join(bad)

    def rest_helps(self, benefit: float) -> bool:
        """Say whether rest has at most `benefit` of this risk; what is not known counts as yes."""
        if math.isnan(self.probability):
            return not self.rest_cost_value > benefit * self.cost_value
        return not self.rest_probability > benefit * self.probability

    def cost_ratio(self) -> float:
        """Return cost_value / threshold; infinite for any cost above a threshold of zero."""
        return cost_ratio(self.cost_value, self.threshold)


def cost_ratio(cost_value: float, threshold: float) -> float:
    """Return cost_value / threshold; infinite for any cost above a threshold of zero."""
    if threshold > 0.0:
        return cost_value / threshold
    return math.inf if cost_value > threshold else 0.0


class RiskJudge:
    """Watches the estimates' freshness and holds them against the thresholds, with hysteresis and hold time.

    A source without a calibration says NaN instead of a probability; from one that has said a number it is a fault.

    Attributes:
        last: the newest estimate; None before.
        fault: what is wrong with it; empty where nothing is.
    """

    def __init__(self, config: GateConfig) -> None:
        self.config = config
        self.watchdog = Watchdog(config.source_timeout)
        self.last: Risk | None = None
        self.fault = ""
        self._is_calibrated = False
        self.caution, self.danger, self.novelty = Hold(), Hold(), Hold()

    def take(self, now: float, risk: Risk) -> None:
        """Take an estimate. One whose observation is not newer than the last one's is no sign of life: its source is frozen."""
        if self.last is None or risk.stamp > self.last.stamp or not math.isfinite(self.last.stamp):
            self.watchdog.feed(now, age=risk.observation_age if math.isfinite(risk.observation_age) else 0.0)
        self.last, self.fault = risk, risk.fault()
        if math.isnan(risk.probability) and self._is_calibrated and not self.fault:
            self.fault = "probability nan, from a source that has a calibration"
        self._is_calibrated |= not math.isnan(risk.probability)

    def update(self, now: float) -> None:
        """Hold the last estimate against the thresholds. One with a fault changes nothing; the fault is a cause itself."""
        hold_time = self.config.hold_time
        if self.last is None or self.fault:
            for hold in (self.caution, self.danger, self.novelty):
                hold.update(now, hold.is_active, hold_time)
            return
        value, thresholds = self._measure(self.last)
        # Judged commands are answered by `CommandResponse`; these thresholds are for estimates of the state.
        helps = self.config.risk_source == "estimate" and self.last.rest_helps(self.config.rest_benefit)
        self.caution.update(now, helps and self.caution.exceeds(value, thresholds.caution), hold_time)
        self.danger.update(now, helps and self.danger.exceeds(value, thresholds.danger), hold_time)
        self.novelty.update(now, self.novelty.exceeds(self.last.novelty, self.config.novelty), hold_time)

    def is_rest_no_safer(self) -> bool:
        """Say whether the last estimate exceeds a threshold but rest would not help, so that it restricts nothing."""
        if self.last is None or self.fault or self.config.risk_source == "command":
            return False
        if self.last.rest_helps(self.config.rest_benefit):
            return False
        value, thresholds = self._measure(self.last)
        return value > thresholds.caution.trigger

    def explain_risk(self) -> str:
        """Return the last estimate's measure of risk and its thresholds in words."""
        if self.last is None:
            return "no estimate"
        value, thresholds = self._measure(self.last)
        level, threshold = ("danger", thresholds.danger) if self.danger.is_active else ("caution", thresholds.caution)
        name = "cost ratio" if math.isnan(self.last.probability) else "probability"
        return f"{name} {value:.3f} ({level} above {threshold.trigger:g}, released below {threshold.release:g})"

    def explain_novelty(self) -> str:
        """Return the last estimate's novelty and its thresholds in words."""
        threshold = self.config.novelty
        value = math.nan if self.last is None else self.last.novelty
        return f"novelty {value:.3f} (limit {threshold.trigger:g}, released below {threshold.release:g})"

    def forget(self) -> None:
        """Start without an estimate and without causes."""
        self.watchdog.forget()
        self.last, self.fault, self._is_calibrated = None, "", False
        self.caution, self.danger, self.novelty = Hold(), Hold(), Hold()

    def _measure(self, risk: Risk) -> tuple[float, RiskThresholds]:
        if math.isnan(risk.probability):
            return risk.cost_ratio(), self.config.cost_ratio
        return risk.probability, self.config.probability
