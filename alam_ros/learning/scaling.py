"""Units the learner measures itself, so that one configuration serves tasks whose observations and rewards differ by decades."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

LEAST_DEVIATION = 1.0
"""Elements that vary by more are scaled down to it; those that vary less are only centred, not blown up (docs/decisions/0005)."""
REFRESH_GROWTH = 1.1
"""The units in force follow the measured ones each time the data have grown by this factor: ever more rarely, by ever less."""


class Units:
    """Mean and standard deviation of each observation element and the root mean square of the reward, over all collected data.

    Args:
        observation_size: of the contract.
        observations: whether observations are normalised; otherwise their units stay 0 and 1.
        reward: root mean square the learner's rewards shall have; None leaves rewards as they are.

    Attributes:
        mean, inverse_deviation: the observation's units in force, (observation_size,).
        reward_factor: by which rewards are multiplied.
    """

    def __init__(self, observation_size: int, *, observations: bool, reward: float | None) -> None:
        self._observations, self._reward = observations, reward
        self._count = 0
        self._refresh_at = 1.0
        self._sum = np.zeros(observation_size)
        self._square_sum = np.zeros(observation_size)
        self._reward_square_sum = 0.0
        self.mean = torch.zeros(observation_size)
        self.inverse_deviation = torch.ones(observation_size)
        self.reward_factor = 1.0

    def measure(self, observation: NDArray[np.float32], reward: NDArray[np.floating[Any]]) -> None:
        """Take in n transitions: (n, observation_size) and (n,)."""
        rows = observation.astype(np.float64)
        self._count += len(rows)
        self._sum += rows.sum(0)
        self._square_sum += np.square(rows).sum(0)
        self._reward_square_sum += float(np.square(reward, dtype=np.float64).sum())

    def refresh(self) -> bool:
        """Put the measured units in force, if the data have grown enough since the last time; say whether."""
        if self._count < self._refresh_at or self._count == 0:
            return False
        self._refresh_at = self._count * REFRESH_GROWTH
        if self._observations:
            mean = self._sum / self._count
            variance = np.maximum(self._square_sum / self._count - np.square(mean), 0.0)
            self.mean.copy_(torch.from_numpy(mean))
            self.inverse_deviation.copy_(torch.from_numpy(1.0 / np.maximum(np.sqrt(variance), LEAST_DEVIATION)))
        root_mean_square = float(np.sqrt(self._reward_square_sum / self._count))
        if self._reward is not None and root_mean_square > 0.0:
            self.reward_factor = self._reward / root_mean_square
        return True

    def normalise(self, observation: Tensor) -> Tensor:
        """Return raw observations (batch, observation_size) in the units in force."""
        return (observation - self.mean) * self.inverse_deviation

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {
            "count": self._count,
            "refresh_at": self._refresh_at,
            "sum": torch.from_numpy(self._sum.copy()),
            "square_sum": torch.from_numpy(self._square_sum.copy()),
            "reward_square_sum": self._reward_square_sum,
            "mean": self.mean.clone(),
            "inverse_deviation": self.inverse_deviation.clone(),
            "reward_factor": self.reward_factor,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore measurements and the units in force."""
        self._count, self._refresh_at = state["count"], state["refresh_at"]
        self._sum, self._square_sum = state["sum"].numpy().copy(), state["square_sum"].numpy().copy()
        self._reward_square_sum = state["reward_square_sum"]
        self.mean.copy_(state["mean"])
        self.inverse_deviation.copy_(state["inverse_deviation"])
        self.reward_factor = state["reward_factor"]
