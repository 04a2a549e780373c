"""What keeps a node from working, in its log: again and again, but not with every message that arrives."""

from __future__ import annotations

import math
import time

from rclpy.node import Node

LOG_PERIOD_S = 5.0


class Complaints:
    """Warns of each reason at most every `LOG_PERIOD_S`, so that none hides another, as rclpy's throttle by place would."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._told: dict[str, float] = {}

    def tell(self, reason: str, text: str) -> None:
        """Log a warning.

        Args:
            reason: what it is about, the same for texts that differ in numbers only.
            text: for people.
        """
        now = time.monotonic()
        if now - self._told.get(reason, -math.inf) >= LOG_PERIOD_S:
            self._told[reason] = now
            self._node.get_logger().warning(text)
