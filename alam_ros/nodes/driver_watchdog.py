"""What a robot base's driver does with its last command: obey it for a while, then stop by itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ROUNDING_S = 1e-6
"""Far below a control period, far above the rounding of a difference of times."""


class DriverWatchdog:
    """Holds the latest command until it is `timeout` s old; from then on, and before the first, the command is rest.

    Args:
        rest: (action_size,) command at which the robot stands still.
        timeout: s of the caller's clock.
    """

    def __init__(self, rest: NDArray[np.float64], timeout: float) -> None:
        self._rest = rest
        self._timeout = timeout
        self.clear()

    def receive(self, command: NDArray[np.float64], now: float) -> None:
        """Take a command."""
        self._command, self._received = command, now

    def clear(self) -> None:
        """Forget the command, as when the robot is put somewhere else."""
        self._command, self._received = self._rest, float("-inf")

    def command(self, now: float) -> NDArray[np.float64]:
        """Return the command that holds at `now`."""
        return self._command if now - self._received < self._timeout - ROUNDING_S else self._rest
