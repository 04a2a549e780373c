"""Safe postures at random: where episodes start, and what goals are made of, so that each can be reached safely."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract.samples import Vector3
from alam_ros.errors import SimulatorError
from alam_sim.arm_reach.arm import HIGH, LOW
from alam_sim.arm_reach.column import Column
from alam_sim.arm_reach.config import ArmReachConfig
from alam_sim.arm_reach.scene import Scene
from alam_sim.bullet import connect

ATTEMPTS = 2000
MARGIN = 0.2
"""Postures keep this far from the controller's position limits, rad."""


class Postures:
    """Draws postures in a world of its own, in which time stands still."""

    def __init__(self, config: ArmReachConfig) -> None:
        self._config = config
        self._client = connect()
        self._scene = Scene(self._client, config)

    def place(self, column: Column) -> None:
        """Make room for this column in what is drawn from now on."""
        self._scene.place(column)

    def draw(self, rng: np.random.Generator, away_from: Vector3 | None = None) -> tuple[NDArray[np.float64], Vector3]:
        """Draw a posture that has the start clearance and holds the tool where goals may be.

        Args:
            rng: of the episode.
            away_from: keep the tool `goal_spacing` from here, m.

        Returns:
            the joints' positions (7,), rad, and the tool's, m.

        Raises:
            SimulatorError: when none is found.
        """
        for _ in range(ATTEMPTS):
            posture = rng.uniform(LOW + MARGIN, HIGH - MARGIN)
            self._scene.arm.place(posture)
            tool = self._scene.arm.tool_pose().position
            is_apart = away_from is None or math.dist(tool, away_from) >= self._config.goal_spacing
            if is_apart and self._may_be_goal(tool) and self._scene.clearance() >= self._config.start_clearance:
                return posture, tool
        raise SimulatorError(
            "a safe posture among those the configuration allows",
            f"none in {ATTEMPTS} attempts",
            "widen `goal_distance`, `goal_bearing` and `goal_height`, or reduce `goal_spacing` or `start_clearance`",
        )

    def close(self) -> None:
        """Release the world."""
        self._client.disconnect()

    def _may_be_goal(self, tool: Vector3) -> bool:
        config, (x, y, z) = self._config, tool
        quantities = (math.hypot(x, y), math.atan2(y, x), z)
        ranges = (config.goal_distance, config.goal_bearing, config.goal_height)
        return all(low <= value <= high for value, (low, high) in zip(quantities, ranges, strict=True))
