"""Orderly stops: the first signal asks, the second one insists."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self


class StopOnSignal:
    """While entered, SIGINT and SIGTERM set `signal` instead of ending the process; a second one acts as it did before.

    Attributes:
        signal: the one that came, None before.
    """

    def __init__(self, announcement: str) -> None:
        self.signal: signal.Signals | None = None
        self._announcement = announcement
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def is_requested(self) -> bool:
        """Return whether a signal came."""
        return self.signal is not None

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self.signal = signal.Signals(number)
        self._restore()
        print(f"\n{self.signal.name}: {self._announcement}", file=sys.stderr, flush=True)

    def _restore(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
