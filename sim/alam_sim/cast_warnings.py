"""Gymnasium's warnings on its own casts of infinite bounds, when a space has another dtype than its bounds."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def cast_warnings_off() -> Iterator[None]:
    """Silence them; whoever builds such a space is another package."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="overflow encountered in cast", category=RuntimeWarning)
        yield
