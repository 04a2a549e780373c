"""The contract of a task of another package: one array seen, one array commanded."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from alam_ros.contract import ActionComponent, ActionSpec, Channel, Contract

OBSERVATION_TOPIC = "observation"
ACTION_TOPIC = "action"


@dataclass(frozen=True)
class Part:
    """Consecutive elements of the task's vector.

    Attributes:
        name: of the sensor.
        size: elements.
        power: they are raised to (`Channel.power`).
    """

    name: str
    size: int
    power: float = 1.0


LEAST_TIMEOUT_S = 0.5
MISSED_PERIODS = 5.0
"""Control periods of silence after which a robot's array is stale, at least `LEAST_TIMEOUT_S`."""


def array_contract(
    *, name: str, control_period: float, parts: Sequence[Part], components: tuple[ActionComponent, ...]
) -> Contract:
    """Return the contract of a task whose observation is one vector.

    Args:
        name: of the task.
        control_period: s.
        parts: of the vector, all of it in order; a single one passes through as it is.
        components: the commanded quantities with the task's own limits.
    """
    whole = sum(part.size for part in parts)
    starts = itertools.accumulate((part.size for part in parts), initial=0)
    observation = tuple(
        Channel(
            name=part.name,
            topic=OBSERVATION_TOPIC,
            type="std_msgs/msg/Float32MultiArray",
            field="data",
            size=part.size,
            first=first,
            array_size=None if len(parts) == 1 else whole,
            power=part.power,
            timeout=max(LEAST_TIMEOUT_S, MISSED_PERIODS * control_period),
        )
        for part, first in zip(parts, starts, strict=False)
    )
    action = ActionSpec(topic=ACTION_TOPIC, type="std_msgs/msg/Float64MultiArray", frame="", components=components)
    trigger = observation[0].name
    return Contract(name=name, control_period=control_period, trigger=trigger, observation=observation, action=action)


def passes_through(contract: Contract) -> bool:
    """Return whether the observation is the array as it is."""
    return len(contract.observation) == 1 and contract.observation[0].power == 1.0
