"""Memory in huge pages, where the kernel grants them.

An update walks over some ten megabytes again and again; in pages of 4 kB its addresses alone overflow what a core remembers of
them. Linux maps private memory in pages of 2 MB if asked to (`madvise`), which its default setting waits for.
"""

from __future__ import annotations

import math
import mmap

import torch
from torch import Tensor

from alam_ros.errors import ConfigurationError

HUGE_PAGE = 2 << 20
CHUNK = 4 * HUGE_PAGE
LINE = 64  # bytes; tensors begin where a line of the cache does


class Memory:
    """Reserves tensors side by side; each chunk lasts as long as any tensor in it."""

    def __init__(self) -> None:
        self._chunk = mmap.mmap(-1, HUGE_PAGE)  # a first one, full
        self._next = HUGE_PAGE

    def empty(self, *shape: int, dtype: torch.dtype | None = None) -> Tensor:
        """Return an uninitialised tensor, of torch's default type if none is given; its memory is touched as it is filled."""
        dtype = dtype or torch.get_default_dtype()
        count = math.prod(shape)
        size = count * dtype.itemsize
        if self._next + size > len(self._chunk):
            self._map(max(size, CHUNK))
        tensor = torch.frombuffer(self._chunk, dtype=dtype, count=count, offset=self._next)
        self._next += -(-size // LINE) * LINE
        return tensor.view(shape)

    def zeros_like(self, tensor: Tensor) -> Tensor:
        """Return a tensor of zeros of the same shape and type."""
        return self.empty(*tensor.shape, dtype=tensor.dtype).zero_()

    def _map(self, size: int) -> None:
        """Map a chunk for at least `size` bytes, beginning where a huge page does."""
        pages = -(-size // HUGE_PAGE) + 1
        try:
            self._chunk = mmap.mmap(-1, pages * HUGE_PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        except (OSError, OverflowError) as error:
            remedy = "lower trainer.batch_size, trainer.replay_capacity or algorithm.hidden"
            raise ConfigurationError("memory for what a learner keeps", f"no {size:,} bytes: {error}", remedy) from error
        if hasattr(mmap, "MADV_HUGEPAGE"):
            self._chunk.madvise(mmap.MADV_HUGEPAGE)
        address = torch.frombuffer(self._chunk, dtype=torch.uint8, count=1).data_ptr()
        self._next = -address % HUGE_PAGE


memory = Memory()
"""For all that a learner keeps."""
