"""Subscribes to a contract's topics and turns what arrives into control ticks."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from rclpy.node import Node
from rclpy.serialization import deserialize_message

from alam_ros.contract import Contract, ControlTick
from alam_ros.nodes.conversions import MESSAGE_TYPES
from alam_ros.nodes.joint_writers import JointWriters
from alam_ros.nodes.qos import SENSOR
from alam_ros.nodes.stamps import ros_time_ns
from alam_ros.nodes.subscriptions import subscribe
from alam_ros.nodes.transform_writers import TransformWriters
from alam_ros.nodes.transforms import STATIC, TRANSFORM_TOPICS, transform_type
from alam_ros.onboard.observations import ObservationStream

LOG_PERIOD_S = 5.0
SLOW = 1.25
"""Ratio of measured to trained control period from which a policy sees another time scale than it learned."""


class ObservationSource:
    """The subscriptions of one contract and the synchroniser they feed.

    Attributes:
        synchroniser: what is missing, stale or out of step, for diagnostics.
        shared: topics on which, when `problem` was asked last, several nodes published what can only be one's; of joint states,
            which several devices may publish, those where several published the contract's own joints, and of transforms those
            where several broadcast one that goals are seen through. Nobody knows then which of them sees what the robot is driven
            into, or where.
    """

    def __init__(self, node: Node, contract: Contract, on_arrival: Callable[[str], None]) -> None:
        """Subscribe.

        Args:
            node: whose namespace and remappings apply to the contract's topics.
            contract: what to subscribe to.
            on_arrival: called with the topic after each message, to `poll`.
        """
        self._node = node
        self._on_arrival = on_arrival
        self._trained_period = contract.control_period
        self._stream = ObservationStream(contract)
        self.synchroniser = self._stream.synchroniser
        self.shared: tuple[str, ...] = ()
        latched = contract.latched_topics
        self._exclusive = {topic: node.resolve_topic_name(topic) for topic, _ in contract.topics() if topic not in latched}
        self._joint_writers = {
            topic: JointWriters(node, topic, contract.joints_on(topic)) for topic in self._exclusive if contract.joints_on(topic)
        }
        self._subscriptions = [
            subscription
            for topic, kind in contract.topics()
            for subscription in subscribe(
                node, MESSAGE_TYPES[kind], topic, self._callback(topic, kind), SENSOR, is_latched=topic in latched
            )
        ]
        kind = transform_type(contract)
        if kind is None and contract.needs_transforms:
            node.get_logger().warning("no tf2_msgs is installed: goals must be in the frame of what they are seen from")
        self._transform_writers = None if kind is None else TransformWriters(node, kind)
        if kind is not None:
            self._subscriptions += [
                node.create_subscription(kind, topic, self._transform_callback(topic), qos)
                for topic, qos in TRANSFORM_TOPICS.items()
            ]

    def poll(self) -> ControlTick | None:
        """Run the control tick that is due, if any.

        Raises:
            ObservationError: when one is due and cannot be run; the message says why.
        """
        return self._stream.poll(time.monotonic())

    def waits_until(self) -> float | None:
        """Return when to poll again though nothing arrives, s of the steady clock; None where no control tick waits."""
        return self._stream.waits_until()

    def ages(self) -> dict[str, float]:
        """Return for each channel the seconds since its oldest topic last arrived."""
        return self.synchroniser.ages(time.monotonic())

    def stale(self) -> tuple[str, ...]:
        """Return the names of the channels whose silence exceeds their timeout."""
        return self.synchroniser.stale(time.monotonic())

    def problem(self) -> str:
        """Say why its control ticks are not to be believed, or do not come; an empty string where all is well.

        To be called once a second, for it looks anew for other publishers.
        """
        self.shared = self._topics_of_several_nodes()
        if self.shared:
            return f"several nodes publish on {', '.join(self.shared)}: a robot has one of each"
        missing, stale = self.synchroniser.missing(), self.stale()
        if missing:
            since = " since the clock was set back: publish again what is latched" if self.synchroniser.restarts else ""
            return f"no data yet on {', '.join(missing)}{since}"
        unadvanced = self.synchroniser.unadvanced(time.monotonic()) if stale else ()
        cause = f"; messages come on {', '.join(unadvanced)}, but their stamps do not advance" if unadvanced else ""
        return f"stale: {', '.join(stale)}{cause}" if stale else ""

    def slowness(self) -> str:
        """Say that control ticks come more rarely than in training, where they do: a history then spans another time."""
        measured, trained = self.synchroniser.measured_period, self._trained_period
        return f"control period {measured:.3f} s, trained with {trained:.3f} s" if measured > SLOW * trained else ""

    def stamp_ns(self, tick: ControlTick) -> int:
        """Return the stamp of a tick's observation, to the nanosecond that of its trigger."""
        return self._stream.stamp_ns(tick)

    def destroy(self) -> None:
        """Unsubscribe."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        for writers in self._joint_writers.values():
            writers.destroy()
        if self._transform_writers is not None:
            self._transform_writers.destroy()

    def _topics_of_several_nodes(self) -> tuple[str, ...]:
        topics = tuple(name for topic, name in self._exclusive.items() if self._is_of_several_nodes(topic, name))
        return topics + self._transforms_of_several_nodes()

    def _transforms_of_several_nodes(self) -> tuple[str, ...]:
        if self._transform_writers is None:
            return ()
        writers = self._transform_writers
        return tuple(f"{writers.topic} of `{frame}`" for frame in writers.of_several(self._stream.frames_used()))

    def _is_of_several_nodes(self, topic: str, name: str) -> bool:
        if topic in self._joint_writers:
            return self._joint_writers[topic].are_several(is_shared=self.synchroniser.has_several_devices(topic))
        return bool(self._node.count_publishers(name) > 1)

    def _now_ns(self) -> int:
        return ros_time_ns(self._node)

    def _transform_callback(self, topic: str) -> Callable[[Any], None]:
        def receive(message: Any) -> None:
            self._stream.receive_transforms(message, received=time.monotonic(), is_static=topic == STATIC)

        return receive

    def _callback(self, topic: str, kind: str) -> Callable[[bytes], None]:
        library = partial(deserialize_message, message_type=MESSAGE_TYPES[kind])

        def receive(data: bytes) -> None:
            received = time.monotonic()
            try:
                self._stream.receive_serialised(topic, kind, data, received=received, now_ns=self._now_ns, library=library)
            except RuntimeError as error:  # rclpy's, for bytes that are no such message
                self._node.get_logger().warning(f"ignored on `{topic}`: {error}", throttle_duration_sec=LOG_PERIOD_S)
                return
            self._on_arrival(topic)

        return receive
