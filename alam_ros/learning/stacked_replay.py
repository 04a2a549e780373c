"""The replay buffers of several learners, on the device that learns from them."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from alam_ros.learning.replay import Batch, ReplayBuffer


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
        self._length = torch.zeros((), dtype=torch.float64, device=device)
        self.take_in()

    def take_in(self) -> None:
        """Let transitions that were added since the last time be drawn."""
        self._length.fill_(len(self._buffers[0]))

    def sample(self, size: int) -> Batch:
        """Draw `size` transitions of each buffer, uniformly with replacement; each tensor (learners, size, …)."""
        # In double precision, of which each of up to 2^53 places is equally likely to a millionth.
        places = torch.rand(len(self._first), size, dtype=torch.float64, device=self._device).mul_(self._length).long()
        rows = torch.index_select(self._rows, 0, (places + self._first).flatten())
        return self._buffers[0].split(rows.view(*places.shape, -1))
