"""Commands within limits, by one factor for all components: a robot that is slowed down keeps its path."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alam_ros.gate.config import CommandLimits

NEGLIGIBLE = 1e-6  # what numerical noise may leave in a component that must not be commanded
LONGEST_STEP_S = 0.1  # a late tick does not allow a jump


class CommandLimiter:
    """Checks commands against their limits and finds the largest factor within limits and slew."""

    def __init__(self, limits: CommandLimits) -> None:
        self._names = limits.names
        self._low, self._high = np.array(limits.low), np.array(limits.high)
        self._slew = None if limits.slew is None else np.array(limits.slew)
        self._is_locked = (self._low == 0.0) & (self._high == 0.0)
        self._tolerance = np.where(self._is_locked, NEGLIGIBLE, limits.tolerance * (self._high - self._low))

    def violation(self, command: NDArray[np.float64]) -> str:
        """Say what is wrong with a finite command beyond the tolerance, or return an empty string."""
        if command.shape != self._low.shape:
            return f"{command.size} components instead of {self._low.size}"
        beyond = np.flatnonzero((command > self._high + self._tolerance) | (command < self._low - self._tolerance))
        return ", ".join(f"{self._names[i]} {command[i]:.3f} not in [{self._low[i]:g}, {self._high[i]:g}]" for i in beyond)

    def apply(
        self, command: NDArray[np.float64], scale: float, previous: NDArray[np.float64], dt: float
    ) -> tuple[NDArray[np.float64], float]:
        """Scale a command without a violation.

        Args:
            command: (components,) in physical units.
            scale: the largest factor allowed.
            previous: (components,) what was sent last.
            dt: s since then.

        Returns:
            the scaled command and the factor that was applied to all of its components.
        """
        command = np.where(self._is_locked, 0.0, command)
        moving = command != 0.0
        factor = min(scale, _largest_factor(command, np.where(command > 0.0, self._high, -self._low), moving))
        if self._slew is not None:
            reached = np.where(command * previous > 0.0, np.abs(previous), 0.0)
            gain = np.full_like(self._slew, np.inf)  # where no time passed, an unlimited slew times zero would not be a number
            np.multiply(self._slew, min(max(dt, 0.0), LONGEST_STEP_S), out=gain, where=np.isfinite(self._slew))
            reachable = reached + gain
            factor = min(factor, _largest_factor(command, reachable, moving))
        # The clip takes back what rounding adds, at most one unit in the last place.
        return np.clip(factor * command, self._low, self._high), factor


def _largest_factor(command: NDArray[np.float64], magnitude: NDArray[np.float64], moving: NDArray[np.bool_]) -> float:
    with np.errstate(over="ignore"):  # a component next to zero allows any factor
        return float(np.min(magnitude[moving] / np.abs(command[moving]), initial=1.0))
