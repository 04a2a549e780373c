"""Tells who else publishes on a topic that should be one node's: commands that no gate has seen reach the robot as well."""

from __future__ import annotations

from rclpy.node import Node

from alam_ros.nodes.endpoints import publishing_nodes


class BypassWatch:
    """Looks for other publishers on a topic of a node, and logs each once.

    Args:
        node: whose topic it should be.
        topic: fully qualified.
    """

    def __init__(self, node: Node, topic: str) -> None:
        self._node, self._topic = node, topic
        self._told: set[str] = set()

    def others(self) -> tuple[str, ...]:
        """Return the fully qualified names of the other nodes that publish there now; another one may have this one's name."""
        publishers = publishing_nodes(self._node, self._topic)
        mine = self._node.get_fully_qualified_name()
        if mine in publishers:
            publishers.remove(mine)
        names = set(publishers)
        for name in sorted(names - self._told):
            who = f"another `{name}`" if name == mine else f"`{name}`"
            self._node.get_logger().error(f"{who} publishes on {self._topic} too: its commands reach the robot past this gate")
        self._told |= names
        return tuple(sorted(names))
