"""The null task of the learners: its observations, rewards and costs are noise, so that stepping it costs nothing to speak of."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

COST_SHARE = 0.1
EPISODE_STEPS = 100


def random_transitions(rng: np.random.Generator, count: int, observation: int, action: int) -> dict[str, NDArray[Any]]:
    """Return arrays of first dimension `count`, named as the arguments of our replay buffer."""
    return {
        "observation": rng.standard_normal((count, observation), np.float32),
        "action": rng.uniform(-1.0, 1.0, (count, action)).astype(np.float32),
        "next_observation": rng.standard_normal((count, observation), np.float32),
        "reward": rng.standard_normal(count),
        "cost": (rng.random(count) < COST_SHARE).astype(np.float64),
        "terminated": rng.random(count) < 1.0 / EPISODE_STEPS,
    }
