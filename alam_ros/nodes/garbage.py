"""Python's cyclic garbage collector, at moments that the node chooses.

Left to itself it runs when enough was allocated, within an answer as likely as not, and looks at everything that rclpy, NumPy and
the message packages ever made: some 30 ms. Here what start and transitions left is set aside, never to be looked at again before
the next transition; what came since is collected between two events, which takes less than 0.1 ms (docs/decisions/0011). Nearly
all that a node allocates is freed by reference counts anyway.
"""

from __future__ import annotations

import gc
import time

PERIOD_S = 5.0


class GarbageCollection:
    """Stands in for the automatic collection of the process."""

    def __init__(self) -> None:
        gc.disable()
        set_aside()
        self._due = time.monotonic() + PERIOD_S

    def run_if_due(self) -> None:
        """Collect what came since the last transition, unless that was done lately."""
        if time.monotonic() >= self._due:
            gc.collect()
            self._due = time.monotonic() + PERIOD_S


def set_aside() -> None:
    """Collect everything, and look at what is left no more before the next call; nothing where collection is automatic."""
    if not gc.isenabled():
        gc.unfreeze()
        gc.collect()
        gc.freeze()
