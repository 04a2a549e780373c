"""Replay buffer: one preallocated float32 row a transition, one gather a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from alam_ros.errors import CheckpointError
from alam_ros.learning.memory import memory


@dataclass(frozen=True, slots=True)
class Batch:
    """Transitions: observation, next_observation (batch, observation_size), action (batch, action_size), the rest (batch,)."""

    observation: Tensor
    action: Tensor
    next_observation: Tensor
    reward: Tensor
    cost: Tensor
    terminated: Tensor


def age_of(uniform: Tensor, recency: float, length: int | Tensor) -> Tensor:
    """Return how many transitions are newer than the one to be drawn, U^k of all that are kept.

    Half of what is drawn is among the newest 2^-k of them, and nothing that is kept is out of reach (decision 16). Wang and Ross
    2019, "Boosting Soft Actor-Critic: Emphasizing Recent Experience without Forgetting the Past", has the same end.

    Args:
        uniform: on [0, 1), overwritten; in double precision, in which no place of a buffer is likelier for rounding.
        recency: k, at least 1.
        length: transitions that are kept.
    """
    return uniform.pow_(recency).mul_(length).long()


class ReplayBuffer:
    """Ring of transitions, sampled with replacement, the newest most often (`age_of`).

    Args:
        capacity: transitions kept; memory is 4 (2 · observation_size + action_size + 3) bytes each, touched as it fills.
        seed: of the sampling.
        recency: k of `age_of`; 1 samples uniformly.
    """

    def __init__(self, capacity: int, observation_size: int, action_size: int, seed: int, recency: float = 1.0) -> None:
        self.recency = recency
        self._sizes = [observation_size, action_size, observation_size, 1, 1, 1]
        self._rows = memory.empty(capacity, sum(self._sizes), dtype=torch.float32)
        self._generator = torch.Generator().manual_seed(seed)
        self._next = 0
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def newest(self) -> int:
        """Return where the newest transition lies."""
        return (self._next - 1) % len(self._rows)

    @property
    def rows(self) -> Tensor:
        """Return the memory of all transitions, (capacity, width)."""
        return self._rows

    def move_to(self, rows: Tensor) -> None:
        """Keep the transitions in other memory of the same shape, on whatever device, from now on."""
        rows[: self._length] = self._rows[: self._length].to(rows.device)
        self._rows = rows

    def add(
        self,
        observation: NDArray[np.float32],
        action: NDArray[np.float32],
        next_observation: NDArray[np.float32],
        reward: NDArray[np.floating[Any]],
        cost: NDArray[np.floating[Any]],
        terminated: NDArray[np.bool_],
    ) -> None:
        """Append one transition of each of n environments: arrays of first dimension n."""
        columns = (observation, action, next_observation, reward[:, None], cost[:, None], terminated[:, None])
        rows = torch.from_numpy(np.concatenate([np.asarray(column, np.float32) for column in columns], axis=1))
        capacity = len(self._rows)
        self._length = min(self._length + len(rows), capacity)
        while len(rows):  # more than once where the ring ends in between
            part, rows = rows.tensor_split([capacity - self._next])
            self._rows[self._next : self._next + len(part)].copy_(part)
            self._next = (self._next + len(part)) % capacity

    def sample(self, size: int) -> Batch:
        """Draw `size` transitions."""
        uniform = torch.rand(size, generator=self._generator, dtype=torch.float64)
        picks = (self.newest - age_of(uniform, self.recency, self._length)) % self._length
        return self.split(torch.index_select(self._rows, 0, picks))

    def split(self, rows: Tensor) -> Batch:
        """Return what rows of the buffer hold, (…, width)."""
        observation, action, next_observation, *scalars = torch.split(rows, self._sizes, dim=-1)
        reward, cost, terminated = (column.squeeze(-1) for column in scalars)
        return Batch(observation, action, next_observation, reward, cost, terminated)

    def observations(self, count: int) -> NDArray[np.float32]:
        """Return observations of `count` different transitions, spread evenly over all that are kept.

        (count, observation_size); fewer where fewer are kept. Nothing random: sampling goes on as if this had not been asked.
        """
        picks = torch.linspace(0, self._length - 1, min(count, self._length)).long()
        observations: NDArray[np.float32] = self._rows[picks.to(self._rows.device), : self._sizes[0]].cpu().numpy()
        return observations

    def state_dict(self) -> dict[str, Any]:
        """Return what `load_state_dict` restores: the filled rows, the write position, the generator."""
        return {
            "rows": self._rows[: self._length].to("cpu", copy=True),
            "next": self._next,
            "generator": self._generator.get_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the rows, the write position and the generator.

        Raises:
            CheckpointError: when the rows do not fit this buffer.
        """
        rows = state["rows"]
        if rows.shape[1] != self._rows.shape[1] or len(rows) > len(self._rows):
            raise CheckpointError(
                f"at most {len(self._rows)} rows of {self._rows.shape[1]}",
                str(tuple(rows.shape)),
                "resume with the same configuration",
            )
        self._length = len(rows)
        self._rows[: self._length] = rows
        self._next = state["next"]
        self._generator.set_state(state["generator"])
