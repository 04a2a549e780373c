"""What goes through a ROS message comes out as it went in."""

from __future__ import annotations

import copy
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alam_ros.contract import (
    ArraySample,
    Channel,
    ImuSample,
    JointStateSample,
    LaserScanSample,
    OdometrySample,
    PointSample,
    PoseSample,
    decode,
)
from alam_ros.contract.scans import ScanSectors
from tests.support import ros as _  # noqa: F401  skips the module where ROS is absent
from tests.support.policies import navigation_contract

from alam_ros.nodes.command_port import CommandPort  # isort: skip
from alam_ros.nodes.conversions import CommandConverter, sample_message  # isort: skip
from builtin_interfaces.msg import Duration, Time  # isort: skip
from rclpy.serialization import serialize_message  # isort: skip
from std_msgs.msg import Header  # isort: skip
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint  # isort: skip

STAMP = Time(sec=5, nanosec=6)
ACTION = navigation_contract().action
coordinate = st.floats(allow_nan=False)
vector = st.tuples(coordinate, coordinate, coordinate)
quaternion = st.tuples(coordinate, coordinate, coordinate, coordinate)


@given(position=vector, orientation=quaternion, linear=vector, angular=vector)
def test_odometry_survives(position: tuple, orientation: tuple, linear: tuple, angular: tuple) -> None:
    sample = OdometrySample(position, orientation, linear, angular, "odom")
    message = sample_message(sample, STAMP, base_frame="body")
    assert decode("nav_msgs/msg/Odometry", message) == sample
    assert (message.header.stamp, message.child_frame_id) == (STAMP, "body")


@given(position=vector, orientation=quaternion)
def test_a_pose_survives(position: tuple, orientation: tuple) -> None:
    sample = PoseSample(position, orientation, "map")
    assert decode("geometry_msgs/msg/PoseStamped", sample_message(sample, STAMP)) == sample


def test_a_scan_survives_and_reads_the_same_although_a_message_rounds_its_angles() -> None:
    ranges = np.random.default_rng(0).uniform(0.1, 2.9, 36).astype(np.float32)
    ranges[4] = np.inf
    sample = LaserScanSample(ranges, -math.pi, 2 * math.pi / 36, "laser", 0.25, 3.5)
    decoded = decode("sensor_msgs/msg/LaserScan", sample_message(sample, STAMP))
    assert isinstance(decoded, LaserScanSample)
    np.testing.assert_array_equal(decoded.ranges, ranges)
    assert (decoded.frame, decoded.range_min, decoded.range_max) == ("laser", 0.25, 3.5)
    channel = Channel(name="scan", topic="scan", type="sensor_msgs/msg/LaserScan", field="ranges", size=12, range=(0.0, 3.0))
    np.testing.assert_array_equal(ScanSectors(channel)({"scan": decoded}), ScanSectors(channel)({"scan": sample}))


@given(position=vector)
def test_a_point_survives(position: tuple) -> None:
    sample = PointSample(position, "base")
    assert decode("geometry_msgs/msg/PointStamped", sample_message(sample, STAMP)) == sample


@given(rows=st.lists(st.tuples(st.text(max_size=9), coordinate, coordinate), max_size=9))
def test_joint_states_survive_to_the_last_bit(rows: list[tuple[str, float, float]]) -> None:
    names, positions, velocities = tuple(r[0] for r in rows), np.array([r[1] for r in rows]), np.array([r[2] for r in rows])
    message = sample_message(JointStateSample(names, positions, velocities), STAMP)
    decoded = decode("sensor_msgs/msg/JointState", message)
    assert isinstance(decoded, JointStateSample)
    assert (decoded.names, message.header.stamp) == (names, STAMP)
    np.testing.assert_array_equal(decoded.positions, positions)
    np.testing.assert_array_equal(decoded.velocities, velocities)


@given(orientation=st.none() | quaternion, velocity=st.none() | vector, acceleration=st.none() | vector)
def test_an_imu_survives(orientation: tuple | None, velocity: tuple | None, acceleration: tuple | None) -> None:
    sample = ImuSample(orientation, velocity, acceleration, "imu")
    assert decode("sensor_msgs/msg/Imu", sample_message(sample, STAMP)) == sample


