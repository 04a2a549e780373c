"""Quaternions (x, y, z, w) → what of a rotation an observation needs."""

from __future__ import annotations

import math

from alam_ros.contract.samples import Quaternion, Vector3
from alam_ros.errors import ObservationError

UNIT_TOLERANCE = 0.1
"""How far the norm of an orientation's quaternion may be from 1: rounding, but not an orientation nobody filled in."""


def unit(orientation: Quaternion, source: str = "odometry") -> Quaternion:
    """Return the quaternion with norm 1.

    Raises:
        ObservationError: when its norm is far from 1, as in a message whose orientation was never filled in.
    """
    norm = math.hypot(*orientation)
    if not abs(norm - 1.0) <= UNIT_TOLERANCE:
        raise ObservationError(f"an orientation of norm 1 from {source}", f"{orientation}", "check its publisher")
    x, y, z, w = orientation
    return (x / norm, y / norm, z / norm, w / norm)


def yaw(orientation: Quaternion, source: str = "odometry") -> float:
    """Return the rotation about z, rad.

    Raises:
        ObservationError: when it is no unit quaternion.
    """
    x, y, z, w = unit(orientation, source)
    return math.atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))


def rotated(orientation: Quaternion, vector: Vector3) -> Vector3:
    """Return the vector turned by a unit quaternion: v + 2 w (q × v) + 2 q × (q × v)."""
    *axis, w = orientation
    across = _cross(axis, vector)
    twice = _cross(axis, across)
    a, b, c = (v + 2.0 * (w * first + second) for v, first, second in zip(vector, across, twice, strict=True))
    return (a, b, c)


def inverse(orientation: Quaternion) -> Quaternion:
    """Return the rotation back of a unit quaternion."""
    x, y, z, w = orientation
    return (-x, -y, -z, w)


def _cross(a: list[float] | Vector3, b: list[float] | Vector3) -> Vector3:
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
