"""Whether several publishers were on one topic, which a recording does not keep apart: what they say tells them apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract_check.finding import TOLERATED, Finding, fails, note
from alam_ros.contract_check.rhythm import JUMP_S
from alam_ros.onboard.stamps import SECOND_NS, header_stamp_ns

RETURNS = 3
"""How often at least; less is chance."""
TRAITS = {
    "frames": 0.5,  # of numbers given to the names
    "stamps": JUMP_S,  # of one publisher they only rise, however late it is
    "angles or range limits": 0.1,
    "positions": 0.5,
}
"""What of one publisher does not go back and forth from message to message → by how much it would: s, rad and m, m."""


class Publishers:
    """Takes the messages of one topic in their order."""

    def __init__(self) -> None:
        self._frames: dict[tuple[str, ...], int] = {}
        self._traits: defaultdict[str, list[tuple[float, ...]]] = defaultdict(list)

    def read(self, message: Any) -> None:
        """Take a message."""
        for name, values in self._of(message):
            self._traits[name].append(values)

    def findings(self, topic: str, offered: int) -> list[Finding]:
        """Say whether the messages, or the recorder, know of several publishers.

        Args:
            topic: as recorded.
            offered: publishers that the recorder noted on it.
        """
        remedy = "while several publish on a robot's topic the policy does not act: let one publish there"
        shares = {name: returning(np.array(rows), TRAITS[name]) for name, rows in self._traits.items()}
        told = [f"{name} go back and forth in {share:.1%}" for name, share in shares.items() if share > TOLERATED]
        if told:
            return [fails(f"{topic}: several publishers in turns: {' and '.join(told)} of its messages; {remedy}")]
        if offered > 1:
            return [note(f"{topic}: {offered} publishers when the recorder found it, if none had just ended; {remedy}")]
        return []

    def _of(self, message: Any) -> Iterator[tuple[str, tuple[float, ...]]]:
        if hasattr(message, "header"):
            frames = (message.header.frame_id, getattr(message, "child_frame_id", ""))
            yield "frames", (float(self._frames.setdefault(frames, len(self._frames))),)
            stamp_ns = header_stamp_ns(message)
            if stamp_ns is not None:
                yield "stamps", (stamp_ns / SECOND_NS,)
        if message.__msgtype__ == "sensor_msgs/msg/LaserScan":
            yield "angles or range limits", (message.angle_min, message.angle_max, message.range_max)
        if message.__msgtype__ == "nav_msgs/msg/Odometry":
            position = message.pose.pose.position
            yield "positions", (position.x, position.y, position.z)
        if message.__msgtype__ == "geometry_msgs/msg/TransformStamped":
            translation = message.transform.translation
            yield "positions", (translation.x, translation.y, translation.z)


def returning(rows: NDArray[np.float64], tolerance: float) -> float:
    """Return the share of messages that differ from the one before and the one after, which do not differ from each other.

    Two publishers in turns make all of them such, one that changes once or drifts none.

    Args:
        rows: (n, k) numbers of n messages.
        tolerance: beyond which two numbers differ.
    """
    if len(rows) < RETURNS:
        return 0.0
    next_to, next_but_one = (_differ(rows[step:], rows[:-step], tolerance) for step in (1, 2))
    left = next_to[:-1] & next_to[1:] & ~next_but_one
    return float(left.mean()) if left.sum() >= RETURNS else 0.0


def _differ(rows: NDArray[np.float64], others: NDArray[np.float64], tolerance: float) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):  # infinities are equal
        differing: NDArray[np.bool_] = np.any(np.abs(rows - others) > tolerance, axis=1)
    return differing
