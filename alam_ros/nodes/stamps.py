"""ROS time as messages."""

from __future__ import annotations

from builtin_interfaces.msg import Time

from alam_ros.onboard.stamps import SECOND_NS


def time_message(nanoseconds: int) -> Time:
    """Return a ROS stamp; times before zero, which a message cannot hold, become zero."""
    sec, nanosec = divmod(max(nanoseconds, 0), SECOND_NS)
    return Time(sec=sec, nanosec=nanosec)
