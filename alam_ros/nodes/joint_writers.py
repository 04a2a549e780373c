"""Whether several devices publish the very joints that a contract reads."""

from __future__ import annotations

import struct
import time

from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import JointState

from alam_ros.nodes.unhandled_subscription import UnhandledSubscription
from alam_ros.nodes.writer_watch import WriterWatch

WAITING = QoSProfile(depth=200, reliability=ReliabilityPolicy.BEST_EFFORT)
"""Messages to be looked at once a second; two devices that both go on are among the last of them."""

LITTLE_ENDIAN = b"\x00\x01"
FRAME = 12
"""Where the frame's length stands, behind the encapsulation and the stamp; the names follow the frame."""


class JointWriters:
    """The writers of the joint states on one topic.

    Args:
        node: whose namespace and remappings apply.
        topic: of the joint states.
        joints: that the contract reads there.
    """

    def __init__(self, node: Node, topic: str, joints: frozenset[str]) -> None:
        self._node, self._joints = node, joints
        self._encoded = [_encoded(joint) for joint in joints]
        self._name = node.resolve_topic_name(topic)
        self._messages = UnhandledSubscription(node, JointState, topic, WAITING)
        self._watch = WriterWatch()

    def are_several(self, *, is_shared: bool) -> bool:
        """Say whether several have published the contract's joints lately; who has sent nothing may be a gripper.

        To be called once a second.

        Args:
            is_shared: whether joint states of other joints have come, too. Where the middleware does not number messages, another
                publisher is taken for another device's only then.
        """
        now, count = time.monotonic(), self._node.count_publishers(self._name)
        self._watch.recount(count)
        for data, number in self._messages.take():
            if self._is_own(data):
                self._watch.note(number, now)
        several = self._watch.are_several(now)
        return count > 1 and (not is_shared if several is None else several)

    def destroy(self) -> None:
        """Unsubscribe."""
        self._messages.destroy()

    def _is_own(self, data: bytes) -> bool:
        """Say whether a message names a joint of the contract, without making a message of it: there may be hundreds."""
        try:
            if data[:2] != LITTLE_ENDIAN:
                return not self._joints.isdisjoint(deserialize_message(data, JointState).name)
            names_at = FRAME + 4 + int(struct.unpack_from("<I", data, FRAME)[0])
        except (RuntimeError, struct.error):  # bytes that are no such message, which is told where they are read
            return False
        return any(data.find(joint, names_at) >= 0 for joint in self._encoded)


def _encoded(joint: str) -> bytes:
    """Return a joint's name as it stands in a message: its length, the name and a zero."""
    name = joint.encode() + b"\x00"
    return struct.pack("<I", len(name)) + name
