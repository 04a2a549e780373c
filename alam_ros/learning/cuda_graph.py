"""Work that is always the same, captured once as a CUDA graph and then only replayed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import torch
from torch import Tensor

Result = TypeVar("Result")
WARM_UPS = 3
"""Before the capture, so that libraries have allocated what they need; as PyTorch's documentation asks for."""


class Captured(Generic[Result]):
    """A function of no arguments whose tensors stay where they are; off the GPU it is called as it is.

    Args:
        function: reads and writes tensors of the device; what it returns is written anew, in the same place, by each call.
        state: all tensors it changes beside its result, so that warming up leaves no trace.
        device: of these tensors.
    """

    def __init__(self, function: Callable[[], Result], state: Sequence[Tensor], device: torch.device) -> None:
        self._function, self._state, self._device = function, state, device
        self._graph: torch.cuda.CUDAGraph | None = None

    def __call__(self) -> Result:
        """Do it."""
        if self._device.type != "cuda":
            return self._function()
        if self._graph is None:
            self._capture()
        assert self._graph is not None
        self._graph.replay()
        return self._result

    def _capture(self) -> None:
        kept = [tensor.detach().clone() for tensor in self._state]
        random = torch.cuda.get_rng_state(self._device)
        stream = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]  # torch has no types here
        stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(stream):
            for _ in range(WARM_UPS):
                self._function()
        torch.cuda.current_stream(self._device).wait_stream(stream)
        with torch.no_grad():
            for tensor, before in zip(self._state, kept, strict=True):
                tensor.copy_(before)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._result = self._function()
        torch.cuda.set_rng_state(random, self._device)
        self._graph = graph
