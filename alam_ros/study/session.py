"""Brings a study's runs to their ends, a few at a time, and loses nothing when it is stopped or killed."""

from __future__ import annotations

import fcntl
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from alam_ros.errors import StudyError
from alam_ros.study.display import Display
from alam_ros.study.executor import Executor, RunHandle
from alam_ros.study.plan import PlannedRun
from alam_ros.study.result import RunResult, write_result
from alam_ros.study.run_process import STOPPED, RunStatus
from alam_ros.study.state import RunState, own_result

POLL_S = 0.25
STOP_TIMEOUT_S = 120.0
MAX_RESTARTS = 2
"""Times a session starts a run again whose process was killed (by a lack of memory, say); the next session tries anew."""


@dataclass(kw_only=True)
class Tally:
    """What a session did.

    Attributes:
        finished: keys of runs it brought to their ends.
        failed: key → why.
        unfinished: keys of runs that go on in the next session.
    """

    finished: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    unfinished: list[str] = field(default_factory=list)


@dataclass
class _Active:
    run: PlannedRun
    handle: RunHandle


class Session:
    """Performs the runs that are not finished.

    Args:
        states: of the runs, in the order of their start; finished and refused ones are passed over.
        executor: starts them.
        display: shows them.
        should_stop: asked several times a second; once it says yes, runs are asked to save and the session ends.
    """

    def __init__(self, states: Sequence[RunState], executor: Executor, display: Display, should_stop: Callable[[], bool]) -> None:
        self._executor = executor
        self._display = display
        self._should_stop = should_stop
        self._tally = Tally()
        self._active: list[_Active] = []
        self._restarts: dict[str, int] = {}
        self._pending: deque[PlannedRun] = deque()
        for state in states:
            if state.condition == "finished":
                _collect(state.run)
            elif not state.is_refused:
                self._pending.append(state.run)
            else:
                display.given_up(state.run)

    def run(self) -> Tally:
        """Perform the runs; whatever ends this early ends their processes."""
        try:
            while (self._pending or self._active) and not self._should_stop():
                self._fill()
                self._poll()
                time.sleep(POLL_S)
            self._stop_all()
        finally:
            for active in self._active:
                active.handle.kill()
        return self._tally

    def _fill(self) -> None:
        while self._pending and len(self._active) < self._executor.slots:
            run = self._pending.popleft()
            self._active.append(_Active(run, self._executor.start(run)))
            self._display.started(run)

    def _poll(self) -> None:
        """Look at every active run once."""
        for active in list(self._active):
            status = active.handle.poll()
            if status.progress is not None:
                self._display.advanced(active.run, status.progress)
            if status.exit_status is not None:
                self._active.remove(active)
                self._settle(active.run, status)

    def _settle(self, run: PlannedRun, status: RunStatus) -> None:
        """Draw the consequences of a process's end."""
        if status.result is not None:
            self._finish(run, status.result)
        elif self._should_stop():
            self._tally.unfinished.append(run.key)
            self._display.ended(run, "stopped")
        elif _was_ended(status) and self._restarts.get(run.key, 0) < MAX_RESTARTS:
            self._restarts[run.key] = self._restarts.get(run.key, 0) + 1
            self._pending.appendleft(run)
            self._display.ended(run, f"ended by {_ending(status)}; going on from its newest checkpoint")
        else:
            self._fail(run, _ending(status), status.last_words)

    def _finish(self, run: PlannedRun, data: bytes) -> None:
        try:
            result = RunResult.from_json(data, run.key)
            write_result(Path(run.result), data)
        except StudyError as error:
            self._fail(run, "its result cannot be filed", str(error))
        else:
            self._tally.finished.append(run.key)
            self._display.finished(run, result)

    def _fail(self, run: PlannedRun, what: str, details: str) -> None:
        self._tally.failed[run.key] = f"{what}\n{details}".strip()
        self._display.ended(run, f"failed: {what}")
        self._display.given_up(run)

    def _stop_all(self) -> None:
        """Let all runs save what they have."""
        self._tally.unfinished += [run.key for run in self._pending]
        for active in self._active:
            active.handle.request_stop()
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while self._active and time.monotonic() < deadline:
            self._poll()
            time.sleep(POLL_S)
        self._tally.unfinished += [active.run.key for active in self._active]


@contextmanager
def alone(runs: Path) -> Iterator[None]:
    """Keep other sessions from the same runs; the lock ends with this process, however it ends.

    Raises:
        StudyError: when another session is at work, or the folder cannot be made.
    """
    try:
        runs.mkdir(parents=True, exist_ok=True)
        stream = (runs / ".session.lock").open("w")
    except OSError as error:
        raise StudyError(f"`{runs}` to be writable", str(error), "choose other `runs` in the study file") from error
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StudyError(f"no other session of the study in `{runs}`", "one at work", "wait for it, or stop it") from None
        yield


def _collect(run: PlannedRun) -> None:
    """File a result that a killed session left with its run."""
    if not Path(run.result).is_file():
        write_result(Path(run.result), own_result(run).read_bytes())


def _was_ended(status: RunStatus) -> bool:
    """Return whether somebody ended the process, in contrast to its own failure."""
    return status.exit_status is not None and (status.exit_status < 0 or status.exit_status == STOPPED)


def _ending(status: RunStatus) -> str:
    code = status.exit_status or 0
    return f"signal {-code}" if code < 0 else f"exit status {code}"
