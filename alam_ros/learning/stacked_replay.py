"""The replay buffers of several learners, on the device that learns from them."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from alam_ros.learning.replay import Batch, ReplayBuffer, age_of


class StackedReplay:
    """Draws a batch of each buffer at once; transitions are added to the buffers themselves.

    Args:
        buffers: equally long; their rows move to the device.
        device: where the rows are from now on.
    """

    def __init__(self, buffers: Sequence[ReplayBuffer], device: torch.device) -> None:
        self._buffers, self._device = buffers, device
        capacity, width = buffers[0].rows.shape
        rows = torch.empty(len(buffers), capacity, width, device=device)
        for buffer, place in zip(buffers, rows, strict=True):
            buffer.move_to(place)
        self._rows = rows.view(-1, width)
        self._first = torch.arange(len(buffers), device=device).unsqueeze(1) * capacity
        self._length, self._newest = torch.zeros(2, dtype=torch.int64, device=device)
        self.take_in()

    def take_in(self) -> None:
        """Let transitions that were added since the last time be drawn."""
        self._length.fill_(len(self._buffers[0]))
        self._newest.fill_(self._buffers[0].newest)

    def sample(self, size: int) -> Batch:
        """Draw `size` transitions of each buffer as it would itself; each tensor (learners, size, …)."""
        uniform = torch.rand(len(self._first), size, dtype=torch.float64, device=self._device)
        places = (self._newest - age_of(uniform, self._buffers[0].recency, self._length)) % self._length
        rows = torch.index_select(self._rows, 0, (places + self._first).flatten())
        return self._buffers[0].split(rows.view(*places.shape, -1))
