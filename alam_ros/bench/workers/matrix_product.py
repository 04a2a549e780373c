"""Single-precision products of a batch and a square weight matrix: what of the machine's rate a network can reach at best."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


def make(*, batch: int, width: int) -> tuple[Callable[[int], None], dict[str, Any]]:
    """Return the products (batch, width) (width, width), into memory reserved once, and their floating-point operations."""
    torch.manual_seed(0)
    rows, weight, result = torch.randn(batch, width), torch.randn(width, width), torch.empty(batch, width)

    def work(count: int) -> None:
        for _ in range(count):
            torch.mm(rows, weight, out=result)

    return work, {"flop": 2 * batch * width * width}
