"""Python's and NumPy's global random generators, lent to packages that draw from them.

They belong to the whole process: whoever else draws from them must find them as they were, and several environments must not draw
from one another's. Only one thread at a time may lend them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


@contextmanager
def generators_kept() -> Iterator[None]:
    """Leave the global generators as they are, whatever is drawn meanwhile."""
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 (the generators this module is about)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002


class GlobalGenerators:
    """A private state of the global generators.

    Args:
        seed: 0 to 2³² - 1; draws are those that follow `random.seed(seed)` and `numpy.random.seed(seed)`.
    """

    def __init__(self, seed: int) -> None:
        self._python = random.Random(seed).getstate()  # noqa: S311 (for simulation)
        self._numpy = np.random.RandomState(seed).get_state()

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Let the global generators continue from the private state, and keep for later how far they came."""
        with generators_kept():
            random.setstate(self._python)
            np.random.set_state(self._numpy)  # noqa: NPY002
            yield
            self._python, self._numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
