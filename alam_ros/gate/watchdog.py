"""How long a source has been silent."""

from __future__ import annotations

import math


class Watchdog:
    """Remembers the last sign of life of one source.

    Args:
        timeout: s of silence after which the source is stale; None when only its first data count.
    """

    def __init__(self, timeout: float | None) -> None:
        self.timeout = timeout
        self._last: float | None = None
        self._late = self._ahead = 0.0

    @property
    def is_missing(self) -> bool:
        """Whether nothing has been heard since the last `forget`."""
        return self._last is None

    def feed(self, now: float, *, age: float = 0.0) -> None:
        """Note data that describe the world as it was `age` seconds before `now`; below zero, by a clock that is ahead."""
        self._late, self._ahead = max(age, 0.0), max(-age, 0.0)
        self._last = now - self._late

    def age(self, now: float) -> float:
        """Return the seconds since the last data; infinite without any."""
        return math.inf if self._last is None else now - self._last

    def is_stale(self, now: float) -> bool:
        """Say whether data came but are older than the timeout, or stamped further ahead than that: of an age nobody knows."""
        return self._last is not None and self.timeout is not None and not max(self.age(now), self._ahead) <= self.timeout

    def describe(self, now: float) -> str:
        """Return why the source is stale, with numbers."""
        age = self.age(now)
        if math.isnan(age):
            return "of an age that is no number: its stamp is no time"
        if self._ahead > age:
            return f"stamped {self._ahead:.2f} s ahead of this clock, or this clock is behind (timeout {self.timeout:g} s)"
        if self.timeout is not None and self._late > self.timeout:
            return f"stamped {self._late:.2f} s before it came (timeout {self.timeout:g} s)"
        return f"{age:.2f} s old (timeout {self.timeout:g} s)" if math.isfinite(age) else "from before a jump of the clock"

    def distrust(self) -> None:
        """Make what was heard stale: its time no longer compares with the present."""
        if self._last is not None:
            self.feed(-math.inf)

    def forget(self) -> None:
        """Make the source missing again."""
        self._last = None
