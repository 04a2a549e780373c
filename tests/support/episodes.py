"""Recorded episodes made up for tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from alam_ros.learning.evaluation import EpisodeRecord


def episode(
    cost: Sequence[float],
    *,
    cost_value: Sequence[float] | np.ndarray | None = None,
    observation: np.ndarray | None = None,
    multiplier: Sequence[float] | np.ndarray | None = None,
    clearance: Sequence[float] | np.ndarray | None = None,
    probability: Sequence[float] | np.ndarray | None = None,
    terminated: bool = False,
    seed: int = 0,
) -> EpisodeRecord:
    """Return an episode with these costs; what is not given is zero, the probability and the clearance unknown."""
    length = len(cost)

    def column(values: Sequence[float] | np.ndarray | None, otherwise: float = 0.0) -> np.ndarray:
        return np.full(length, otherwise, np.float32) if values is None else np.asarray(values, np.float32)

    return EpisodeRecord(
        seed=seed,
        terminated=terminated,
        observation=np.zeros((length, 1), np.float32) if observation is None else observation.astype(np.float32),
        action=np.zeros((length, 1), np.float32),
        reward=np.zeros(length),
        cost=np.asarray(cost, np.float64),
        violation=np.minimum(np.asarray(cost, np.float64), 1.0),
        clearance=column(clearance, np.nan).astype(np.float64),
        cost_value=column(cost_value),
        multiplier=column(multiplier),
        effective_multiplier=column(multiplier),
        probability=column(probability, np.nan),
    )
