"""What a person sees while the demonstration runs."""

from __future__ import annotations

import sys
import time
from typing import TextIO


class Console:
    """Numbered stages, details below them, and how long each took.

    Args:
        stages: how many there will be.
        stream: where to; standard output by default.
    """

    def __init__(self, stages: int, stream: TextIO | None = None) -> None:
        self._stages = stages
        self._stream = stream or sys.stdout
        self._started = time.monotonic()

    def stage(self, number: int, title: str) -> None:
        """Begin a stage, counted from 1."""
        self._started = time.monotonic()
        self._print(f"\n[{number}/{self._stages}] {title}")

    def detail(self, text: str) -> None:
        """Say something about the stage."""
        for line in text.splitlines():
            self._print(f"      {line}")

    def done(self, text: str) -> None:
        """End the stage with its result."""
        self._print(f"  ok  {text}  ({_duration(time.monotonic() - self._started)})")

    def skipped(self, text: str) -> None:
        """End the stage without a result that was to be had."""
        self._print(f"   -  {text}")

    def failed(self, text: str) -> None:
        """End the stage with the reason of its failure."""
        first, *rest = text.splitlines()
        self._print(f"FAIL  {first}")
        for line in rest:
            self._print(f"      {line}")

    def plain(self, text: str) -> None:
        """Print lines as they are."""
        self._print(text)

    def _print(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
