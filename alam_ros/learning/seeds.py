"""Seeds of episodes: training, evaluation along the way and evaluation afterwards can never share one."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

RANGE = 2**30
MAX_EPISODES = 2**20


class Purpose(IntEnum):
    """What episodes are for; each purpose has a range of 2^30 seeds of its own, all below 2^32."""

    TRAINING = 0
    PROGRESS = 1
    EVALUATION = 2
    CALIBRATION = 3


def first_seed(purpose: Purpose, *entropy: int) -> int:
    """Return a seed s; s, s + 1, … s + 2^20 - 1 belong to episodes of this purpose.

    Args:
        purpose: of the episodes.
        entropy: numbers of at least 0, such as the run's seed and its step count; equal ones give equal seeds, and so do those
            that only trailing zeros tell apart.
    """
    word = int(np.random.SeedSequence(entropy).generate_state(1)[0])
    return purpose * RANGE + word % (RANGE - MAX_EPISODES)
