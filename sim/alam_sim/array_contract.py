"""The contract of a task of another package: one array seen, one array commanded."""

from __future__ import annotations

from alam_ros.contract import ActionComponent, ActionSpec, Channel, Contract

OBSERVATION_TOPIC = "observation"
ACTION_TOPIC = "action"


def array_contract(
    *, name: str, control_period: float, observation_size: int, components: tuple[ActionComponent, ...]
) -> Contract:
    """Return the contract of a task whose observation is one vector that passes through as it is.

    Args:
        name: of the task.
        control_period: s.
        observation_size: elements of the vector.
        components: the commanded quantities with the task's own limits.
    """
    channel = Channel(
        name="observation",
        topic=OBSERVATION_TOPIC,
        type="std_msgs/msg/Float32MultiArray",
        field="data",
        size=observation_size,
    )
    action = ActionSpec(topic=ACTION_TOPIC, type="std_msgs/msg/Float64MultiArray", frame="", components=components)
    return Contract(name=name, control_period=control_period, trigger="observation", observation=(channel,), action=action)
