"""Tells what connects to nothing because two nodes call different things by one name.

ROS reports unlike qualities of service, but not unlike types: a `Twist` on a topic on which somebody waits for a `TwistStamped`
arrives nowhere, in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rclpy.node import Node

from alam_ros.contract.schema import TWIST_TYPES
from alam_ros.nodes.endpoints import UNDISCOVERED, publishers_on, subscriptions_on

STAMPED_IN = "enable_stamped_cmd_vel_in"
UNHEARD = 3
"""Looks without a subscriber after which a user is told; discovery takes one or two."""


class Mismatches:
    """Logs each topic of a node that somebody else uses with another type, once, and a simulated clock that nobody drives."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._told: set[str] = set()

    def tell(self) -> None:
        """Look at the graph and log what is new: for a node that waits, so that its user learns why."""
        for text in self._found():
            if text not in self._told:
                self._told.add(text)
                self._node.get_logger().warning(text)

    def _found(self) -> Iterator[str]:
        clock = self._node.get_clock()
        if getattr(clock, "ros_time_is_active", False) and not clock.now().nanoseconds:
            yield "`use_sim_time` is set, and nothing has come on /clock: start the simulator or the player, or unset it"
        for subscription in self._node.subscriptions:
            mine = interface_name(subscription.msg_type)
            topic = subscription.topic_name
            for kind, name in _others(publishers_on(self._node, topic), mine):
                text = f"`{name}` publishes {kind} on {topic}, of which nothing arrives: this node reads {mine} there"
                yield text + self._remedy(kind, mine)
        for publisher in self._node.publishers:
            mine = interface_name(publisher.msg_type)
            topic = publisher.topic_name
            for kind, name in _others(subscriptions_on(self._node, topic), mine):
                yield f"`{name}` reads {kind} on {topic}, where nothing reaches it: this node publishes {mine} there"

    def _remedy(self, kind: str, mine: str) -> str:
        """Say how the monitor, who alone takes commands, is told which of the two kinds of Twist a commander sends."""
        if not {kind, mine} <= set(TWIST_TYPES) or not self._node.has_parameter("cmd_vel_in_topic"):
            return ""
        return f"; set `{STAMPED_IN}: {str(kind.endswith('Stamped')).lower()}` if that is the commander"


class UnheardWatch:
    """Tells that nothing subscribes to what a node publishes, once each time that it begins.

    Args:
        node: that publishes.
        remedy: what its user may do.
    """

    def __init__(self, node: Node, remedy: str) -> None:
        self._node, self._remedy = node, remedy
        self._looks = 0

    def is_unheard(self, publisher: Any) -> bool:
        """Look, once a second, and say whether nothing has subscribed for some looks."""
        self._looks = 0 if publisher.get_subscription_count() else self._looks + 1
        if self._looks == UNHEARD:
            self._node.get_logger().warning(f"nothing subscribes to {publisher.topic_name}; {self._remedy}")
        return self._looks >= UNHEARD


def interface_name(message_type: type[Any]) -> str:
    """Return a message type's name, such as `std_msgs/msg/Header`."""
    return f"{message_type.__module__.partition('.msg')[0]}/msg/{message_type.__name__}"


def _others(endpoints: Iterable[Any], mine: str) -> Iterator[tuple[str, str]]:
    """Yield type and node of the endpoints with another type than ours; those whose node is not discovered yet come later."""
    others = (endpoint for endpoint in endpoints if endpoint.topic_type != mine and endpoint.node_name != UNDISCOVERED)
    return ((endpoint.topic_type, endpoint.node_name) for endpoint in others)
