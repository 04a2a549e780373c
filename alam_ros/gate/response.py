"""What becomes of a command whose own risk is too high."""

from __future__ import annotations

from dataclasses import dataclass

from alam_ros.gate.command_risk import FALLBACK, FRACTIONS, REST, CommandRisk
from alam_ros.gate.config import GateConfig, Hysteresis
from alam_ros.gate.decision import GateStatus
from alam_ros.gate.hold import Hold
from alam_ros.gate.limiter import NEGLIGIBLE


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate does to a command.

    Attributes:
        state: of the gate.
        ratio: the largest factor on the source's command; 0 where none of it passes.
    """

    state: GateStatus
    ratio: float


PRACTICALLY_REST = 0.02
"""Share of a component's limit that nobody means who drives."""
PASS, STOP = Verdict(GateStatus.PASS, 1.0), Verdict(GateStatus.STOP, 0.0)


class CommandResponse:
    """Holds the last command's risk against what is acceptable and answers as the configuration's `response` says.

    Attributes:
        last: what was judged last; None before.
        fault: what is wrong with it; empty where nothing is.
        hold: whether commands are answered rather than passed; it ends when their risk has been acceptable for the hold time.
        fallback: whether no part of them can pass, not even rest; it ends when some part has been acceptable for the hold time.
    """

    def __init__(self, config: GateConfig) -> None:
        self.config = config
        self.last: CommandRisk | None = None
        self.fault = ""
        self.hold, self.fallback = Hold(), Hold()

    @property
    def holds(self) -> tuple[Hold, Hold]:
        """Everything that ends a hold time after its condition."""
        return self.hold, self.fallback

    def take(self, risk: CommandRisk) -> None:
        """Take a judgement of any content."""
        self.last, self.fault = risk, risk.fault()

    def update(self, now: float) -> None:
        """Bring the holds up to date. A judgement with a fault changes nothing; the fault is a cause itself."""
        is_high, is_hopeless = (hold.is_active for hold in self.holds)
        if self.last is not None and not self.fault:
            is_high = self.hold.exceeds(self.last.measures()[0], self._acceptable(self.last))
            is_hopeless = self._scale(self.last) is None
        self.hold.update(now, is_high, self.config.hold_time)
        self.fallback.update(now, is_hopeless, self.config.hold_time)

    def verdict(self, command: tuple[float, ...]) -> Verdict:
        """Return what becomes of the present command; one that was not judged does not pass, and rest, once commanded, does."""
        if self.last is None or self.last.command != command:
            return STOP
        if not self.hold.is_active or not any(command):
            return PASS
        if self.config.response == "stop" or self._is_practically_rest(command):
            return STOP
        if self.config.response == "policy":
            return self._fall_back(self.last)
        scaled = self._scale(self.last)
        if self.config.response == "scale":
            return scaled or STOP
        # With a hold of its own: else the policy and the scaled command would take turns.
        return self._fall_back(self.last) if scaled is None or self.fallback.is_active else scaled

    def explain(self) -> str:
        """Return the last command's risk and what is acceptable in words."""
        if self.last is None:
            return "no command judged"
        name = "probability" if self.last.is_calibrated() else "cost ratio"
        measures, acceptable = self.last.measures(), self._acceptable(self.last)
        return (
            f"{name} {measures[0]:.3f} of the command, {measures[REST]:.3f} of rest, {measures[FALLBACK]:.3f} of the policy "
            f"(acceptable up to {acceptable.trigger:g}, again below {acceptable.release:g})"
        )

    def forget(self) -> None:
        """Start without a judgement."""
        self.last, self.fault, self.hold, self.fallback = None, "", Hold(), Hold()

    def _is_practically_rest(self, command: tuple[float, ...]) -> bool:
        """Say whether a command is what a joystick without a dead zone gives when it is let go of."""
        limits = self.config.limits
        return all(
            abs(value) <= max(PRACTICALLY_REST * max(-low, high), NEGLIGIBLE)
            for value, low, high in zip(command, limits.low, limits.high, strict=True)
        )

    def _acceptable(self, risk: CommandRisk) -> Hysteresis:
        return self.config.acceptable_probability if risk.is_calibrated() else self.config.acceptable_cost_ratio

    def _scale(self, risk: CommandRisk) -> Verdict | None:
        """Pass the largest fraction whose risk lies below the release threshold; None where that of rest does not."""
        limit = self._acceptable(risk).release
        ratio = next((fraction for fraction, value in zip(FRACTIONS, risk.measures(), strict=False) if value <= limit), None)
        if ratio is None:
            return None
        if ratio == 0.0:
            return STOP
        return PASS if ratio == 1.0 else Verdict(GateStatus.SLOW, ratio)

    def _fall_back(self, risk: CommandRisk) -> Verdict:
        """Let the policy act, unless that is too dangerous and rest has at most `rest_benefit` of its risk: then rest it is.

        Where rest has not, but the command has, nothing that could take the command's place is safer, and it passes. Of risks
        that are nearly alike the policy's is taken, because it is on its way out of them.
        """
        measures = risk.measures()
        much_safer = self.config.rest_benefit * measures[FALLBACK]
        if measures[FALLBACK] > self._acceptable(risk).trigger:
            if measures[REST] <= much_safer:
                return STOP
            if measures[0] <= much_safer:
                return PASS
        return Verdict(GateStatus.FALLBACK, 0.0)
