"""The numbers of a task's configuration, held against what they can mean."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import fields
from numbers import Integral, Real
from typing import Any

from alam_ros.errors import SimulatorError


def require_numbers(config: Any, *, may_be_zero: Collection[str], may_be_negative: Collection[str] = ()) -> None:
    """Refuse numbers without meaning: not finite, not positive, a count that is no integer, a pair whose greatest stands first.

    Args:
        config: a dataclass of numbers and pairs of them; whole numbers where the default is one.
        may_be_zero: fields that 0 has a meaning in.
        may_be_negative: fields that negative numbers, and 0, have a meaning in.

    Raises:
        SimulatorError: naming the number.
    """
    for field in fields(config):
        value, is_pair = getattr(config, field.name), isinstance(field.default, tuple)
        numbers = list(value) if is_pair and isinstance(value, (list, tuple)) else [value]
        kind = Integral if isinstance(field.default, int) else Real
        if (
            len(numbers) != (2 if is_pair else 1)
            or not all(isinstance(number, kind) and math.isfinite(number) for number in numbers)
            or numbers != sorted(numbers)
            or (field.name not in may_be_negative and numbers[0] < 0)
            or (field.name not in (*may_be_negative, *may_be_zero) and numbers[0] == 0)
        ):
            sign = "finite" if field.name in may_be_negative else "positive finite"
            found, remedy = f"{field.name} = {value!r}", "correct the environment's arguments"
            raise SimulatorError(f"{sign} numbers, the least of a pair first", found, remedy)
