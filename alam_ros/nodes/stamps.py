"""ROS time stamps ⇄ the seconds the ROS-free core computes with, without losing a nanosecond."""

from __future__ import annotations

from builtin_interfaces.msg import Time

SECOND_NS = 1_000_000_000


class StampScale:
    """Counts seconds from the first stamp it sees.

    A float of seconds since 1970 resolves 0.2 microseconds; a stamp taken through it would no longer equal the one of the message
    it came from, and exact-time synchronisers would lose the pair. Seconds since the node's first stamp are exact for 100 days.
    """

    def __init__(self) -> None:
        self._origin_ns: int | None = None

    def seconds(self, stamp: Time) -> float:
        """Return the stamp as seconds of this scale."""
        stamp_ns = stamp.sec * SECOND_NS + stamp.nanosec
        if self._origin_ns is None:
            self._origin_ns = stamp_ns
        return float((stamp_ns - self._origin_ns) / SECOND_NS)

    def stamp(self, seconds: float) -> Time:
        """Return seconds of this scale as a stamp, the inverse of `seconds`."""
        return time_message(round(seconds * SECOND_NS) + (self._origin_ns or 0))


def time_message(nanoseconds: int) -> Time:
    """Return a ROS stamp; times before zero, which a message cannot hold, become zero."""
    sec, nanosec = divmod(max(nanoseconds, 0), SECOND_NS)
    return Time(sec=sec, nanosec=nanosec)
