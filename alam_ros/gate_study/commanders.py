"""Who drives: the policy itself, another policy, or somebody careless."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract import ActionCodec, Contract
from alam_ros.errors import ConfigurationError
from alam_ros.runtime import PolicyRuntime

NAMES = ("policy", "straight", "joystick", "erratic")
"""Commanders by name; anything else is the path of a policy file."""

TURN_GAIN = 1.5
"""Share of the greatest turn rate for each rad between heading and goal."""
REACTION_STEPS = 5
"""Control periods after which a person with a joystick looks up again."""
STUCK_STEPS = 10
"""Control periods without motion after which such a person tries another way: back, then aside."""
STILL = 0.05
"""Share of the speed range below which the robot does not move."""
PERSISTENCE, SHARE = 0.95, 0.7
"""Of the erratic commander's noise: its autocorrelation over one period, and its share of the command."""

Array = NDArray[np.float64]


class Commander(Protocol):
    """Commands in physical units; one object for each drive."""

    def command(self, observation: NDArray[np.float32]) -> Array:
        """Return (action_size,) for a normalised observation."""
        ...


class PolicyCommander:
    """A policy's deterministic actions."""

    def __init__(self, runtime: PolicyRuntime) -> None:
        self._runtime = runtime
        self._codec = ActionCodec(runtime.contract.action)

    def command(self, observation: NDArray[np.float32]) -> Array:
        """Return what the policy does."""
        return self._codec.to_physical(self._runtime.act(observation))


class Erratic:
    """The policy's actions, mixed with slowly wandering nonsense."""

    def __init__(self, runtime: PolicyRuntime, rng: np.random.Generator) -> None:
        self._runtime, self._rng = runtime, rng
        self._codec = ActionCodec(runtime.contract.action)
        self._noise = rng.normal(size=runtime.contract.action_size)

    def command(self, observation: NDArray[np.float32]) -> Array:
        """Return the mixture."""
        fresh = self._rng.normal(size=self._noise.size)
        self._noise = PERSISTENCE * self._noise + math.sqrt(1.0 - PERSISTENCE**2) * fresh
        return self._codec.to_physical((1.0 - SHARE) * self._runtime.act(observation) + SHARE * self._noise)


class Straight:
    """Turns to the goal and drives to it at full speed, whatever lies in between."""

    def __init__(self, contract: Contract) -> None:
        self._places = _Places(contract)
        self._codec = ActionCodec(contract.action)

    def command(self, observation: NDArray[np.float32]) -> Array:
        """Return forward speed and turn rate."""
        bearing = self._places.bearing(observation)
        return self._drive(max(math.cos(bearing), 0.0), TURN_GAIN * bearing)

    def _drive(self, forward: float, turn: float) -> Array:
        """Return the command of these shares of the greatest forward speed and turn rate."""
        shares = np.zeros(2)
        shares[self._places.forward], shares[self._places.turn] = np.clip((forward, turn), -1.0, 1.0)
        return np.where(shares >= 0.0, shares * self._codec.high, -shares * self._codec.low)


class Joystick(Straight):
    """As careless, but a person: looks up now and then, and backs off and turns aside when the robot does not move."""

    def __init__(self, contract: Contract, rng: np.random.Generator) -> None:
        super().__init__(contract)
        self._rng = rng
        self._held: NDArray[np.float64] = np.zeros(2)
        self._step = self._still = 0
        self._manoeuvre: list[Array] = []

    def command(self, observation: NDArray[np.float32]) -> Array:
        """Return what the stick says."""
        self._still = self._still + 1 if abs(self._places.speed(observation)) < STILL else 0
        if not self._manoeuvre and self._still >= STUCK_STEPS:
            self._still, side = 0, float(self._rng.choice((-1.0, 1.0)))
            parts = ((8, -0.6, 0.5 * side), (8, 0.2, side), (8, 0.8, 0.0))
            self._manoeuvre = [self._drive(forward, turn) for steps, forward, turn in parts for _ in range(steps)]
        if self._manoeuvre:
            return self._manoeuvre.pop(0)
        if self._step % REACTION_STEPS == 0:
            self._held = super().command(observation)
        self._step += 1
        return self._held


def make_commander(name: str, runtime: PolicyRuntime, rng: np.random.Generator) -> Commander:
    """Return a commander for one drive.

    Args:
        name: one of `NAMES`, or the path of a policy file.
        runtime: the policy whose robot is driven.
        rng: of the drive.

    Raises:
        AlamError: for a commander that cannot drive this robot.
    """
    if name == "policy":
        return PolicyCommander(runtime)
    if name == "straight":
        return Straight(runtime.contract)
    if name == "joystick":
        return Joystick(runtime.contract, rng)
    if name == "erratic":
        return Erratic(runtime, rng)
    other = PolicyRuntime.load(Path(name))
    differences = runtime.contract.differences(other.contract)
    if differences:
        raise ConfigurationError("a commander of the same robot", "; ".join(differences), "take a policy of this task")
    return PolicyCommander(other)


class _Places:
    """Where the observation says what a driver needs, and which component is which."""

    def __init__(self, contract: Contract) -> None:
        names = [component.name for component in contract.action.components]
        offsets = dict.fromkeys(("goal_polar", "twist"), -1)
        offset = 0
        for channel in contract.observation:
            if channel.field in offsets:
                offsets[channel.field] = offset
            offset += channel.size * channel.history
        if sorted(names) != ["angular.z", "linear.x"] or min(offsets.values()) < 0:
            raise ConfigurationError(
                "a base with linear.x and angular.z that sees `goal_polar` and `twist`",
                f"the contract `{contract.name}`",
                "take the commander `erratic` or another policy file",
            )
        self.forward, self.turn = names.index("linear.x"), names.index("angular.z")
        self._goal, self._twist = offsets["goal_polar"], offsets["twist"]

    def bearing(self, observation: NDArray[np.float32]) -> float:
        """Return the goal's bearing, rad."""
        _, cosine, sine = observation[self._goal : self._goal + 3]
        return math.atan2(float(sine), float(cosine))

    def speed(self, observation: NDArray[np.float32]) -> float:
        """Return the forward speed in [-1, 1]."""
        return float(observation[self._twist])
