"""A subscription that no executor handles: what came waits until it is asked for, with the number that its writer gave it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.type_support import check_for_type_support


class UnhandledSubscription:
    """Serialised messages of a topic with their numbers.

    rclpy hands a number to callbacks that take a second argument, but of those its `EventsExecutor` dies (rclpy 7.1).

    Args:
        node: whose namespace and remappings apply.
        message_type: of the topic.
        topic: its name.
        qos: its depth says how many messages wait; older ones are lost.
    """

    def __init__(self, node: Node, message_type: type[Any], topic: str, qos: QoSProfile) -> None:
        self._type = message_type
        check_for_type_support(message_type)
        with node.handle:
            self._handle = rclpy_implementation.Subscription(node.handle, message_type, topic, qos.get_c_qos_profile())

    def take(self) -> Iterator[tuple[bytes, int | None]]:
        """Yield what has come since: message and number, None where the middleware does not tell."""
        with self._handle:
            while (taken := self._handle.take_message(self._type, True)) is not None:
                yield taken[0], taken[1].get("publication_sequence_number")

    def destroy(self) -> None:
        """Unsubscribe."""
        self._handle.destroy_when_not_in_use()
