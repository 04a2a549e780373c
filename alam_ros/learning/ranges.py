"""Which numbers a configuration may hold: NaN never, and nothing that learning turns into NaN later."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from alam_ros.errors import ConfigurationError


class Range(NamedTuple):
    """A set of numbers.

    Attributes:
        words: as a message says it, after the key.
        holds: whether a number is in it; false for NaN.
    """

    words: str
    holds: Callable[[float], bool]


FINITE = Range("finite", math.isfinite)
POSITIVE = Range("above 0 and finite", lambda value: 0 < value < math.inf)
ABOVE_ZERO = Range("above 0", lambda value: value > 0)
FROM_ZERO = Range("of at least 0 and finite", lambda value: 0 <= value < math.inf)
FROM_ONE = Range("of at least 1", lambda value: value >= 1)
FINITE_FROM_ONE = Range("of at least 1 and finite", lambda value: 1 <= value < math.inf)
SEED = Range("from 0 to 2**63 - 1", lambda value: 0 <= value < 2**63)
BELOW_ONE = Range("between 0 and 1", lambda value: 0 < value < 1)
FROM_ZERO_BELOW_ONE = Range("of at least 0 and below 1", lambda value: 0 <= value < 1)
SHARE = Range("as a share, 0 to 1", lambda value: 0 <= value <= 1)
AVERAGING = Range("above 0, at most 1", lambda value: 0 < value <= 1)


def check_ranges(where: str, values: object, ranges: Mapping[str, Range]) -> None:
    """Refuse attributes out of their ranges; None is always allowed.

    Args:
        where: dotted path of the section, for messages.
        values: with an attribute for each name.
        ranges: name → what it may be.

    Raises:
        ConfigurationError: for the first that is not.
    """
    for name, wanted in ranges.items():
        value = getattr(values, name)
        if value is not None and not wanted.holds(value):
            raise ConfigurationError(f"`{where}.{name}` {wanted.words}", str(value), "correct it")
