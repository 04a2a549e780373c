"""What a person sees of a run: a bar on a terminal, a line an evaluation everywhere."""

from __future__ import annotations

import math
import sys
import time
from typing import TextIO

from tqdm import tqdm


def episodes_bar(total: int, doing: str) -> tqdm[None]:
    """Return a bar of episodes on a terminal's standard error, to be closed; without a terminal it writes nothing."""
    return tqdm(total=total, desc=doing, unit=" episodes", dynamic_ncols=True, disable=None)


class Progress:
    """A bar that moves only on a terminal, and lines that always appear.

    Args:
        total: environment steps of the run.
        initial: steps that were done before.
        seconds_left: until the run ends although steps are left; None for no such limit.
        stream: where to; standard error by default.
        label: in front of everything, where several runs share the stream.
    """

    def __init__(
        self,
        total: int,
        initial: int,
        stream: TextIO | None = None,
        *,
        seconds_left: float | None = None,
        label: str = "",
    ) -> None:
        self._label = label
        self._stream = stream or sys.stderr
        self._total, self._initial, self._steps = total, initial, initial
        self._started = time.monotonic()
        self._deadline = math.inf if seconds_left is None else self._started + seconds_left
        is_terminal = self._stream.isatty()
        self._bar = tqdm(
            total=total,
            initial=initial,
            desc=label or None,
            unit=" steps",
            dynamic_ncols=True,
            file=self._stream,
            disable=not is_terminal,
            smoothing=0.05,
        )

    def advance(self, steps: int) -> None:
        """Count environment steps."""
        self._steps += steps
        self._bar.update(steps)

    def describe(self, text: str) -> None:
        """Set what stands beside the bar."""
        self._bar.set_postfix_str(text, refresh=False)

    def line(self, text: str) -> None:
        """Write a line, with the steps done and the time left in front."""
        label = f"{self._label}: " if self._label else ""
        head = f"{label}{self._steps:>{len(str(self._total)) + 1},}/{self._total:,} steps, {self._time_left()} left"
        self._bar.write(f"{head} | {text}", file=self._stream)
        self._stream.flush()

    def close(self) -> None:
        """Leave the bar as it is."""
        self._bar.close()

    def _time_left(self) -> str:
        now, done = time.monotonic(), self._steps - self._initial
        left = max(self._deadline - now, 0.0)
        if done > 0:
            still = max(self._total - self._steps, 0)  # the last round of all environments may go beyond
            left = min(left, still * (now - self._started) / done)
        return str(tqdm.format_interval(left)) if math.isfinite(left) else "unknown"
