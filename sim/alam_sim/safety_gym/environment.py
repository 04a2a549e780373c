"""A Safety-Gymnasium task as a Gymnasium environment with our interface."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from alam_ros.contract import ActionCodec, ArraySample
from alam_ros.errors import SimulatorError
from alam_sim.safety_gym.compatibility import libraries
from alam_sim.safety_gym.contract import OBSERVATION_TOPIC, actuators, array_contract
from alam_sim.safety_gym.offscreen import prepare_offscreen
from alam_sim.safety_gym.tasks import task_named

PICTURE_SIZE = 480
SEEDS = 2**32  # what the tasks' `numpy.random.RandomState` takes


class SafetyGymnasiumEnv(gymnasium.Env[NDArray[np.float32], NDArray[np.float32]]):
    """One of the tasks of Ji et al., Safety-Gymnasium (arXiv:2310.12567), unchanged in physics, reward and cost.

    `info` holds what the task says, `cost` (the benchmark's own, which is 0 or 1 in each of these tasks: several violations at
    once count once) and `samples` (topic → sample of this step).

    Args:
        task: as Safety-Gymnasium names it, e.g. `SafetyPointGoal1-v0`.
        render_mode: None or `rgb_array`; with the latter, resets take ten times longer.

    Attributes:
        contract: of this task; built from it.
        libraries: package → version, to be recorded with every result: MuJoCo's version changes the physics.

    Raises:
        SimulatorError: when the task is unknown, a package is absent or of a version that does not work, or pictures are asked
            for where none can be drawn.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 30}  # noqa: RUF012 (Gymnasium declares it so)

    def __init__(self, task: str, render_mode: str | None = None) -> None:
        self.libraries = libraries()
        if render_mode is not None:
            prepare_offscreen()
        self._source = task_named(task).build(render_mode=render_mode, picture_size=PICTURE_SIZE)
        self._environment = self._source.environment
        self.render_mode = render_mode
        self.contract = array_contract(
            name=task,
            control_period=self._source.control_period,
            observation_size=self._environment.observation_space.shape[0],
            components=actuators(self._source.model),
        )
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (self.contract.observation_size,), np.float32)
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (self.contract.action_size,), np.float32)
        self._codec = ActionCodec(self.contract.action)
        self._started = False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Start an episode; a seed gives the same episode as in Safety-Gymnasium itself.

        Raises:
            SimulatorError: for a seed that the task's generator cannot take.
        """
        super().reset(seed=seed)
        if seed is None and not self._started:
            # Left alone, the task would seed itself from NumPy's global generator, which forked workers have in common.
            seed = int(self.np_random.integers(SEEDS))
        if seed is not None and not 0 <= seed < SEEDS:
            raise SimulatorError(f"a seed from 0 to {SEEDS - 1}", str(seed), "choose another seed")
        raw, info = self._environment.reset(seed=seed)
        self._started = True
        return self._observe(raw, 0.0, info)

    def step(self, action: NDArray[np.float32]) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Act for one control period.

        Args:
            action: (action_size,) in [-1, 1], scaled to the actuators' limits.

        Raises:
            SimulatorError: before the first `reset`.
        """
        if not self._started:
            raise SimulatorError("a started episode", "step() before reset()", "call reset() first")
        raw, reward, cost, terminated, truncated, source_info = self._environment.step(self._codec.to_physical(action))
        observation, info = self._observe(raw, cost, source_info)
        return observation, float(reward), bool(terminated), bool(truncated), info

    def render(self) -> NDArray[np.uint8] | None:
        """Return (480, 480, 3) uint8 in `rgb_array` mode."""
        if self.render_mode != "rgb_array" or not self._started:
            return None
        picture: NDArray[np.uint8] = self._source.render()
        return picture

    def close(self) -> None:
        """Release the simulator and its graphics context."""
        self._source.close()

    def _observe(self, raw: NDArray[np.float64], cost: float, info: dict[str, Any]) -> tuple[NDArray[np.float32], dict[str, Any]]:
        observation = raw.astype(np.float32)
        return observation, {
            **info,
            "cost": float(cost),
            "samples": {OBSERVATION_TOPIC: ArraySample(observation)},
        }
