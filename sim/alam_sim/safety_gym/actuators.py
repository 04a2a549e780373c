"""The commanded quantities of a MuJoCo model."""

from __future__ import annotations

from typing import Any

from alam_ros.contract import ActionComponent


def actuators(model: Any) -> tuple[ActionComponent, ...]:
    """Return the actuators of a `mujoco.MjModel`, named by themselves or by their joint; MuJoCo's controls have no unit."""
    ranges = model.actuator_ctrlrange
    return tuple(
        ActionComponent(name=_name(model, index), unit="1", low=float(low), high=float(high))
        for index, (low, high) in enumerate(ranges)
    )


def _name(model: Any, index: int) -> str:
    actuator = model.actuator(index)
    return str(actuator.name or model.joint(int(actuator.trnid[0])).name or f"actuator_{index}")
