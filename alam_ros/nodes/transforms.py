"""TF, where it is installed: what a contract with goals in frames of their own subscribes to."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from alam_ros.contract import Contract

MOVING, STATIC = "/tf", "/tf_static"
TRANSFORM_TOPICS = {
    MOVING: QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE),
    STATIC: QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL),
}
"""Topic → quality of service, as tf2_ros has them; to be remapped as its own."""


def transform_type(contract: Contract) -> type[Any] | None:
    """Return the message type of TF; None for a contract that needs no transforms, and where tf2_msgs is not installed."""
    if not contract.needs_transforms or importlib.util.find_spec("tf2_msgs") is None:
        return None
    found: type[Any] = importlib.import_module("tf2_msgs.msg").TFMessage
    return found
