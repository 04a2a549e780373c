"""Raw data as they come from a simulator or a ROS message, before the contract turns them into an observation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy import float32, float64
from numpy.typing import NDArray

Vector3 = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]


class _WithArrays:
    """Equality of samples that hold arrays: the same type and equal numbers."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        """Compare field by field."""
        if type(other) is not type(self):
            return NotImplemented
        return all(np.array_equal(getattr(self, field.name), getattr(other, field.name)) for field in fields(self))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, eq=False)
class LaserScanSample(_WithArrays):
    """One planar scan, as `sensor_msgs/LaserScan` (REP-117: +inf is no return, -inf is too near, NaN is no measurement).

    Attributes:
        ranges: (beams,) float32, m.
        angle_min: bearing of the first beam in the sensor frame, rad, counter-clockwise.
        angle_increment: between beams, rad.
        frame: of the sensor.
        range_min, range_max: what the sensor can measure, m.
    """

    ranges: NDArray[float32]
    angle_min: float
    angle_increment: float
    frame: str = "base_link"
    range_min: float = 0.0
    range_max: float = math.inf


@dataclass(frozen=True, slots=True)
class OdometrySample:
    """Pose in the odometry frame and twist in the body frame (REP-105), as `nav_msgs/Odometry`: m, rad, m/s, rad/s."""

    position: Vector3
    orientation: Quaternion
    linear: Vector3
    angular: Vector3
    frame: str = "odom"


@dataclass(frozen=True, slots=True)
class PoseSample:
    """A pose in a named frame, as `geometry_msgs/PoseStamped`: m and a quaternion (x, y, z, w)."""

    position: Vector3
    orientation: Quaternion
    frame: str


@dataclass(frozen=True, slots=True)
class PointSample:
    """A point in a named frame, as `geometry_msgs/PointStamped`: m."""

    position: Vector3
    frame: str


@dataclass(frozen=True, slots=True, eq=False)
class JointStateSample(_WithArrays):
    """Positions and velocities of joints, as `sensor_msgs/JointState`: rad and rad/s, or m and m/s.

    Attributes:
        names: of the joints.
        positions, velocities: (joints,) float64 in the order of `names`; empty where the source does not measure them.
    """

    names: tuple[str, ...]
    positions: NDArray[float64]
    velocities: NDArray[float64]


@dataclass(frozen=True, slots=True)
class ImuSample:
    """An inertial measurement in the sensor's frame, as `sensor_msgs/Imu`; None for what the sensor does not measure.

    Attributes:
        orientation: of the sensor in a frame whose z axis points up (REP-103), quaternion (x, y, z, w).
        angular_velocity: rad/s.
        linear_acceleration: m/s², gravity's reaction included: (0, 0, +9.81) at rest (REP-145).
        frame: of the sensor.
    """

    orientation: Quaternion | None
    angular_velocity: Vector3 | None
    linear_acceleration: Vector3 | None
    frame: str = "imu_link"


@dataclass(frozen=True, slots=True, eq=False)
class ArraySample(_WithArrays):
    """A plain vector, as `std_msgs/Float32MultiArray`."""

    data: NDArray[float32]


Sample = LaserScanSample | OdometrySample | PoseSample | PointSample | JointStateSample | ImuSample | ArraySample
Samples = Mapping[str, Sample]
"""The latest sample of each topic."""
SAMPLE_TYPES: dict[str, type[Sample]] = {
    "sensor_msgs/msg/LaserScan": LaserScanSample,
    "nav_msgs/msg/Odometry": OdometrySample,
    "geometry_msgs/msg/PoseStamped": PoseSample,
    "geometry_msgs/msg/PointStamped": PointSample,
    "sensor_msgs/msg/JointState": JointStateSample,
    "sensor_msgs/msg/Imu": ImuSample,
    "std_msgs/msg/Float32MultiArray": ArraySample,
}
"""ROS interface name → what its messages become."""
