"""Processes under test."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

TIMEOUT_S = 600.0


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str] | None = None) -> None:
    """Return once the condition holds; while it does not, the process has to live."""
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        assert process is None or process.poll() is None, f"ended early:\n{process.communicate()[1]}"
        assert time.monotonic() < deadline, "the condition was never met"
        time.sleep(0.01)
