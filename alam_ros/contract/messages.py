"""ROS messages → samples, read by attribute so that rclpy's and rosbags' messages both serve and nothing of ROS is imported."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from alam_ros.contract.cdr import time_ns
from alam_ros.contract.frames import FrameTree
from alam_ros.contract.samples import (
    ArraySample,
    ImuSample,
    JointStateSample,
    LaserScanSample,
    OdometrySample,
    PointSample,
    PoseSample,
    Quaternion,
    Sample,
    Vector3,
)
from alam_ros.errors import ContractError

NOT_MEASURED = -1.0
"""First element of an `Imu` message's covariance where the sensor does not measure the quantity."""


def decode(type_name: str, message: Any) -> Sample:
    """Turn one ROS message into a sample.

    Args:
        type_name: full interface name, e.g. `sensor_msgs/msg/LaserScan`.
        message: an instance of that type from any library that names the fields as the interface does.

    Raises:
        ContractError: for a type no channel can be read from.
    """
    decoder = DECODERS.get(type_name)
    if decoder is None:
        raise ContractError(
            f"a message type among {', '.join(sorted(DECODERS))}", f"`{type_name}`", "correct the channel's `type`"
        )
    return decoder(message)


def update_frames(frames: FrameTree, message: Any, *, received: float, is_static: bool) -> None:
    """Take what a `tf2_msgs/msg/TFMessage` says.

    Args:
        frames: to be updated.
        message: of /tf or /tf_static.
        received: when it arrived, s of the caller's steady clock.
        is_static: whether it came on /tf_static.
    """
    for stamped in message.transforms:
        translation, rotation = _vector(stamped.transform.translation), _quaternion(stamped.transform.rotation)
        parent, child, stamp = stamped.header.frame_id, stamped.child_frame_id, stamped.header.stamp
        stamp_ns = time_ns(int(stamp.sec), int(stamp.nanosec))
        frames.update(parent, child, translation, rotation, received=received, stamp_ns=stamp_ns, is_static=is_static)


def _laser_scan(message: Any) -> LaserScanSample:
    return LaserScanSample(
        np.asarray(message.ranges, dtype=np.float32),
        float(message.angle_min),
        float(message.angle_increment),
        message.header.frame_id,
        *range_limits(float(message.range_min), float(message.range_max)),
    )


def range_limits(shortest: float, longest: float) -> tuple[float, float]:
    """Return what a lidar can measure, m; a driver that leaves both limits at zero has not said it."""
    return (shortest, longest) if shortest or longest else (0.0, math.inf)


def _odometry(message: Any) -> OdometrySample:
    pose, twist = message.pose.pose, message.twist.twist
    return OdometrySample(
        _vector(pose.position),
        _quaternion(pose.orientation),
        _vector(twist.linear),
        _vector(twist.angular),
        message.header.frame_id,
    )


def _pose(message: Any) -> PoseSample:
    return PoseSample(_vector(message.pose.position), _quaternion(message.pose.orientation), message.header.frame_id)


def _point(message: Any) -> PointSample:
    return PointSample(_vector(message.point), message.header.frame_id)


def _joint_state(message: Any) -> JointStateSample:
    positions, velocities = (np.asarray(values, dtype=np.float64) for values in (message.position, message.velocity))
    return JointStateSample(tuple(message.name), positions, velocities)


def _imu(message: Any) -> ImuSample:
    quantities = (_quaternion(message.orientation), _vector(message.angular_velocity), _vector(message.linear_acceleration))
    covariances = (message.orientation_covariance, message.angular_velocity_covariance, message.linear_acceleration_covariance)
    first, second, third = (float(covariance[0]) for covariance in covariances)
    return imu_sample(quantities, (first, second, third), message.header.frame_id)


def imu_sample(quantities: tuple[Quaternion, Vector3, Vector3], variances: tuple[float, float, float], frame: str) -> ImuSample:
    """Return orientation, angular velocity and linear acceleration as far as they are measured.

    Args:
        quantities: all three.
        variances: the first element of each one's covariance, `NOT_MEASURED` where it is not.
        frame: of the sensor.
    """
    orientation, velocity, acceleration = quantities
    return ImuSample(
        orientation if variances[0] != NOT_MEASURED else None,
        velocity if variances[1] != NOT_MEASURED else None,
        acceleration if variances[2] != NOT_MEASURED else None,
        frame,
    )


def _array(message: Any) -> ArraySample:
    return ArraySample(np.asarray(message.data, dtype=np.float32))


def _vector(value: Any) -> Vector3:
    return (value.x, value.y, value.z)


def _quaternion(value: Any) -> Quaternion:
    return (value.x, value.y, value.z, value.w)


DECODERS: dict[str, Callable[[Any], Sample]] = {
    "sensor_msgs/msg/LaserScan": _laser_scan,
    "nav_msgs/msg/Odometry": _odometry,
    "geometry_msgs/msg/PoseStamped": _pose,
    "geometry_msgs/msg/PointStamped": _point,
    "sensor_msgs/msg/Imu": _imu,
    "sensor_msgs/msg/JointState": _joint_state,
    "std_msgs/msg/Float32MultiArray": _array,
}
