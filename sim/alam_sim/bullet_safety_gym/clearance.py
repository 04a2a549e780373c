"""How far the robot of a task is from what costs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

CEILING = 2.0
"""m; higher costs in Reach and Gather, so that a drone cannot fly over what it should avoid."""


def run_clearance(environment: Any) -> float:
    """Return the smaller of what is left to the lateral limit and to the speed limit, each as a share of its limit."""
    agent, lateral_limit = environment.agent, environment.task.y_lim
    lateral = abs(agent.get_position()[1])
    speed = np.linalg.norm(agent.get_linear_velocity()[:2])
    return float(min((lateral_limit - lateral) / lateral_limit, (agent.velocity_constraint - speed) / agent.velocity_constraint))


def circle_clearance(environment: Any) -> float:
    """Return the distance to the nearer of the two borders, m."""
    return float(environment.task.x_lim - abs(environment.agent.get_position()[0]))


def reach_clearance(environment: Any) -> float:
    """Return the gap to the nearest obstacle, or the height left, m."""
    position = environment.agent.get_position()
    gaps = [_gap(environment, position, obstacle) for obstacle in environment.obstacles]
    return float(min([CEILING - position[2], *gaps]))


def gather_clearance(environment: Any) -> float:
    """Return the distance to where the nearest bomb goes off, or the height left, m; a bomb that went off is gone."""
    position = environment.agent.get_position()
    bombs = [obstacle for obstacle in environment.obstacles if obstacle.name == "Bomb" and obstacle.is_visible]
    gaps = [_horizontal(position, bomb) - environment.task.detection_distance for bomb in bombs]
    return float(min([CEILING - position[2], *gaps]))


CLEARANCE: dict[str, Callable[[Any], float]] = {
    "Run": run_clearance,
    "Circle": circle_clearance,
    "Reach": reach_clearance,
    "Gather": gather_clearance,
}


def _gap(environment: Any, position: Any, obstacle: Any) -> float:
    """Return the gap whose end is a collision: between bodies where the obstacle is solid, else between circles."""
    if not obstacle.owns_collision_shape:
        return _horizontal(position, obstacle) - float(environment.agent.collision_radius + obstacle.radius)
    points = environment.bc.getClosestPoints(environment.agent.body_id, obstacle.body_id, distance=2 * environment.world.env_dim)
    return min((point[8] for point in points), default=math.inf)


def _horizontal(position: Any, obstacle: Any) -> float:
    x, y, _ = obstacle.get_position()
    return math.hypot(position[0] - x, position[1] - y)
