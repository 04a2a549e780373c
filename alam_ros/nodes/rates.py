"""How often things happen."""

from __future__ import annotations

import time
from collections import Counter


class Rates:
    """Counts events by name between two reports."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._since = time.monotonic()

    def note(self, name: str) -> None:
        """Count one event."""
        self._counts[name] += 1

    def report(self, *names: str) -> dict[str, float]:
        """Return for each name `<name> per second` since the last report, 0 where nothing happened, and begin anew."""
        now = time.monotonic()
        elapsed = max(now - self._since, 1e-9)
        rates = {f"{name} per second": self._counts[name] / elapsed for name in names}
        self._counts.clear()
        self._since = now
        return rates
