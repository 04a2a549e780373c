"""Subscriptions to what may be published for once, and to all else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription


def subscribe(
    node: Node, message_type: type[Any], topic: str, callback: Callable[[bytes], None], qos: QoSProfile, *, is_latched: bool
) -> list[Subscription]:
    """Subscribe to serialised messages; to a latched topic twice.

    Only a transient local subscription receives what was published before, only a volatile one matches a volatile publisher, such
    as RViz's goal tool. The first is told nothing of such a publisher, for rclpy would warn that no messages come from it. What
    comes to both arrives twice.

    Args:
        node: whose namespace and remappings apply.
        message_type: of the topic.
        topic: its name.
        callback: called with each message.
        qos: of the volatile subscription; the other one has its depth.
        is_latched: whether what was published once stays valid.
    """
    found = [node.create_subscription(message_type, topic, callback, qos, raw=True)]
    if is_latched:
        durable = QoSProfile(depth=qos.depth, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        silent = SubscriptionEventCallbacks(use_default_callbacks=False)
        found.append(node.create_subscription(message_type, topic, callback, durable, raw=True, event_callbacks=silent))
    return found
