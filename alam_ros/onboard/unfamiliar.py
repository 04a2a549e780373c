"""What a novelty is of, for people: a robot that is stopped for it has one sensor or another to be looked at."""

from __future__ import annotations

from alam_ros.contract import Contract
from alam_ros.runtime import PolicyRuntime


def unfamiliar(runtime: PolicyRuntime, contract: Contract, novelty: float) -> str:
    """Say which element of the observation last seen lies farthest outside its range in training.

    Args:
        runtime: that saw it.
        contract: of this robot, whose names are told.
        novelty: of that observation.
    """
    name = contract.element_name(runtime.farthest())
    return f"unlike training: {name}, lies {novelty:.3g} of its training range outside that range"


def unvaried(runtime: PolicyRuntime) -> str:
    """Say which elements never varied in training, and what comes of it on a robot; an empty string where all did."""
    names = "; ".join(runtime.unvaried())
    if not names:
        return ""
    return (
        f"never varied in training: {names}. A robot whose sensors say otherwise there, by their noise alone, is unlike training"
        " and stops: give the simulator that noise, or leave these out of the contract"
    )
