"""Tells that several nodes command one gate: each of their commands passes as it comes, and the robot follows them in turn."""

from __future__ import annotations

from rclpy.node import Node

from alam_ros.nodes.endpoints import publishing_nodes
from alam_ros.nodes.namesake import LISTED_S


class CommandersWatch:
    """Looks who publishes on a gate's topic of commands, and logs each company of several once.

    Args:
        node: the gate.
        topic: fully qualified.
    """

    def __init__(self, node: Node, topic: str) -> None:
        self._node, self._topic = node, topic
        self._told: list[str] = []

    def doubt(self) -> str:
        """Look, and say who they are where they are several; an empty string otherwise."""
        names = publishing_nodes(self._node, self._topic)
        if len(names) < 2:
            self._told = []
            return ""
        text = f"{len(names)} nodes command on {self._topic}, and the robot follows them in turn: {', '.join(names)}"
        if names != self._told:
            self._told = names
            remedy = f"let one of them, or a multiplexer, command (one that was killed is listed for up to {LISTED_S} s)"
            self._node.get_logger().warning(f"{text}; {remedy}")
        return text
