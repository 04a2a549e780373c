"""Which messages go into a node and which come out of it: what a bare node must take and give to be compared with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rclpy.qos import QoSProfile

from alam_ros.contract import Contract
from alam_ros.msg import RiskEstimate
from alam_ros.nodes.conversions import MESSAGE_TYPES
from alam_ros.nodes.qos import COMMAND, LATCHED, RISK, SENSOR


@dataclass(frozen=True)
class Port:
    """One topic.

    Attributes:
        kind: message type.
        qos: of our node's end, one for each subscription.
        is_raw: whether our node takes the bytes only, because nothing but the arrival counts.
    """

    kind: type[Any]
    qos: tuple[QoSProfile, ...]
    is_raw: bool = False


@dataclass(frozen=True)
class Role:
    """What a node does on the wire.

    Attributes:
        sensors: topic → what describes the world, latched topics first.
        questions: topic → what is to be answered, in the order of publication; the last one's arrival starts the answer.
        answers: topic → what is answered, in the order of publication, under the last question's stamp.
    """

    sensors: Mapping[str, Port]
    questions: Mapping[str, Port]
    answers: Mapping[str, Port]

    @property
    def inputs(self) -> Mapping[str, Port]:
        """Return all that goes in."""
        return {**self.sensors, **self.questions}

    @property
    def trigger(self) -> str:
        """Return the topic whose arrival starts the answer."""
        return list(self.questions)[-1]


def role_of(name: str, contract: Contract) -> Role:
    """Return the role of the policy node (`policy`), or of the safety monitor: told the risk (`monitor`) or judging (`judge`)."""
    ports = _ports(contract, is_raw=name == "monitor")
    command = Port(MESSAGE_TYPES[contract.action.type], (COMMAND,))
    risk = Port(RiskEstimate, (RISK,))
    if name == "policy":
        trigger = next(channel.topic for channel in contract.observation if channel.name == contract.trigger)
        moving = {topic: port for topic, port in ports.items() if port.qos == (SENSOR,) and topic != trigger}
        latched = {topic: port for topic, port in ports.items() if port.qos != (SENSOR,)}
        return Role(latched, {**moving, trigger: ports[trigger]}, {"alam/risk": risk, "policy/action": command})
    if name == "monitor":
        return Role(ports, {"alam/risk": risk, "policy/action": command}, {"cmd_vel": command})
    return Role(ports, {"cmd_in": command}, {"cmd_out": command})


def _ports(contract: Contract, *, is_raw: bool) -> dict[str, Port]:
    """Return the contract's topics, latched ones first; those twice, as our nodes subscribe to them."""
    latched = contract.latched_topics
    topics = sorted(contract.topics(), key=lambda pair: pair[0] not in latched)
    return {
        topic: Port(MESSAGE_TYPES[kind], (LATCHED, SENSOR) if topic in latched else (SENSOR,), is_raw) for topic, kind in topics
    }
