"""Child processes that are always stopped, and whose end never goes unnoticed."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from alam_ros.errors import ProcessError

STOP_TIMEOUT_S = 10.0
POLL_S = 0.05
TAIL_LINES = 15


class ChildProcess:
    """One process; what it prints goes to a file.

    Args:
        name: for messages.
        command: program and arguments.
        log: file for standard output and standard error.
        environment: all of its environment variables.
        folder: it works in; ours by default.
    """

    def __init__(
        self, name: str, command: Sequence[str], *, log: Path, environment: Mapping[str, str], folder: Path | None = None
    ) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as stream:
            self._process = subprocess.Popen(  # noqa: S603  our own interpreter and modules
                list(command),
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )

    @property
    def process_id(self) -> int:
        """Return its process id."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Return the exit status, negative for the signal that ended it; None while it runs."""
        return self._process.poll()

    def kill(self) -> float:
        """End it at once, as a crash would (SIGKILL), and return the moment, s of the monotonic clock."""
        moment = time.monotonic()
        self._process.kill()
        self._process.wait()
        return moment

    def request_stop(self) -> None:
        """Ask it to stop (SIGINT), if it still runs."""
        if self.status is None:
            self._process.send_signal(signal.SIGINT)

    def wait(self, timeout_s: float) -> int | None:
        """Return the exit status, or None when it still runs after the time."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout_s)
        return self.status

    def tail(self) -> str:
        """Return the last lines it printed."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:])


class ProcessGroup:
    """Starts processes and stops all of them on leaving, in the reverse order, by SIGINT and in the end by SIGKILL.

    Args:
        logs: folder for `<name>.log`.
        environment: of all processes.
        should_stop: asked while waiting; once it says yes, waiting ends with `KeyboardInterrupt`.
        stop_timeout_s: between SIGINT and SIGKILL.
    """

    def __init__(
        self,
        logs: Path,
        environment: Mapping[str, str],
        should_stop: Callable[[], bool] = lambda: False,
        *,
        stop_timeout_s: float = STOP_TIMEOUT_S,
    ) -> None:
        self._logs = logs
        self._environment = environment
        self._should_stop = should_stop
        self._stop_timeout_s = stop_timeout_s
        self._children: list[ChildProcess] = []
        logs.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> ProcessGroup:  # noqa: PYI034  typing.Self needs Python 3.11
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for child in reversed(self._children):
            child.request_stop()
        deadline = time.monotonic() + self._stop_timeout_s
        for child in reversed(self._children):
            if child.wait(max(deadline - time.monotonic(), 0.0)) is None:
                child.kill()

    def start(self, name: str, command: Sequence[str]) -> ChildProcess:
        """Start a process that has to run until it is stopped."""
        child = ChildProcess(name, command, log=self._logs / f"{name}.log", environment=self._environment)
        self._children.append(child)
        return child

    def kill(self, child: ChildProcess) -> float:
        """End one as a crash would, so that its end is no failure of the group; return the moment (monotonic, s)."""
        self._children.remove(child)
        return child.kill()

    def run(self, name: str, command: Sequence[str], timeout_s: float) -> None:
        """Run a process to its end, while the others go on.

        Raises:
            ProcessError: when it fails or takes longer, or another one ends meanwhile; with the tail of its log.
        """
        child = self.start(name, command)
        self._children.remove(child)
        try:
            self.wait_for(lambda: child.status is not None, f"the end of `{name}`", timeout_s)
        finally:
            if child.status is None:
                child.kill()
        if child.status != 0:
            raise _ended(child)

    def wait_for(self, condition: Callable[[], bool], what: str, timeout_s: float) -> None:
        """Wait until the condition holds.

        Raises:
            ProcessError: when it does not become true in time, or a process ends.
            KeyboardInterrupt: when told to stop.
        """
        deadline = time.monotonic() + timeout_s
        while not condition():
            self.check()
            if time.monotonic() > deadline:
                raise ProcessError(what, f"nothing of it within {timeout_s:g} s", f"see the logs in {self._logs}")
            time.sleep(POLL_S)

    def check(self) -> None:
        """Raise when a process has ended, or when told to stop.

        Raises:
            ProcessError: with the exit status and the tail of the log.
            KeyboardInterrupt: when told to stop.
        """
        if self._should_stop():
            raise KeyboardInterrupt
        for child in self._children:
            if child.status is not None:
                raise _ended(child)


def _ended(child: ChildProcess) -> ProcessError:
    tail = "\n".join(f"    {line}" for line in child.tail().splitlines()) or "    (it printed nothing)"
    return ProcessError(
        f"`{child.name}` to do its work", f"its end with status {child.status}", f"the last it said, in {child.log}:\n{tail}"
    )
