"""Bytes as they travel are read as rclpy reads them, or not at all."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("rclpy", reason="tests over real ROS need the packages of `make`")

from geometry_msgs.msg import Quaternion, Vector3
from nav_msgs.msg import Odometry
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import Imu, LaserScan

from alam_ros.contract import decode
from alam_ros.contract.samples import LaserScanSample
from alam_ros.contract.wire import READERS, child_frames, read_sample

# rosidl's own checks, which the tests over ROS turn on, take the largest single of all for one that is out of range.
LARGEST = float(np.nextafter(np.finfo(np.float32).max, np.float32(0.0)))

number = st.floats(-1e6, 1e6)
single = st.one_of(st.floats(-LARGEST, LARGEST, width=32), st.sampled_from((math.nan, math.inf, -math.inf)))
frame = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=9)
vector = st.builds(Vector3, x=number, y=number, z=number)
quaternion = st.builds(Quaternion, x=number, y=number, z=number, w=number)


@st.composite
def scan(draw: st.DrawFn) -> LaserScan:
    message = LaserScan(angle_min=draw(single), angle_increment=draw(single), range_min=draw(single), range_max=draw(single))
    message.ranges, message.intensities = draw(st.lists(single, max_size=9)), draw(st.lists(single, max_size=3))
    return message


@st.composite
def odometry(draw: st.DrawFn) -> Odometry:
    message = Odometry(child_frame_id=draw(frame))
    message.pose.pose.orientation, message.twist.twist.linear = draw(quaternion), draw(vector)
    message.pose.pose.position.x, message.twist.twist.angular = draw(number), draw(vector)
    message.pose.covariance[35], message.twist.covariance[0] = draw(number), draw(number)
    return message


@st.composite
def imu(draw: st.DrawFn) -> Imu:
    message = Imu(orientation=draw(quaternion), angular_velocity=draw(vector), linear_acceleration=draw(vector))
    for quantity in ("orientation", "angular_velocity", "linear_acceleration"):
        getattr(message, f"{quantity}_covariance")[0] = draw(st.sampled_from((0.0, 0.1, -1.0)))
    return message


def type_of(message: Any) -> str:
    package, _, _ = type(message).__module__.partition(".")
    return f"{package}/msg/{type(message).__name__}"


@given(message=st.one_of(scan(), odometry(), imu()), name=frame, sec=st.integers(0, 2**31 - 1), ns=st.integers(0, 10**9 - 1))
def test_a_message_is_read_as_rclpy_reads_it(message: Any, name: str, sec: int, ns: int) -> None:
    message.header.frame_id, message.header.stamp.sec, message.header.stamp.nanosec = name, sec, ns
    data = serialize_message(message)
    found = read_sample(type_of(message), data)
    assert found is not None
    expected = decode(type_of(message), deserialize_message(data, type(message)))
    assert found[0] == sec * 10**9 + ns
    if isinstance(expected, LaserScanSample):
        assert isinstance(found[1], LaserScanSample)
        np.testing.assert_array_equal(found[1].ranges, expected.ranges)
        assert found[1].ranges.dtype == expected.ranges.dtype
    for field in expected.__slots__:
        if field != "ranges":
            assert repr(getattr(found[1], field)) == repr(getattr(expected, field))


@pytest.mark.parametrize("message", [LaserScan(ranges=[1.0, math.inf], intensities=[0.5]), Odometry(), Imu()])
def test_what_is_cut_off_anywhere_is_left_to_rclpy(message: Any) -> None:
    message.header.frame_id = "base"
    data = serialize_message(message)
    whole = len(data) - 3 if type(message) is not LaserScan else len(data)  # rclpy pads the end
    assert all(read_sample(type_of(message), data[:length]) is None for length in range(whole - 8))


def test_the_largest_single_of_all_is_read_as_it_is() -> None:
    largest = np.finfo(np.float32).max
    data = serialize_message(LaserScan(range_max=0.125, ranges=[0.25, 0.125]))
    found = read_sample("sensor_msgs/msg/LaserScan", data.replace(np.float32(0.125).tobytes(), largest.tobytes()))
    assert found is not None
    assert isinstance(found[1], LaserScanSample)
    assert (found[1].range_max, found[1].ranges.tolist()) == (float(largest), [0.25, float(largest)])


def test_other_types_and_encodings_are_left_to_rclpy() -> None:
    data = serialize_message(Odometry())
    assert read_sample("geometry_msgs/msg/PoseStamped", data) is None
    assert read_sample("nav_msgs/msg/Odometry", b"\x00\x00" + data[2:]) is None
    assert read_sample("nav_msgs/msg/Odometry", b"") is None
    assert {"nav_msgs/msg/Odometry", "sensor_msgs/msg/Imu", "sensor_msgs/msg/LaserScan"} == READERS.keys()


@given(pairs=st.lists(st.tuples(frame, frame), max_size=3))
def test_the_frames_of_transforms_are_read(pairs: list[tuple[str, str]]) -> None:
    transforms = pytest.importorskip("tests.support.transforms", reason="messages are made by the extra `bags`")
    assert child_frames(transforms.transforms_of(*pairs)) == tuple(child for _, child in pairs)


def test_transforms_that_are_cut_off_or_otherwise_encoded_are_left_to_rclpy() -> None:
    transforms = pytest.importorskip("tests.support.transforms", reason="messages are made by the extra `bags`")
    data = transforms.transforms_of(("map", "odom"), ("odom", "base_link"))
    assert all(child_frames(data[:length]) is None for length in range(len(data)))
    assert child_frames(b"\x00\x00" + data[2:]) is None
