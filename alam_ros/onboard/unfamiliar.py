"""What a novelty is of, for people: a robot that is stopped for it has one sensor or another to be looked at."""

from __future__ import annotations

from alam_ros.runtime import PolicyRuntime


def unfamiliar(runtime: PolicyRuntime, novelty: float) -> str:
    """Say which element of the observation last seen lies farthest outside its range in training.

    Args:
        runtime: that saw it.
        novelty: of that observation.
    """
    return f"unlike training: {runtime.farthest()}, lies {novelty:.3g} of its training range outside that range"
