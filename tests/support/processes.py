"""Processes under test."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

TIMEOUT_S = 600.0


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str] | None = None) -> None:
    """Return once the condition holds; while it does not, the process has to live."""
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        assert process is None or process.poll() is None, f"ended early:\n{process.communicate()[1]}"
        assert time.monotonic() < deadline, "the condition was never met"
        time.sleep(0.01)


def is_running(process_id: int) -> bool:
    """Say whether a process has not ended; one whose parent has not asked for its status yet has."""
    try:
        status = Path(f"/proc/{process_id}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return re.search(r"^State:\s+[ZX]", status, re.MULTILINE) is None
