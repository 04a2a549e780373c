"""What the adapters of other packages' tasks have in common: one vector seen, one vector commanded, our interface around them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from alam_ros.contract import ActionCodec, ArraySample, Contract, ObservationAssembler
from alam_ros.contract.finite import all_finite
from alam_ros.errors import SimulatorError
from alam_sim.array_contract import OBSERVATION_TOPIC, passes_through

SEEDS = 2**32  # what NumPy's legacy generators take, which the adapted tasks use

Outcome = tuple[NDArray[np.float64], float, float, bool, bool, dict[str, Any]]
"""What a step of an adapted task gives: observation, reward, cost, terminated, truncated, info."""


class ArrayEnvironment(gymnasium.Env[NDArray[np.float32], NDArray[np.float32]], ABC):
    """A task of another package, unchanged in physics, reward and cost.

    `info` holds what the task says, `cost` (its steps in violation), `violation` (their share of those the action was held for),
    `clearance` (how far the state is from a violation: negative in one, infinite where nothing costs; docs/simulators.md) and
    `samples` (topic → sample of this step).

    Args:
        contract: of this task. What has one channel that passes the whole array through is the task's own vector.
        steps_per_action: of the task; an action is held for all of them.
        libraries: package → version.
        render_mode: None or `rgb_array`.

    Attributes:
        contract: of this task.
        libraries: package → version of what a result depends on, to be recorded with it.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 30}  # noqa: RUF012 (Gymnasium declares it so)

    def __init__(
        self, *, contract: Contract, libraries: dict[str, str], render_mode: str | None, steps_per_action: int = 1
    ) -> None:
        self.contract = contract
        self._steps_per_action = steps_per_action
        self.libraries = libraries
        self.render_mode = render_mode
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (contract.observation_size,), np.float32)
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (contract.action_size,), np.float32)
        self._codec = ActionCodec(contract.action)
        self._assembler = None if passes_through(contract) else ObservationAssembler(contract)
        self._started = False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Start an episode; equal seeds give equal episodes whatever came before.

        Raises:
            SimulatorError: for a seed that the task's generator cannot take.
        """
        super().reset(seed=seed)
        if seed is None and not self._started:
            # Left alone, the task would draw from NumPy's global generator, which forked workers have in common.
            seed = int(self.np_random.integers(SEEDS))
        if seed is not None and not 0 <= seed < SEEDS:
            raise SimulatorError(f"a seed from 0 to {SEEDS - 1}", str(seed), "choose another seed")
        raw, info = self._begin(seed)
        self._started = True
        if self._assembler is not None:
            self._assembler.restart()
        return self._observe(raw, info, cost=0.0, violation=0.0)

    def step(self, action: NDArray[np.float32]) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Act for one control period.

        Args:
            action: (action_size,) in [-1, 1], scaled to the task's limits.

        Raises:
            SimulatorError: before the first `reset`, and when the simulation has diverged.
        """
        if not self._started:
            raise SimulatorError("a started episode", "step() before reset()", "call reset() first")
        physical = self._codec.to_physical(action)
        total_reward, total_cost, steps = 0.0, 0.0, 0
        ended = False
        while steps < self._steps_per_action and not ended:
            steps += 1
            raw, reward, cost, terminated, truncated, task_info = self._advance(physical)
            total_reward += float(reward)
            total_cost += float(cost)
            ended = terminated or truncated
        observation, info = self._observe(raw, task_info, cost=total_cost, violation=total_cost / steps)
        return observation, total_reward, bool(terminated), bool(truncated), info

    def render(self) -> NDArray[np.uint8] | None:
        """Return (height, width, 3) uint8 in `rgb_array` mode."""
        if self.render_mode != "rgb_array" or not self._started:
            return None
        return self._draw()

    @abstractmethod
    def _begin(self, seed: int | None) -> tuple[NDArray[np.float64], dict[str, Any]]:
        """Start an episode, with None the one that follows; return observation and info."""

    @abstractmethod
    def _advance(self, action: NDArray[np.float64]) -> Outcome:
        """Step the task by an action in its own units."""

    @abstractmethod
    def _clearance(self, info: dict[str, Any]) -> float:
        """Return how far the present state, whose info this is, is from a violation."""

    @abstractmethod
    def _draw(self) -> NDArray[np.uint8]:
        """Draw the present state."""

    def _observe(
        self, raw: NDArray[np.float64], info: dict[str, Any], **numbers: float
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        if not all_finite(raw):
            raise SimulatorError("finite observations", str(raw), "report the task, seed and actions: its physics diverged")
        observation = raw.astype(np.float32)
        sample = ArraySample(observation)
        if self._assembler is not None:
            self._assembler.update(OBSERVATION_TOPIC, sample)
            observation = self._assembler.advance()
        return observation, {
            **info,
            **numbers,
            "clearance": self._clearance(info),
            "samples": {OBSERVATION_TOPIC: sample},
        }
