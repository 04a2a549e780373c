"""Samples → the elements of one channel. One small class for each kind of channel, chosen by message type and field."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract.extractor import Extractor, ExtractorType, check_common_frame
from alam_ros.contract.inertial import AngularVelocity, Gravity, LinearAcceleration, Orientation
from alam_ros.contract.joints import JointPositions, JointVelocities
from alam_ros.contract.points import GoalDirection, Position
from alam_ros.contract.rotation import yaw
from alam_ros.contract.samples import ArraySample, OdometrySample, PointSample, PoseSample, Samples
from alam_ros.contract.scans import ScanSectors
from alam_ros.errors import ObservationError


class BodyTwist(Extractor):
    """`Odometry` → components of its twist, m/s and rad/s in the body frame (REP-103, REP-105).

    Attributes:
        components: which of (linear x, y, z, angular x, y, z).
    """

    components: ClassVar[tuple[int, ...]]

    def __call__(self, samples: Samples) -> NDArray[np.float64]:
        """Return the components."""
        odometry = samples[self._channel.topic]
        assert isinstance(odometry, OdometrySample)
        twist = (*odometry.linear, *odometry.angular)
        return np.array([twist[index] for index in self.components])


class PlanarTwist(BodyTwist):
    """`Odometry` → (forward speed m/s, turn rate rad/s)."""

    size, components = 2, (0, 5)


class HolonomicTwist(BodyTwist):
    """`Odometry` → (forward speed m/s, speed to the left m/s, turn rate rad/s), of a base that can move sideways."""

    size, components = 3, (0, 1, 5)


class LinearVelocity(BodyTwist):
    """`Odometry` → velocity along x, y, z, m/s."""

    size, components = 3, (0, 1, 2)


class TurnRates(BodyTwist):
    """`Odometry` → angular velocity about x, y, z, rad/s."""

    size, components = 3, (3, 4, 5)


class GoalPolar(Extractor):
    """`PoseStamped` or `PointStamped` seen from the robot → (distance m, cosine and sine of the bearing)."""

    size: ClassVar[int | None] = 3
    reference_type: ClassVar[str] = "nav_msgs/msg/Odometry"

    def __call__(self, samples: Samples) -> NDArray[np.float64]:
        """Return distance and bearing of the goal in the body frame."""
        goal, base = samples[self._channel.topic], samples[self._channel.reference_topic]
        assert isinstance(goal, (PointSample, PoseSample))
        assert isinstance(base, OdometrySample)
        check_common_frame(goal, base)
        dx, dy = goal.position[0] - base.position[0], goal.position[1] - base.position[1]
        bearing = math.atan2(dy, dx) - yaw(base.orientation)
        return np.array((math.hypot(dx, dy), math.cos(bearing), math.sin(bearing)))


class PlainArray(Extractor):
    """`Float32MultiArray` → the channel's part of its data."""

    options: ClassVar[frozenset[str]] = frozenset({"first", "array_size"})

    def __call__(self, samples: Samples) -> NDArray[np.float64]:
        """Return the channel's elements of the data, which are checked for their number."""
        channel = self._channel
        array = samples[channel.topic]
        assert isinstance(array, ArraySample)
        if array.data.shape != (channel.whole_array,):
            raise ObservationError(
                f"{channel.whole_array} elements on `{channel.topic}` for the channel `{channel.name}`",
                f"shape {array.data.shape}",
                "publish the array the contract names",
            )
        return array.data[channel.first : channel.first + channel.size].astype(np.float64)


EXTRACTORS: dict[tuple[str, str], ExtractorType] = {
    ("sensor_msgs/msg/LaserScan", "ranges"): ScanSectors,
    ("nav_msgs/msg/Odometry", "twist"): PlanarTwist,
    ("nav_msgs/msg/Odometry", "holonomic_twist"): HolonomicTwist,
    ("nav_msgs/msg/Odometry", "linear_velocity"): LinearVelocity,
    ("nav_msgs/msg/Odometry", "angular_velocity"): TurnRates,
    ("geometry_msgs/msg/PoseStamped", "goal_polar"): GoalPolar,
    ("geometry_msgs/msg/PoseStamped", "position"): Position,
    ("geometry_msgs/msg/PointStamped", "goal_direction"): GoalDirection,
    ("geometry_msgs/msg/PointStamped", "goal_polar"): GoalPolar,
    ("geometry_msgs/msg/PointStamped", "position"): Position,
    ("sensor_msgs/msg/Imu", "angular_velocity"): AngularVelocity,
    ("sensor_msgs/msg/Imu", "gravity"): Gravity,
    ("sensor_msgs/msg/Imu", "linear_acceleration"): LinearAcceleration,
    ("sensor_msgs/msg/Imu", "orientation"): Orientation,
    ("sensor_msgs/msg/JointState", "position"): JointPositions,
    ("sensor_msgs/msg/JointState", "velocity"): JointVelocities,
    ("std_msgs/msg/Float32MultiArray", "data"): PlainArray,
}
