"""The keep-out zone: a column that stands on the table."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from alam_ros.contract import ArraySample
from alam_sim.arm_reach.config import ArmReachConfig


@dataclass(frozen=True)
class Column:
    """An upright cylinder on the table: position of its axis in the base's frame, radius and height, m."""

    x: float
    y: float
    radius: float
    height: float

    @classmethod
    def draw(cls, config: ArmReachConfig, rng: np.random.Generator) -> Column:
        """Draw one within the configured limits."""
        distance, bearing, radius, height = (
            float(rng.uniform(*bounds))
            for bounds in (config.column_distance, config.column_bearing, config.column_radius, config.column_height)
        )
        return cls(distance * math.cos(bearing), distance * math.sin(bearing), radius, height)

    def sample(self) -> ArraySample:
        """Return it as the contract describes it: x, y, radius, height."""
        return ArraySample(np.array((self.x, self.y, self.radius, self.height), np.float32))
