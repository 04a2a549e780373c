"""Commands within limits, by one factor for all components: a robot that is slowed down keeps its path."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from numpy.typing import NDArray

from alam_ros.gate.config import CommandLimits

NEGLIGIBLE = 1e-6  # what numerical noise may leave in a component that must not be commanded
LONGEST_STEP_S = 0.1  # a late tick does not allow a jump


class CommandLimiter:
    """Checks commands against their limits and finds the largest factor within limits and slew."""

    def __init__(self, limits: CommandLimits) -> None:
        self._names, self._low, self._high = limits.names, tuple(map(float, limits.low)), tuple(map(float, limits.high))
        self._slew = limits.slew
        locked = [low == 0.0 == high for low, high in zip(limits.low, limits.high, strict=True)]
        self._tolerance = [
            NEGLIGIBLE if is_locked else limits.tolerance * (high - low)
            for is_locked, low, high in zip(locked, limits.low, limits.high, strict=True)
        ]

    def violation(self, command: NDArray[np.float64]) -> str:
        """Say what is wrong with a finite command beyond the tolerance, or return an empty string."""
        if command.shape != (len(self._names),):
            names = ", ".join(self._names)
            if not command.size:
                return f"nothing for {names} (of a trajectory, one point with a velocity for each is read)"
            count = f"more than {len(self._names)}" if command.size > len(self._names) else f"{command.size}"
            return f"{count} components instead of those of {names}"
        rows = zip(self._names, command.tolist(), self._low, self._high, self._tolerance, strict=True)
        return ", ".join(
            [
                f"{name} {value:.6g} not in [{low:g}, {high:g}]"
                for name, value, low, high, tolerance in rows
                if value > high + tolerance or value < low - tolerance
            ]
        )

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
        # Plain numbers: for a handful of components NumPy takes several times as long.
        values = list(map(_beyond_zero_bounds_taken_off, command.tolist(), self._low, self._high))
        factor = min(scale, 1.0, *map(_largest_factor, values, self._low, self._high))
        if self._slew is not None:
            factor = min(factor, *map(partial(_slewed_factor, dt=dt), values, previous.tolist(), self._slew))
        # The bounds take back what rounding adds, at most one unit in the last place.
        scaled = [min(max(factor * value, low), high) for value, low, high in zip(values, self._low, self._high, strict=True)]
        return np.array(scaled), factor


def _beyond_zero_bounds_taken_off(value: float, low: float, high: float) -> float:
    """Return zero for what lies, within the tolerance, on the forbidden side of a bound of zero: no factor but zero would do."""
    return 0.0 if (low == 0.0 and value < 0.0) or (high == 0.0 and value > 0.0) else value


def _largest_factor(value: float, low: float, high: float) -> float:
    """Return the factor that takes a component to its limit; infinite for zero."""
    return (high if value > 0.0 else -low) / abs(value) if value else math.inf


def _slewed_factor(value: float, previous: float, slew: float, dt: float) -> float:
    """Return the factor that takes a component as far as its slew allows after `dt` seconds; infinite for zero."""
    reached = abs(previous) if value * previous > 0.0 else 0.0
    gain = slew * min(max(dt, 0.0), LONGEST_STEP_S) if math.isfinite(slew) else math.inf
    return (reached + gain) / abs(value) if value else math.inf
