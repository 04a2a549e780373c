"""A scripted arm: it knows the column and the goal, plans around the one to the other, and keeps every link at its distance.

Resolved joint velocities (damped least squares) move the tool; velocity dampers, one for each link near something, slow its
approach down to nothing at the distance to be kept (Faverjon and Tournassoud 1987).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from alam_sim.arm_reach.arm import HIGH, LOW
from alam_sim.arm_reach.environment import ArmReachEnv

Vector = NDArray[np.float64]
REST = np.array([0.0, 0.3, 0.0, -1.6, 0.0, 1.1, 0.0])
TOOL_SPEED = 0.8
MARGIN = 0.03
HAND = 0.12
"""Room for the last links around the tool's path, m."""


def safe_action(env: ArmReachEnv) -> NDArray[np.float32]:
    """Return the normalised action that brings the tool nearer to its goal by a safe way."""
    assert env._world is not None
    arm = env._world.arm
    tool = np.array(arm.tool_pose().position)
    way = waypoint(env, tool, np.array(env._goal)) - tool
    speed = min(3.0 * float(np.linalg.norm(way)), TOOL_SPEED)
    positions = arm.joint_state().positions
    last = arm.joints[-1]
    jacobian = _jacobian(env, last, tool, positions)
    inverse = jacobian.T @ np.linalg.inv(jacobian @ jacobian.T + 1e-3 * np.eye(3))
    velocity = inverse @ (way / max(float(np.linalg.norm(way)), 1e-9) * speed)
    velocity += (np.eye(7) - inverse @ jacobian) @ (REST - positions)
    return env._codec.to_normalised(_damped(env, velocity, positions))


def waypoint(env: ArmReachEnv, tool: Vector, goal: Vector) -> Vector:
    """Return the goal, or where to go first if the column is between: over its top, or behind it on the side of the base."""
    column, config = env._column, env.config
    keep = column.radius + config.safety_distance + HAND
    bearing, distance = math.atan2(column.y, column.x), math.hypot(column.x, column.y)
    half = math.asin(min(keep / distance, 1.0))
    (from_bearing, from_distance), (to_bearing, to_distance) = (
        (math.atan2(p[1], p[0]), math.hypot(*p[:2])) for p in (tool, goal)
    )
    behind = max(distance - keep, 0.2)
    is_between = min(from_bearing, to_bearing) < bearing + half and max(from_bearing, to_bearing) > bearing - half
    if not is_between or max(from_distance, to_distance) < behind:
        return goal
    above = column.height + config.safety_distance + HAND
    if above < 0.8:
        if math.dist(tool[:2], goal[:2]) < 0.08:
            return goal
        return np.array([*(tool[:2] if tool[2] < above - 0.05 else goal[:2]), max(above, goal[2])])
    if from_distance <= behind + 0.03:
        from_bearing += float(np.clip(to_bearing - from_bearing, -0.3, 0.3))
    return np.array([behind * math.cos(from_bearing), behind * math.sin(from_bearing), max(tool[2], 0.45)])


def _damped(env: ArmReachEnv, velocity: Vector, positions: Vector) -> Vector:
    """Project joint velocities, by turns, onto what limits and distances allow."""
    dampers = _dampers(env, positions)
    fastest = np.minimum(env._codec.high, 3.0 * (HIGH - positions))
    slowest = np.maximum(env._codec.low, 3.0 * (LOW - positions))
    for _ in range(30):
        for direction, least in dampers:
            short = least - float(direction @ velocity)
            if short > 0:
                velocity = velocity + direction * short / float(direction @ direction)
        velocity = np.clip(velocity, slowest, fastest)
    return velocity


def _dampers(env: ArmReachEnv, positions: Vector) -> list[tuple[Vector, float]]:
    """Return rows a and bounds b: a · velocity ≥ b keeps a link's approach slow enough."""
    world, config = env._world, env.config
    assert world is not None
    found = []
    for body, keep, first in ((world._column, config.safety_distance, 0), (world._table, config.table_distance, 1)):
        for point in world.client.getClosestPoints(world.arm.body, body, 0.35):
            link, on_link, normal, gap = point[3], point[5], np.array(point[7]), point[8]
            if link < first:
                continue
            direction = normal @ _jacobian(env, link, np.array(on_link), positions)
            if direction @ direction > 1e-6:
                found.append((direction, -2.0 * (gap - keep - MARGIN)))
    return found


def _jacobian(env: ArmReachEnv, link: int, point: Vector, positions: Vector) -> Vector:
    """Return (3, 7): how joint velocities move the point (in the world) of a link."""
    assert env._world is not None
    client, body = env._world.client, env._world.arm.body
    state = client.getLinkState(body, link, computeForwardKinematics=1)
    local, _ = client.multiplyTransforms(*client.invertTransform(*state[:2]), point.tolist(), [0, 0, 0, 1])
    rest = [0.0] * len(positions)
    return np.array(client.calculateJacobian(body, link, local, positions.tolist(), rest, rest)[0])
