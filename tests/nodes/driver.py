"""Plays a robot's sensors at the policy node, over ROS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from alam_ros.contract import Contract, Sample
from tests.support.ros import RosGraph  # first: it skips the module where ROS is absent

from alam_ros.nodes.conversions import MESSAGE_TYPES, sample_message  # isort: skip
from alam_ros.nodes.qos import LATCHED, SENSOR  # isort: skip
from alam_ros.nodes.stamps import time_message  # isort: skip

START_NS = 1_700_000_000_123_456_789
"""A time no float of seconds can hold exactly."""

M = TypeVar("M")


class SensorDriver:
    """Publishes the samples of one step after another, each step a control period later by its stamps."""

    def __init__(self, ros: RosGraph, contract: Contract, namespace: str = "") -> None:
        self._ros = ros
        self._contract = contract
        self._latched = {channel.topic for channel in contract.observation if channel.timeout is None}
        self._publishers = {
            topic: ros.publisher(MESSAGE_TYPES[kind], f"{namespace}/{topic}", LATCHED if topic in self._latched else SENSOR)
            for topic, kind in contract.topics()
        }

    def connect(self, samples: Mapping[str, Sample], is_answered: Callable[[], object]) -> None:
        """Publish until the node answers: best-effort data are lost until both ends have found each other.

        The stamps lie so far back that the node's histories start anew with step 0.
        """
        steps = iter(range(-2000, -10))

        def try_again() -> object:
            self.publish(next(steps), samples)
            return is_answered()

        self._ros.wait_for(try_again, "the node to be connected")

    def publish(self, step: int, samples: Mapping[str, Sample]) -> Any:
        """Publish samples by topic, a goal before what is seen in its light, and return their stamp."""
        stamp = time_message(START_NS + round(step * self._contract.control_period * 1e9))
        for topic in sorted(samples, key=lambda name: name not in self._latched):
            self._publishers[topic].publish(sample_message(samples[topic], stamp))
        return stamp

    def publish_bytes(self, topic: str, data: bytes) -> None:
        """Publish what need not be a message."""
        self._publishers[topic].publish(data)

    def answer(self, messages: list[M], stamp: Any) -> M:
        """Return the message with this stamp once it has arrived."""
        found: list[M] = []

        def is_there() -> bool:
            found.extend(message for message in messages if message.header.stamp == stamp)  # type: ignore[attr-defined]
            return bool(found)

        self._ros.wait_for(is_there, f"an answer to {stamp}")
        return found[0]
