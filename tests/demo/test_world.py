from __future__ import annotations

import math

import pytest

from alam_ros.demo.world import navigation_map
from alam_sim.navigation.environment import NavigationEnv


@pytest.mark.parametrize("seed", [0, 3, 12345])
def test_map_is_the_one_the_simulator_drives_on(seed: int) -> None:
    environment = NavigationEnv()
    _, info = environment.reset(seed=seed)
    environment.close()
    world = navigation_map("alam/Navigation-v0", seed)
    assert world is not None
    x, y, _ = info["samples"]["odom"].position
    obstacles = [*world["static"], *((*mover["start"], mover["radius"]) for mover in world["movers"])]
    gaps = [math.dist((x, y), (a, b)) - radius for a, b, radius in obstacles]
    gaps.append(world["arena_half_width"] - max(abs(x), abs(y)))
    assert min(gaps) - world["body_radius"] == pytest.approx(info["clearance"])
    assert (x, y) == pytest.approx(world["start"][:2])


def test_other_tasks_have_no_map() -> None:
    assert navigation_map("SafetyPointGoal1-v0", 0) is None
