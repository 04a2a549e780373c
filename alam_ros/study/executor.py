"""Where runs are performed: as processes of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from alam_ros.study.plan import PlannedRun
from alam_ros.study.run_process import RunProcess, RunStatus
from alam_ros.typed import to_mapping


class RunHandle(Protocol):
    """A run that was started."""

    def poll(self) -> RunStatus:
        """Return how it stands, as far as is known."""

    def request_stop(self) -> None:
        """Ask it to save and end."""

    def kill(self) -> None:
        """End it at once."""


class Executor(Protocol):
    """Starts runs.

    Attributes:
        slots: runs at a time.
    """

    slots: int

    def start(self, run: PlannedRun) -> RunHandle:
        """Start a run, or continue it from its newest checkpoint."""

    def close(self) -> None:
        """Give back what is needed to start runs."""


class LocalExecutor:
    """Processes of this machine, in the present folder.

    Attributes:
        slots: runs at a time.
    """

    def __init__(self, slots: int) -> None:
        self.slots = slots

    def start(self, run: PlannedRun) -> RunHandle:
        """Start a run, or continue it from its newest checkpoint."""
        return RunProcess(to_mapping(run), str(Path.cwd()))

    def close(self) -> None:
        """Do nothing: there is nothing to give back."""
