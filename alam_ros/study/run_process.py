"""The process of one run, on this machine or, as an actor of Ray, on another one."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alam_ros.host.processes import ChildProcess
from alam_ros.study.plan import PlannedRun
from alam_ros.study.progress import Progress, progress_path, read_progress
from alam_ros.study.state import own_result
from alam_ros.typed import from_mapping

PROGRAM = "alam_ros.cli.study_run"
STOPPED = 75
"""Exit status of a run that was told to stop and saved what it had (EX_TEMPFAIL: try again)."""
LOST = -9
"""Exit status of a run whose machine or actor is gone, as if it had been killed."""
ENVIRONMENT = {
    # Networks of this size gain nothing from threads, and a study has a run for every core.
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # A batch's arrays are freed and wanted again in every update: glibc should keep their pages.
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "268435456",
    "MALLOC_TRIM_THRESHOLD_": "268435456",
}


@dataclass(frozen=True, kw_only=True)
class RunStatus:
    """A moment of a run's process.

    Attributes:
        exit_status: negative for the signal that ended it; None while it runs.
        progress: the last it told; None before the first.
        result: the finished run's file.
        last_words: of a process that failed.
    """

    exit_status: int | None = None
    progress: Progress | None = None
    result: bytes | None = None
    last_words: str = ""


class RunProcess:
    """Performs a run in a process of its own, whose output goes to `process.log` in the run's directory.

    The process saves and ends by itself when this one is gone. Everything handed over is plain, so that this class can be an
    actor on a machine that has the package and nothing else of the study.

    Args:
        run: a `PlannedRun` in plain form.
        root: folder that the run's paths start from.
    """

    def __init__(self, run: Mapping[str, Any], root: str) -> None:
        self._run = from_mapping(PlannedRun, run)
        self._root = Path(root)
        directory = self._root / self._run.directory
        directory.mkdir(parents=True, exist_ok=True)
        progress_path(directory).unlink(missing_ok=True)
        job = directory / "job.json"
        job.write_text(json.dumps(run))
        self._process = ChildProcess(
            self._run.key,
            [sys.executable, "-m", PROGRAM, str(job), "--parent", str(os.getpid())],
            log=directory / "process.log",
            environment={**ENVIRONMENT, **os.environ},
            folder=self._root,
        )

    def poll(self) -> RunStatus:
        """Return how the run stands."""
        status = self._process.status
        progress = read_progress(self._root / self._run.directory)
        if status is None or status == STOPPED:
            return RunStatus(exit_status=status, progress=progress)
        if status == 0:
            own = self._root / own_result(self._run)
            # Where another machine filed it meanwhile, the run had nothing to do.
            result = (own if own.is_file() else self._root / self._run.result).read_bytes()
            return RunStatus(exit_status=status, progress=progress, result=result)
        return RunStatus(exit_status=status, progress=progress, last_words=self._process.tail())

    def request_stop(self) -> None:
        """Ask it to save and end."""
        self._process.request_stop()

    def kill(self) -> None:
        """End it at once; its newest checkpoint stays."""
        self._process.kill()
