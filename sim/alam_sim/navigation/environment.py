"""`alam/Navigation-v0` as a Gymnasium environment."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract import Contract, OdometrySample, PoseSample, Sample
from alam_ros.errors import SimulatorError
from alam_sim.bullet_environment import BulletEnvironment, configured
from alam_sim.navigation.config import NavigationConfig
from alam_sim.navigation.layout import Layout, Point
from alam_sim.navigation.robot import BODY_RADIUS
from alam_sim.navigation.world import World

PICTURE_SIZE = 480


class NavigationEnv(BulletEnvironment):
    """Drive to one goal after another; cost 1 in every step that ends nearer to an obstacle than the safety distance.

    Observations and actions are those of the contract: the samples the simulated sensors give pass through the same assembler as
    on a robot. `info` holds `cost` (0 or 1), `clearance` (m, gap between body and nearest obstacle), `goals_reached` and
    `samples` (topic → sample of this step).

    Args:
        config: geometry, dynamics and reward; keyword arguments of `gymnasium.make` override single numbers.
        contract: a `Contract`, or the path of its YAML.
        render_mode: None or `rgb_array`.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012 (Gymnasium declares it so)

    def __init__(
        self,
        config: NavigationConfig | None = None,
        contract: Contract | str | Path | None = None,
        render_mode: str | None = None,
        **overrides: Any,
    ) -> None:
        self.config = configured(NavigationConfig, config, overrides)
        super().__init__(contract, "navigation", render_mode)
        topics = {channel.name: channel.topic for channel in self.contract.observation}
        self._topics = {name: topics[name] for name in ("scan", "velocity", "goal")}
        self._scan_channel = next(channel for channel in self.contract.observation if channel.name == "scan")
        self._world: World | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Start an episode on a new map; equal seeds give equal maps and trajectories."""
        super().reset(seed=seed)
        self._layout = Layout(self.config, BODY_RADIUS, self.np_random)
        self._world = World(
            self._client,
            self.config,
            self._layout,
            self._scan_channel,
            self._codec.slew,
            is_visible=self.render_mode is not None,
        )
        self._time = 0.0
        self._goals_reached = 0
        self._set_goal(self._layout.start[:2])
        self._assembler.restart()
        odometry = self._world.robot.odometry()
        self._distance = self._goal_distance(odometry)
        return self._observe(odometry)

    def step(self, action: NDArray[np.float32]) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Drive for one control period.

        Args:
            action: (2,) in [-1, 1]: forward speed and turn rate, as the contract scales them.
        """
        if self._world is None:
            raise SimulatorError("a started episode", "step() before reset()", "call reset() first")
        period = self.contract.control_period
        self._world.step(self._codec.to_physical(action), self._time, period)
        self._time += period
        odometry = self._world.robot.odometry()
        distance = self._goal_distance(odometry)
        reward = self.config.progress_reward * (self._distance - distance)
        if distance < self.config.goal_radius:
            reward += self.config.goal_reward
            self._goals_reached += 1
            self._set_goal(odometry.position[:2])
            distance = self._goal_distance(odometry)
        self._distance = distance
        observation, info = self._observe(odometry)
        return observation, reward, False, False, info

    def render(self) -> NDArray[np.uint8] | None:
        """Return the arena from above, (480, 480, 3) uint8, in `rgb_array` mode."""
        if self.render_mode != "rgb_array" or self._world is None:
            return None
        self._world.show_goal(*self._goal)
        return self._world.picture(PICTURE_SIZE)

    def _observe(self, odometry: OdometrySample) -> tuple[NDArray[np.float32], dict[str, Any]]:
        assert self._world is not None
        obstacles = self._layout.obstacles(self._time)
        samples: dict[str, Sample] = {
            self._topics["velocity"]: odometry,
            self._topics["goal"]: PoseSample((*self._goal, 0.0), (0.0, 0.0, 0.0, 1.0), odometry.frame),
            self._topics["scan"]: self._world.scan(odometry, obstacles, self.np_random),
        }
        x, y, _ = odometry.position
        clearance = self._layout.clearance(x, y, obstacles)
        info = {
            "cost": float(clearance < self.config.safety_distance),
            "clearance": clearance,
            "goals_reached": self._goals_reached,
            "samples": samples,
        }
        return self._assembled(samples, self._time), info

    def _goal_distance(self, odometry: OdometrySample) -> float:
        return math.dist(odometry.position[:2], self._goal)

    def _set_goal(self, away_from: Point) -> None:
        self._goal = self._layout.free_point(self._time, away_from)
