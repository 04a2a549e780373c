"""The map a seed makes, for drawing: the simulator draws it from the same generator."""

from __future__ import annotations

from typing import Any

from gymnasium.utils.seeding import np_random

NAVIGATION = "alam/Navigation-v0"


def navigation_map(environment: str, seed: int) -> dict[str, Any] | None:
    """Return obstacles, walls and distances of the first episode of a seed; None for tasks that have no such map.

    Args:
        environment: id of the task, which is made as the simulator node makes it: without arguments.
        seed: with which it is reset.
    """
    if environment != NAVIGATION:
        return None
    from alam_sim.navigation.config import NavigationConfig
    from alam_sim.navigation.layout import Layout
    from alam_sim.navigation.robot import BODY_RADIUS

    config = NavigationConfig()
    layout = Layout(config, BODY_RADIUS, np_random(seed)[0])
    return {
        "arena_half_width": config.arena_half_width,
        "safety_distance": config.safety_distance,
        "goal_radius": config.goal_radius,
        "body_radius": BODY_RADIUS,
        "start": list(layout.start),
        "static": layout.static.tolist(),
        "movers": [
            {"start": list(mover.start), "end": list(mover.end), "speed": mover.speed, "radius": mover.radius}
            for mover in layout.movers
        ],
    }
