"""Is the time that an event brings comparable with the times before it?"""

from __future__ import annotations

import math


class TimeGuard:
    """Notices a clock that runs backwards or is not a number."""

    def __init__(self) -> None:
        self._latest = -math.inf
        self._last_tick: float | None = None

    @property
    def latest(self) -> float:
        """The time to go on with: of the last event whose time was finite; 0 before any."""
        return self._latest if math.isfinite(self._latest) else 0.0

    def admit(self, now: float) -> bool:
        """Take the time of an event and say whether it continues the times before it."""
        if not math.isfinite(now):
            return False
        runs_back = now < self._latest
        self._latest = now
        return not runs_back

    def tick(self) -> float:
        """Note a tick at `latest` and return the seconds since the tick before; 0 at the first."""
        elapsed = 0.0 if self._last_tick is None else self.latest - self._last_tick
        self._last_tick = self.latest
        return elapsed

    def forget(self) -> None:
        """Accept any time next."""
        self._latest, self._last_tick = -math.inf, None
