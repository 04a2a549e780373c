"""Small recordings for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rosbags", reason="recordings need the package rosbags")

from alam_ros.bags.writer import BagWriter, new_message

START_NS = 1_700_000_000_123_456_789


def header(stamp_ns: int, frame: str = "base_link") -> Any:
    sec, nanosec = divmod(stamp_ns, 1_000_000_000)
    stamp = new_message("builtin_interfaces/msg/Time", sec=sec, nanosec=nanosec)
    return new_message("std_msgs/msg/Header", stamp=stamp, frame_id=frame)


def scan(stamp_ns: int, ranges: list[float]) -> Any:
    return new_message(
        "sensor_msgs/msg/LaserScan",
        header=header(stamp_ns),
        angle_min=-1.0,
        angle_max=1.0,
        angle_increment=2.0 / (len(ranges) - 1),
        time_increment=0.0,
        scan_time=0.1,
        range_min=0.0,
        range_max=10.0,
        ranges=np.array(ranges, dtype=np.float32),
        intensities=np.empty(0, dtype=np.float32),
    )


def number(value: float) -> Any:
    return new_message("std_msgs/msg/Float32", data=value)


def write_recording(path: Path, scans: int = 5) -> Path:
    """Write scans of /scan, a tenth of a second apart, and as many numbers on /cost; return the path of the MCAP file."""
    with BagWriter(path) as bag:
        for step in range(scans):
            now = START_NS + step * 100_000_000
            bag.write("/scan", scan(now, [1.0, float("inf"), step / 10]), now)
            bag.write("/cost", number(float(step == 3)), now + 1)
        return bag.file
