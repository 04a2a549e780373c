"""Triggers at once, releases slowly."""

from __future__ import annotations

import math

from alam_ros.gate.config import Hysteresis


class Hold:
    """Keeps a cause in force until its condition has been absent for the hold time."""

    def __init__(self) -> None:
        self.is_active = False
        self._last = -math.inf

    def update(self, now: float, condition: bool, hold_time: float) -> bool:
        """Take the condition of this moment and return whether the cause is in force."""
        if condition:
            self.is_active, self._last = True, now
        elif self.is_active and now - self._last >= hold_time:
            self.is_active = False
        return self.is_active

    def exceeds(self, value: float, threshold: Hysteresis) -> bool:
        """Compare with the trigger, or with the release threshold once triggered."""
        return value > (threshold.release if self.is_active else threshold.trigger)

    def calm_for(self, now: float) -> float:
        """Return the seconds since the condition last held."""
        return now - self._last

    def restart(self, now: float) -> None:
        """Begin the hold time of a cause in force anew."""
        self._last = now
