"""Whether several nodes broadcast the very transforms by which goals are seen."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Any

from rclpy.node import Node
from rclpy.serialization import deserialize_message

from alam_ros.contract.frames import plain_name
from alam_ros.contract.wire import child_frames
from alam_ros.nodes.joint_writers import WAITING
from alam_ros.nodes.transforms import MOVING
from alam_ros.nodes.unhandled_subscription import UnhandledSubscription
from alam_ros.nodes.writer_watch import WriterWatch


class TransformWriters:
    """The writers of /tf.

    Many nodes broadcast there, each its own transforms. Two that broadcast the same one are two robots whose frames have the same
    names, or two sources of one localisation: a goal is then now here and now there.

    Args:
        node: whose remappings apply.
        kind: message type of TF.
    """

    def __init__(self, node: Node, kind: type[Any]) -> None:
        self._node, self._kind = node, kind
        self.topic: str = node.resolve_topic_name(MOVING)
        self._messages = UnhandledSubscription(node, kind, MOVING, WAITING)
        self._watches: defaultdict[str, WriterWatch] = defaultdict(WriterWatch)

    def of_several(self, frames: set[str]) -> tuple[str, ...]:
        """Return those of the frames whose transforms several nodes have broadcast lately. To be called once a second.

        Where the middleware does not number messages, none is known to be.

        Args:
            frames: without a leading slash.
        """
        now, count = time.monotonic(), self._node.count_publishers(self.topic)
        for watch in self._watches.values():
            watch.recount(count)
        for data, number in self._messages.take():
            for frame in {plain_name(child) for child in self._children(data)}:
                self._watches[frame].note(number, now)
        return tuple(sorted(frame for frame in frames if count > 1 and self._watches[frame].are_several(now)))

    def destroy(self) -> None:
        """Unsubscribe."""
        self._messages.destroy()

    def _children(self, data: bytes) -> tuple[str, ...]:
        found = child_frames(data)
        if found is not None:
            return found
        try:
            return tuple(transform.child_frame_id for transform in deserialize_message(data, self._kind).transforms)
        except RuntimeError:  # bytes that are no such message
            return ()
