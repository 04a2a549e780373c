"""The products of an update in its order, on its own operands, biases included, and nothing else: what is left for all else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from alam_ros.bench.workers.update_products import facts, record_cycle


def make(**settings: Any) -> tuple[Callable[[int], None], dict[str, Any]]:
    """Return the products of a cycle of updates as it asks for them, and the facts of `update_products.make`."""
    record, cycle = record_cycle(**settings)

    @torch.no_grad()
    def work(count: int) -> None:
        for _ in range(count):
            for call in record.calls:
                call()

    return work, facts(record, cycle)
