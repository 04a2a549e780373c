"""Serialised messages → samples, past the objects that a client library makes of every field.

Of an odometry message a control tick needs 13 numbers; rclpy makes some twenty objects and 85 floats of it, which takes longer
than the networks do.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from struct import Struct

import numpy as np

from alam_ros.contract.cdr import BEGIN, LENGTH, STAMP, aligned, is_plain, read_header, read_string
from alam_ros.contract.messages import imu_sample, range_limits
from alam_ros.contract.samples import LaserScanSample, OdometrySample, Sample

_SCAN = Struct("<7fI")  # angles, times, limits; number of ranges
_ODOMETRY = Struct("<7d288x6d288x")  # pose and twist, each with a covariance of 36
_IMU = Struct("<5d64x4d64x4d64x")  # each quantity with the first of 9 elements of its covariance
_TRANSFORM = Struct("<7d")  # translation and rotation


def read_sample(type_name: str, data: bytes) -> tuple[int, Sample] | None:
    """Return the stamp (ns) and the sample of a serialised message, equal to `decode`'s.

    Args:
        type_name: full interface name, e.g. `sensor_msgs/msg/LaserScan`.
        data: as it came from the middleware.

    Returns:
        None for what is not read here: another type or encoding, a message that is cut off. A client library says what it is.
    """
    reader = READERS.get(type_name)
    if reader is None or not is_plain(data):
        return None
    try:
        return reader(data)
    except (struct.error, ValueError):  # cut off; a name that is no UTF-8
        return None


def child_frames(data: bytes) -> tuple[str, ...] | None:
    """Return the child frame of each transform in a serialised `tf2_msgs/msg/TFMessage`; None for what is not read here."""
    if not is_plain(data):
        return None
    children, offset = [], BEGIN + LENGTH.size
    try:
        for _ in range(LENGTH.unpack_from(data, BEGIN)[0]):
            _, offset = read_string(data, aligned(offset, 4) + STAMP.size)  # the parent
            child, offset = read_string(data, aligned(offset, 4))
            children.append(child)
            offset = aligned(offset, 8) + _TRANSFORM.size
    except (struct.error, ValueError):
        return None
    return tuple(children) if offset <= len(data) else None


def _laser_scan(data: bytes) -> tuple[int, Sample]:
    stamp_ns, frame, offset = read_header(data)
    offset = aligned(offset, 4)
    angle_min, _, increment, _, _, shortest, longest, beams = _SCAN.unpack_from(data, offset)
    offset += _SCAN.size
    ranges = np.frombuffer(data, "<f4", beams, offset).astype(np.float32, copy=False)
    offset += ranges.nbytes
    if offset + LENGTH.size + 4 * LENGTH.unpack_from(data, offset)[0] > len(data):
        raise ValueError("intensities")
    return stamp_ns, LaserScanSample(ranges, angle_min, increment, frame, *range_limits(shortest, longest))


def _odometry(data: bytes) -> tuple[int, Sample]:
    stamp_ns, frame, offset = read_header(data)
    offset = aligned(offset, 4)
    offset += LENGTH.size + LENGTH.unpack_from(data, offset)[0]  # the body's frame
    numbers = _ODOMETRY.unpack_from(data, aligned(offset, 8))
    return stamp_ns, OdometrySample(numbers[:3], numbers[3:7], numbers[7:10], numbers[10:], frame)


def _imu(data: bytes) -> tuple[int, Sample]:
    stamp_ns, frame, offset = read_header(data)
    numbers = _IMU.unpack_from(data, aligned(offset, 8))
    quantities = (numbers[:4], numbers[5:8], numbers[9:12])
    return stamp_ns, imu_sample(quantities, (numbers[4], numbers[8], numbers[12]), frame)


READERS: dict[str, Callable[[bytes], tuple[int, Sample]]] = {
    "sensor_msgs/msg/LaserScan": _laser_scan,
    "nav_msgs/msg/Odometry": _odometry,
    "sensor_msgs/msg/Imu": _imu,
}
"""The types whose large arrays nobody needs, or that hold numbers by the hundred."""
