"""Recordings as others make them: rosbag2 with SQLite, without definitions of types, topics and frames of their own."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("rosbags", reason="recordings need the package rosbags")

from alam_ros.bags.writer import new_message  # isort: skip
from rosbags.interfaces import Qos, QosDurability, QosHistory, QosLiveliness, QosReliability, QosTime  # isort: skip
from rosbags.rosbag2 import StoragePlugin, Writer  # isort: skip
from rosbags.typesys import Stores, get_typestore  # isort: skip

START_NS = 1_700_000_000_000_000_000
SECOND_NS = 1_000_000_000
NO_COVARIANCE = np.zeros(36)
ALWAYS = QosTime(2147483647, 4294967295)
QOS = Qos(
    *(QosHistory.KEEP_LAST, 10, QosReliability.RELIABLE, QosDurability.VOLATILE),
    *(ALWAYS, ALWAYS, QosLiveliness.AUTOMATIC, ALWAYS, False),
)
Entry = tuple[str, float, Any]
"""Topic, s since the beginning, message."""


def time(at: float) -> Any:
    sec, nanosec = divmod(START_NS + round(at * SECOND_NS), SECOND_NS)
    return new_message("builtin_interfaces/msg/Time", sec=sec, nanosec=nanosec)


def clock(at: float) -> Any:
    return new_message("rosgraph_msgs/msg/Clock", clock=time(at))


def header(at: float, frame: str) -> Any:
    return new_message("std_msgs/msg/Header", stamp=time(at), frame_id=frame)


def vector(x: float = 0.0, y: float = 0.0, z: float = 0.0, kind: str = "Vector3") -> Any:
    return new_message(f"geometry_msgs/msg/{kind}", x=x, y=y, z=z)


def quaternion(x: float = 0.0, y: float = 0.0, z: float = 0.0, w: float = 1.0) -> Any:
    return new_message("geometry_msgs/msg/Quaternion", x=x, y=y, z=z, w=w)


def pose(x: float = 0.0) -> Any:
    return new_message("geometry_msgs/msg/Pose", position=vector(x, kind="Point"), orientation=quaternion())


def twist(speed: float = 0.0, turn: float = 0.0, sideways: float = 0.0) -> Any:
    return new_message("geometry_msgs/msg/Twist", linear=vector(speed, sideways), angular=vector(z=turn))


def odometry(at: float, *, speed: float = 0.1, frame: str = "odom") -> Any:
    return new_message(
        "nav_msgs/msg/Odometry",
        header=header(at, frame),
        child_frame_id="base_footprint",
        pose=new_message("geometry_msgs/msg/PoseWithCovariance", pose=pose(), covariance=NO_COVARIANCE),
        twist=new_message("geometry_msgs/msg/TwistWithCovariance", twist=twist(speed), covariance=NO_COVARIANCE),
    )


def goal(at: float, *, frame: str = "odom", x: float = 2.0) -> Any:
    return new_message("geometry_msgs/msg/PoseStamped", header=header(at, frame), pose=pose(x))


def transform(at: float, parent: str, child: str, x: float) -> Any:
    moved = new_message("geometry_msgs/msg/Transform", translation=vector(x), rotation=quaternion())
    stamped = new_message("geometry_msgs/msg/TransformStamped", header=header(at, parent), child_frame_id=child, transform=moved)
    return new_message("tf2_msgs/msg/TFMessage", transforms=[stamped])


def scan(
    at: float, *, frame: str = "base_scan", beams: int = 360, zeros: int = 0, ranges: NDArray[np.float32] | None = None
) -> Any:
    """Return a scan as a turtlebot's driver writes it, zero where nothing came back, or with ranges of one's own."""
    if ranges is None:
        ranges = np.full(beams, 1.5, dtype=np.float32)
        ranges[:zeros] = 0.0
    beams = ranges.size
    return new_message(
        "sensor_msgs/msg/LaserScan",
        header=header(at, frame),
        angle_min=0.0,
        angle_max=2 * math.pi,
        angle_increment=2 * math.pi / beams,
        time_increment=0.0,
        scan_time=0.2,
        range_min=0.12,
        range_max=3.5,
        ranges=ranges,
        intensities=np.empty(0, dtype=np.float32),
    )


def drive(*, seconds: float = 4.0, scan_period: float = 0.1, **changes: Any) -> list[Entry]:
    """Return a drive of a turtlebot: odometry at 20 Hz, a goal before anything else; `changes` by topic."""
    of_scan, of_odom, of_goal = (changes.get(name, {}) for name in ("scan", "odom", "goal"))
    entries: list[Entry] = [("/goal_pose", 0.0, goal(0.0, **of_goal))]
    entries += [("/odom", at, odometry(at, **of_odom)) for at in np.arange(0.01, seconds, 0.05)]
    entries += [("/scan", at, scan(at - 0.005, **of_scan)) for at in np.arange(0.01, seconds, scan_period)]
    return entries + [("/cmd_vel", at, twist(0.1, 0.2)) for at in np.arange(0.05, seconds, 0.1)]


def record(folder: Path, entries: Iterable[Entry], publishers: Mapping[str, int] | None = None) -> Path:
    """Write a recording with SQLite, as ROS 2 Humble does by default, and return its `.db3` file.

    Args:
        folder: to make.
        entries: what was recorded.
        publishers: topic → how many the recorder found on it, and whose qualities of service it therefore noted.
    """
    types = get_typestore(Stores.ROS2_JAZZY)
    with Writer(folder, version=8, storage_plugin=StoragePlugin.SQLITE3) as bag:
        connections: dict[str, Any] = {}
        for topic, at, message in sorted(entries, key=lambda entry: entry[1]):
            kind = message.__msgtype__
            if topic not in connections:
                offered = [QOS] * (publishers or {}).get(topic, 1)
                connections[topic] = bag.add_connection(topic, kind, typestore=types, offered_qos_profiles=offered)
            connection = connections[topic]
            bag.write(connection, START_NS + round(at * SECOND_NS), types.serialize_cdr(message, kind))
    return next(folder.glob("*.db3"))