def test_an_array_survives() -> None:
    data = np.array([1.5, -np.inf, np.nan], dtype=np.float32)
    decoded = decode("std_msgs/msg/Float32MultiArray", sample_message(ArraySample(data), STAMP))
    assert isinstance(decoded, ArraySample)
    np.testing.assert_array_equal(decoded.data, data)


@pytest.mark.parametrize(
    "kind",
    [
        "geometry_msgs/msg/TwistStamped",
        "geometry_msgs/msg/Twist",
        "std_msgs/msg/Float64MultiArray",
        "trajectory_msgs/msg/JointTrajectory",
    ],
)
@given(linear=coordinate, angular=coordinate)
def test_a_command_survives(kind: str, linear: float, angular: float) -> None:
    converter = CommandConverter(replace(ACTION, type=kind))  # type: ignore[arg-type]
    message = converter.to_message([linear, angular], STAMP)
    assert isinstance(message, converter.message_type)
    np.testing.assert_array_equal(converter.to_values(message), [linear, angular])


def test_a_stamped_command_carries_stamp_and_frame() -> None:
    message = CommandConverter(ACTION).to_message([0.1, 0.2], STAMP)
    assert (message.header.stamp, message.header.frame_id) == (STAMP, "base_link")
    assert (message.twist.linear.x, message.twist.angular.z) == (0.1, 0.2)


def test_a_trajectory_begins_at_once_and_is_over_within_the_control_period() -> None:
    message = CommandConverter(replace(ACTION, type="trajectory_msgs/msg/JointTrajectory"), 1.25).to_message([0.1, 0.2], STAMP)
    (point,) = message.points
    assert (message.header.stamp, message.joint_names) == (Time(), ["linear.x", "angular.z"])
    assert (list(point.velocities), point.time_from_start) == ([0.1, 0.2], Duration(sec=1, nanosec=250_000_000))


@pytest.mark.parametrize("kind", ["geometry_msgs/msg/TwistStamped", "trajectory_msgs/msg/JointTrajectory"])
def test_another_message_s_header_does_not_stay_for_the_next(kind: str) -> None:
    converter = CommandConverter(replace(ACTION, type=kind))  # type: ignore[arg-type]
    own = copy.deepcopy(converter.to_message([0.0, 0.0], STAMP).header)
    other = Header(stamp=Time(sec=99), frame_id="elsewhere")
    passed = converter.to_message_under([0.1, 0.2], other).header
    # A trajectory's stamp is when it begins: what passes begins at once.
    assert (passed.frame_id, passed.stamp) == ("elsewhere", Time() if "Trajectory" in kind else other.stamp)
    assert converter.to_message([0.0, 0.0], STAMP).header == own
    assert (other.stamp.sec, other.frame_id) == (99, "elsewhere")


def test_a_trajectory_s_velocities_are_found_by_name() -> None:
    converter = CommandConverter(replace(ACTION, type="trajectory_msgs/msg/JointTrajectory"))
    message = converter.to_message([0.1, 0.2], STAMP)
    message.joint_names, message.points[0].velocities = ["angular.z", "linear.x"], [0.2, 0.1]
    np.testing.assert_array_equal(converter.to_values(message), [0.1, 0.2])


@pytest.mark.parametrize(
    ("joints", "points", "velocities", "reason"),
    [
        (
            ["linear.x", "gripper"],
            1,
            [0.1, 0.2],
            "no joint of the action or named twice: gripper and lacks: angular.z",
        ),
        (["linear.x"], 1, [0.1], "it lacks: angular.z"),
        (["linear.x", "angular.z", "linear.x"], 1, [0.1, 0.2, 0.1], "named twice: linear.x"),
        (["linear.x", "angular.z"], 2, [0.1, 0.2], "2 points instead of one"),
        (["linear.x", "angular.z"], 1, [], "0 velocities for 2 joints"),
    ],
)
def test_a_trajectory_that_commands_something_else_gives_no_values_and_says_why(
    joints: list[str], points: int, velocities: list[float], reason: str
) -> None:
    spec = replace(ACTION, type="trajectory_msgs/msg/JointTrajectory")
    message = JointTrajectory(joint_names=joints, points=[JointTrajectoryPoint(velocities=velocities)] * points)
    received = CommandPort(spec).received(serialize_message(message))
    assert received.values.size == 0
    assert reason in received.misfit
    assert not CommandPort(spec).received(serialize_message(CommandConverter(spec).to_message([0.1, 0.2], STAMP))).misfit
