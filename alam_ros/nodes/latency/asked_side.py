"""One of the two nodes that are compared, as the probe sees it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy

from alam_ros.contract.cdr import BEGIN, STAMP
from alam_ros.msg import RiskEstimate
from alam_ros.nodes.latency.roles import Port, Role
from alam_ros.nodes.latency.traffic import example
from alam_ros.nodes.stamps import time_message


@dataclass
class Turn:
    """What a side did in one turn.

    Attributes:
        questions: how many were counted.
        answers: topic → (number of the question, latency in s) of each answer.
        cpu_s: processor time of the side's process.
        wall_s: length.
    """

    answers: dict[str, list[tuple[int, float]]]
    questions: int = 0
    cpu_s: float = 0.0
    wall_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question on its way: of which turn, its number in it, when it was published (s)."""

    turn: Turn
    number: int
    time: float


@dataclass
class _Usage:
    """Processor time and steady time, s."""

    cpu: float = 0.0
    wall: float = field(default_factory=time.perf_counter)


class AskedSide:
    """Publishes what the node is to hear and hears its answers.

    Args:
        node: of the probe.
        name: namespace of the node.
        role: of the node.
        process: its process id.
        policy_id: of the policy by which it works.

    Attributes:
        turns: those that have begun.
    """

    def __init__(self, node: Node, name: str, role: Role, process: int, policy_id: str) -> None:
        self._role = role
        self._cpu_clock = (~process << 3) | 2  # Linux: clock of another process's processor time (MAKE_PROCESS_CPUCLOCK)
        self._outputs = {topic: _output(node, f"/{name}/{topic}", port, policy_id) for topic, port in role.inputs.items()}
        self._latched = [topic for topic, port in role.sensors.items() if _is_latched(port)]
        self._subscriptions = [
            node.create_subscription(port.kind, f"/{name}/{topic}", self._receiver(topic), port.qos[0], raw=True)
            for topic, port in role.answers.items()
        ]
        self._asked: dict[str, dict[bytes, _Asked]] = {topic: {} for topic in role.answers}
        self._since = _Usage()
        self.turns: list[Turn] = []

    def is_connected(self) -> bool:
        """Say whether the node is found on all topics."""
        heard = all(publisher.get_subscription_count() > 0 for publisher, _ in self._outputs.values())
        return heard and all(subscription.get_publisher_count() > 0 for subscription in self._subscriptions)

    def latch(self, stamp_ns: int) -> None:
        """Publish what is published once, such as a goal."""
        for topic in self._latched:
            self._publish(topic, stamp_ns)

    def show(self, stamp_ns: int) -> None:
        """Publish what the sensors see."""
        for topic in self._role.sensors:
            if topic not in self._latched:
                self._publish(topic, stamp_ns)

    def begin_turn(self) -> None:
        """Count from now on."""
        self.turns.append(Turn({topic: [] for topic in self._role.answers}))
        self._since = _Usage(time.clock_gettime(self._cpu_clock))

    def end_turn(self) -> None:
        """Note what the turn took."""
        turn, since = self.turns[-1], self._since
        turn.cpu_s, turn.wall_s = time.clock_gettime(self._cpu_clock) - since.cpu, time.perf_counter() - since.wall

    def ask(self, stamp_ns: int, number: int) -> None:
        """Publish a question; unless its number is below 0 its answers are timed."""
        *before, trigger = self._role.questions
        for topic in before:
            self._publish(topic, stamp_ns)
        publisher, message = self._outputs[trigger]
        stamp = message.header.stamp = time_message(stamp_ns)
        if number >= 0:
            turn = self.turns[-1]
            turn.questions += 1
            asked = _Asked(turn, number, time.perf_counter())
            for waiting in self._asked.values():
                waiting[STAMP.pack(stamp.sec, stamp.nanosec)] = asked
        publisher.publish(message)

    def _publish(self, topic: str, stamp_ns: int) -> None:
        publisher, message = self._outputs[topic]
        message.header.stamp = time_message(stamp_ns)
        publisher.publish(message)

    def _receiver(self, topic: str) -> Callable[[bytes], None]:
        def receive(message: bytes) -> None:
            now = time.perf_counter()
            # Only the first answer counts; a gate repeats the last command.
            asked = self._asked[topic].pop(message[BEGIN : BEGIN + STAMP.size], None)
            if asked is not None:
                asked.turn.answers[topic].append((asked.number, now - asked.time))

        return receive


def _output(node: Node, topic: str, port: Port, policy_id: str) -> tuple[Any, Any]:
    message = example(port.kind)
    if isinstance(message, RiskEstimate):
        message.policy_id = policy_id
    return node.create_publisher(port.kind, topic, port.qos[0]), message


def _is_latched(port: Port) -> bool:
    return any(qos.durability == DurabilityPolicy.TRANSIENT_LOCAL for qos in port.qos)
