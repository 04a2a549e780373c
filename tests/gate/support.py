"""A gate in a world where everything is well, to be disturbed by the tests."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from alam_ros.gate import CommandLimits, Gate, GateConfig, GateDecision, Risk

LIMITS = CommandLimits(names=("linear.x", "angular.z"), low=(-0.3, -2.0), high=(0.7, 2.0))
PERIOD = 0.02
COMMAND = (0.4, -1.0)


def config(**changes: object) -> GateConfig:
    """Return a configuration with one sensor and one latched topic."""
    values: dict[str, object] = {"limits": LIMITS, "observation_timeout": {"scan": 0.3, "goal": None}, **changes}
    return GateConfig(**values)  # type: ignore[arg-type]


@dataclass
class World:
    """Feeds a gate at every step; the fields say what is well and what is not."""

    gate: Gate = field(default_factory=lambda: Gate(config()))
    now: float = 100.0
    stamp: float = 0.0
    command: tuple[float, ...] | None = COMMAND
    probability: float | None = 0.05
    cost_value: float = 0.0
    novelty: float = 0.0
    rest_probability: float = math.nan
    rest_cost_value: float = math.nan
    observation_age: float = 0.0
    sensors: tuple[str, ...] = ("scan", "goal")

    def feed(self) -> None:
        """Send one round of inputs; the risk's observation is a new one."""
        self.stamp += PERIOD
        for channel in self.sensors:
            self.gate.on_observation(self.now, channel)
        if self.probability is not None:
            self.gate.on_risk(self.now, self.risk())
        if self.command is not None:
            self.gate.on_command(self.now, self.command)

    def risk(self) -> Risk:
        """Return the present estimate; a NaN probability is one without calibration."""
        assert self.probability is not None
        return Risk(
            stamp=self.stamp,
            observation_age=self.observation_age,
            probability=self.probability,
            cost_value=self.cost_value,
            threshold=1.0,
            novelty=self.novelty,
            rest_probability=self.rest_probability,
            rest_cost_value=self.rest_cost_value,
        )

    def step(self) -> GateDecision:
        """Let one period pass, feed and tick."""
        self.now += PERIOD
        self.feed()
        return self.gate.tick(self.now)

    def run(self, seconds: float) -> list[GateDecision]:
        """Step for some time and return all decisions."""
        return [self.step() for _ in range(math.ceil(seconds / PERIOD))]
