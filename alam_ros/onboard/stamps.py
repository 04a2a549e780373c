"""ROS time stamps ⇄ the seconds the core computes with, without losing a nanosecond."""

from __future__ import annotations

from typing import Any

from alam_ros.contract.cdr import SECOND_NS, time_ns

__all__ = ["SECOND_NS", "StampScale", "header_stamp_ns", "nanoseconds"]


class StampScale:
    """Counts seconds from the first stamp it sees.

    A float of seconds since 1970 resolves 0.2 microseconds; a stamp taken through it would no longer equal the one of the message
    it came from, and exact-time synchronisers would lose the pair. Seconds since the first stamp are exact for 100 days.
    """

    def __init__(self) -> None:
        self._origin_ns: int | None = None

    def seconds(self, stamp_ns: int) -> float:
        """Return a stamp as seconds of this scale."""
        if self._origin_ns is None:
            self._origin_ns = stamp_ns
        return float((stamp_ns - self._origin_ns) / SECOND_NS)

    def stamp_ns(self, seconds: float) -> int:
        """Return seconds of this scale as a stamp, the inverse of `seconds`."""
        return round(seconds * SECOND_NS) + (self._origin_ns or 0)


def nanoseconds(stamp: Any) -> int:
    """Return a `builtin_interfaces/Time` of any library as nanoseconds."""
    return time_ns(int(stamp.sec), int(stamp.nanosec))


def header_stamp_ns(message: Any) -> int | None:
    """Return a message's stamp, or None where it has none or left it empty."""
    header = getattr(message, "header", None)
    return (nanoseconds(header.stamp) or None) if header is not None else None
