"""`alam/ArmReach-v0` as a Gymnasium environment."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract import Contract, PointSample, PoseSample, Sample
from alam_ros.errors import SimulatorError
from alam_sim.arm_reach.arm import BASE_FRAME
from alam_sim.arm_reach.column import Column
from alam_sim.arm_reach.config import ArmReachConfig
from alam_sim.arm_reach.postures import Postures
from alam_sim.arm_reach.world import World
from alam_sim.bullet_environment import BulletEnvironment, configured

PICTURE_SIZE = 480


class ArmReachEnv(BulletEnvironment):
    """Move the tool to one goal after another; cost 1 in every step that ends with any link too near to the column or the table.

    `info` holds `cost` (0 or 1), `clearance` (m, signed: how far the nearest link is from a violation, negative within one),
    `goals_reached` and `samples` (topic → sample of this step).

    Args:
        config: geometry and reward; keyword arguments of `gymnasium.make` override single numbers.
        contract: a `Contract`, or the path of its YAML.
        render_mode: None or `rgb_array`.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 20}  # noqa: RUF012 (Gymnasium declares it so)

    def __init__(
        self,
        config: ArmReachConfig | None = None,
        contract: Contract | str | Path | None = None,
        render_mode: str | None = None,
        **overrides: Any,
    ) -> None:
        self.config = configured(ArmReachConfig, config, overrides)
        super().__init__(contract, "arm_reach", render_mode)
        topics = {channel.name: channel.topic for channel in self.contract.observation}
        self._topics = {name: topics[name] for name in ("joint_positions", "tool", "goal", "keep_out")}
        self._postures = Postures(self.config)
        self._world: World | None = None
        self._distance = math.nan

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Start an episode with a new column; equal seeds give equal columns, goals and trajectories."""
        super().reset(seed=seed)
        self._column = Column.draw(self.config, self.np_random)
        self._postures.place(self._column)
        posture, _ = self._postures.draw(self.np_random)
        self._world = World(
            self._client, self.config, column=self._column, posture=posture, is_visible=self.render_mode is not None
        )
        self._time = 0.0
        self._goals_reached = 0
        self._assembler.restart()
        tool = self._world.arm.tool_pose()
        self._set_goal(away_from=tool)
        return self._observe(self._world, tool)

    def step(self, action: NDArray[np.float32]) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Move for one control period.

        Args:
            action: (7,) in [-1, 1]: joint velocities, as the contract scales them.
        """
        if self._world is None:
            raise SimulatorError("a started episode", "step() before reset()", "call reset() first")
        period = self.contract.control_period
        self._world.step(self._codec.to_physical(action), self._codec.slew, period)
        self._time += period
        tool = self._world.arm.tool_pose()
        left = math.dist(tool.position, self._goal)
        reward = self.config.progress_reward * (self._distance - left)
        self._distance = left
        if left < self.config.goal_radius:
            reward += self.config.goal_reward
            self._goals_reached += 1
            self._set_goal(away_from=tool)
        observation, info = self._observe(self._world, tool)
        return observation, reward, False, False, info

    def render(self) -> NDArray[np.uint8] | None:
        """Return the arm, the column and the goal, (480, 480, 3) uint8, in `rgb_array` mode."""
        if self.render_mode != "rgb_array" or self._world is None:
            return None
        return self._world.picture(PICTURE_SIZE, self._goal, self.config.goal_radius)

    def close(self) -> None:
        """Release the PyBullet worlds."""
        self._postures.close()
        super().close()

    def _observe(self, world: World, tool: PoseSample) -> tuple[NDArray[np.float32], dict[str, Any]]:
        samples: dict[str, Sample] = {
            self._topics["joint_positions"]: world.arm.joint_state(),
            self._topics["tool"]: tool,
            self._topics["goal"]: PointSample(self._goal, BASE_FRAME),
            self._topics["keep_out"]: self._column.sample(),
        }
        clearance = world.clearance()
        info = {
            "cost": float(clearance < 0.0),
            "clearance": clearance,
            "goals_reached": self._goals_reached,
            "samples": samples,
        }
        return self._assembled(samples, self._time), info

    def _set_goal(self, away_from: PoseSample) -> None:
        _, self._goal = self._postures.draw(self.np_random, away_from.position)
        self._distance = math.dist(away_from.position, self._goal)
