"""Who publishes and subscribes on a topic, by the name that it has on the wire.

rclpy remaps the name that it is asked for once more: where `cmd_out` is `cmd_vel` and `cmd_vel` is `cmd_vel_raw`, as when a gate
is put between two nodes, it would look at the wrong topic.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node
from rclpy.topic_endpoint_info import TopicEndpointInfo

from alam_ros.parameter_file import full_name

UNDISCOVERED = "_NODE_NAME_UNKNOWN_"
"""What rmw calls a node of which it knows endpoints only; it is named a second later."""
PROCESS_BYTES = 12
"""Of an endpoint's identity, those that all endpoints of one process have in common (RTPS 9.3.1)."""


def publishers_on(node: Node, topic: str) -> list[TopicEndpointInfo]:
    """Return the publishers on a fully qualified topic, which is not remapped."""
    return _endpoints(node, topic, rclpy_implementation.rclpy_get_publishers_info_by_topic)


def subscriptions_on(node: Node, topic: str) -> list[TopicEndpointInfo]:
    """Return the subscriptions on a fully qualified topic, which is not remapped."""
    return _endpoints(node, topic, rclpy_implementation.rclpy_get_subscriptions_info_by_topic)


def publishing_nodes(node: Node, topic: str) -> list[str]:
    """Return the fully qualified names of the nodes that publish on a fully qualified topic, each once; two may have one name."""
    nodes = {
        (tuple(endpoint.endpoint_gid[:PROCESS_BYTES]), full_name(endpoint.node_namespace, endpoint.node_name))
        for endpoint in publishers_on(node, topic)
        if endpoint.node_name != UNDISCOVERED
    }
    return sorted(name for _, name in nodes)


def _endpoints(node: Node, topic: str, query: Callable[[Any, str, bool], list[dict[str, Any]]]) -> list[TopicEndpointInfo]:
    with node.handle:
        return [TopicEndpointInfo(**endpoint) for endpoint in query(node.handle, topic, False)]
