"""Messages are read by attribute, whatever library made them."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace as Message

import numpy as np
import pytest

from alam_ros.contract import ImuSample, JointStateSample, LaserScanSample, OdometrySample, PointSample, PoseSample, decode
from alam_ros.errors import ContractError

HEADER = Message(frame_id="odom")
POSE = Message(position=Message(x=1.0, y=2.0, z=3.0), orientation=Message(x=0.0, y=0.0, z=0.6, w=0.8))


def scan_message(**limits: float) -> Message:
    return Message(header=Message(frame_id="laser"), ranges=[1.0, float("inf")], angle_min=-1.0, angle_increment=0.5, **limits)


def test_a_scan_is_read() -> None:
    message = scan_message(range_min=0.12, range_max=3.5)
    sample = decode("sensor_msgs/msg/LaserScan", message)
    assert isinstance(sample, LaserScanSample)
    np.testing.assert_array_equal(sample.ranges, np.array([1.0, np.inf], dtype=np.float32))
    assert (sample.angle_min, sample.angle_increment, sample.frame) == (-1.0, 0.5, "laser")
    assert (sample.range_min, sample.range_max) == (0.12, 3.5)


def test_a_scan_whose_driver_leaves_its_limits_at_zero_has_none() -> None:
    sample = decode("sensor_msgs/msg/LaserScan", scan_message(range_min=0.0, range_max=0.0))
    assert isinstance(sample, LaserScanSample)
    assert (sample.range_min, sample.range_max) == (0.0, math.inf)


@pytest.mark.parametrize("absent", ["orientation", "angular_velocity", "linear_acceleration"])
def test_an_imu_is_read_and_says_what_it_does_not_measure(absent: str) -> None:
    vectors = {"angular_velocity": (0.1, 0.2, 0.3), "linear_acceleration": (1.0, 2.0, 9.8)}
    message = Message(
        header=Message(frame_id="imu"),
        orientation=POSE.orientation,
        **{name: Message(**dict(zip("xyz", values, strict=True))) for name, values in vectors.items()},
        **{f"{name}_covariance": [-1.0 if name == absent else 0.0] * 9 for name in ("orientation", *vectors)},
    )
    expected = ImuSample((0.0, 0.0, 0.6, 0.8), *vectors.values(), "imu")
    assert decode("sensor_msgs/msg/Imu", message) == replace(expected, **{absent: None})


def test_odometry_is_read() -> None:
    twist = Message(linear=Message(x=0.5, y=0.0, z=0.0), angular=Message(x=0.0, y=0.0, z=-1.0))
    message = Message(header=HEADER, pose=Message(pose=POSE), twist=Message(twist=twist))
    expected = OdometrySample((1.0, 2.0, 3.0), (0.0, 0.0, 0.6, 0.8), (0.5, 0.0, 0.0), (0.0, 0.0, -1.0), "odom")
    assert decode("nav_msgs/msg/Odometry", message) == expected


def test_a_pose_is_read() -> None:
    message = Message(header=HEADER, pose=POSE)
    assert decode("geometry_msgs/msg/PoseStamped", message) == PoseSample((1.0, 2.0, 3.0), (0.0, 0.0, 0.6, 0.8), "odom")


def test_a_point_is_read() -> None:
    message = Message(header=HEADER, point=Message(x=1.0, y=2.0, z=3.0))
    assert decode("geometry_msgs/msg/PointStamped", message) == PointSample((1.0, 2.0, 3.0), "odom")


def test_joint_states_are_read_in_double_precision() -> None:
    message = Message(header=HEADER, name=["a", "b"], position=[0.1, 0.2], velocity=[], effort=[])
    sample = decode("sensor_msgs/msg/JointState", message)
    assert isinstance(sample, JointStateSample)
    assert sample.names == ("a", "b")
    np.testing.assert_array_equal(sample.positions, [0.1, 0.2])
    assert sample.velocities.shape == (0,)


def test_an_unknown_type_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ContractError, match="LaserScan"):
        decode("sensor_msgs/msg/Image", Message())
