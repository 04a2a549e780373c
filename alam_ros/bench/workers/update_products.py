"""The matrix products that an update of ours consists of, each alone: what its kinds and sizes of products can reach here."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from alam_ros.bench.workers.alam_update import Update

Layout: TypeAlias = tuple[tuple[int, ...], tuple[int, ...]]
"""Shape and strides."""
Kind: TypeAlias = tuple[str, Layout, Layout, Layout]
"""Name in torch, and the layouts of both operands and of the result."""
PRODUCTS = {"mm": "mm", "addmm": "mm", "bmm": "bmm", "baddbmm": "bmm", "mv": "mv", "addmv": "mv"}
"""Operations with products → the product without what is added to it."""


class ProductRecord(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch has no types here
    """Notes the products that torch is asked for while it is entered.

    Attributes:
        counts: by kind.
        calls: each as it was asked for, with its operands and what is added to it, in order.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.counts: Counter[Kind] = Counter()
        self.calls: list[Callable[[], Tensor]] = []

    def __torch_dispatch__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Note a product and let it be computed."""
        result = function(*args, **(kwargs or {}))
        name = PRODUCTS.get(function.overloadpacket.__name__)
        if name is not None:
            left, right = args[-2:]
            self.counts[name, _layout(left), _layout(right), _layout(result)] += 1
            self.calls.append(partial(function, *args, **(kwargs or {})))
        return result


def make(**settings: Any) -> tuple[Callable[[int], None], dict[str, Any]]:
    """Return the products of a cycle of updates, kind after kind, their operations, and the updates of a cycle.

    `settings` are those of `alam_update.make`.
    """
    record, cycle = record_cycle(**settings)
    products = [(_product(kind), times) for kind, times in record.counts.items()]

    def work(count: int) -> None:
        for product, times in products:
            for _ in range(count * times):
                product()

    return work, facts(record, cycle)


def record_cycle(**settings: Any) -> tuple[ProductRecord, int]:
    """Return the products of a cycle of updates, and the updates of a cycle.

    A cycle is as many updates as it takes until every network's turn has come a whole number of times.
    """
    update = Update(**settings)
    update.work(1)
    config = update.learner.config
    cycle = math.lcm(config.actor_delay, config.multiplier.delay, config.cost_critic_period)
    update.work(cycle - update.learner.updates % cycle)
    with ProductRecord() as record:
        update.work(cycle)
    return record, cycle


def facts(record: ProductRecord, cycle: int) -> dict[str, Any]:
    """Return the operations of a cycle's products, and its updates."""
    return {"flop": sum(times * _flop(kind) for kind, times in record.counts.items()), "updates": cycle}


def _product(kind: Kind) -> Callable[[], Tensor]:
    """Return a product of this kind, its operands random and its result in memory reserved once."""
    function = getattr(torch, kind[0])
    left, right, result = (_tensor(layout) for layout in kind[1:])
    return lambda: function(left, right, out=result)


def _flop(kind: Kind) -> int:
    _, (left, _), _, (result, _) = kind
    return 2 * math.prod(result) * left[-1]


def _layout(tensor: Tensor) -> Layout:
    return tuple(tensor.shape), tensor.stride()


def _tensor(layout: Layout) -> Tensor:
    shape, strides = layout
    return torch.randn(1 + _last_place(shape, strides)).as_strided(shape, strides)


def _last_place(shape: Sequence[int], strides: Sequence[int]) -> int:
    return sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
