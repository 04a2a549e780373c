"""Measures several kinds of work side by side, each in a process of its own, in turns of a fraction of a second.

On a machine that others use too, or whose clock varies, figures taken one after the other differ by more than what is compared.
In turns, every round sees the same machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from alam_ros.bench import workers
from alam_ros.errors import BenchmarkError

BLOCK_S = 0.25
WARM_UP = 3
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
FOLDER = Path(next(iter(workers.__path__)))


@dataclass(frozen=True)
class Work:
    """What is measured.

    Attributes:
        file: in `workers`, without its ending.
        settings: of its `make`.
        python: interpreter of the environment with the packages it needs; None for this one.
    """

    file: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    python: Path | None = None


class Worker:
    """A process that does one kind of work on request.

    Args:
        name: of the work, for messages.
        process: with text pipes to its standard input and from its standard output.
        errors: where its standard error goes.

    Attributes:
        facts: what the work says of itself.

    Raises:
        BenchmarkError: when it cannot begin or go on.
    """

    def __init__(self, name: str, process: subprocess.Popen[str], errors: IO[str]) -> None:
        self._name, self._process, self._errors = name, process, errors
        self.facts: dict[str, Any] = self._answer()
        self._seconds(1)
        self._count = max(1, round(BLOCK_S * WARM_UP / self._seconds(WARM_UP)))

    def block(self) -> float:
        """Do a block of work and return its CPU time for each time that it was done, s."""
        return self._seconds(self._count) / self._count

    def _seconds(self, count: int) -> float:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # the answer, which is missing, tells why
            print(count, file=self._process.stdin, flush=True)
        return float(self._answer())

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line:
            return json.loads(line)
        status = self._process.wait()
        self._errors.seek(0)
        last = self._errors.read().strip().splitlines()[-1:]
        found = f"its end with status {status}: {' '.join(last) or 'silent'}"
        raise BenchmarkError(f"an answer of `{self._name}`", found, "mend that; `make bench` installs what the peers need")


@contextmanager
def running(work: Work) -> Iterator[Worker]:
    """Start a worker; leaving the block ends it.

    Raises:
        BenchmarkError: when it cannot begin.
    """
    python, environment = work.python, peers_environment()
    if python is None:
        paths = str(FOLDER.parents[2]), os.environ.get("PYTHONPATH", "")
        python, environment["PYTHONPATH"] = Path(sys.executable), os.pathsep.join(filter(None, paths))
    command = [str(python), str(FOLDER / "serve.py"), str(FOLDER / f"{work.file}.py"), json.dumps(work.settings)]
    with (
        tempfile.TemporaryFile("w+") as errors,  # a pipe that nobody reads would fill up
        subprocess.Popen(  # noqa: S603  our own scripts
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            yield Worker(work.file, process, errors)
        finally:
            process.kill()


def peers_environment() -> dict[str, str]:
    """Return this process's variables for another Python environment: one thread, none of our packages."""
    environment = {**os.environ, **THREADS}
    environment.pop("PYTHONPATH", None)
    return environment


@dataclass(frozen=True)
class Measurement:
    """Of each work by name: its facts, and its CPU seconds in each round."""

    facts: Mapping[str, Mapping[str, Any]]
    seconds: Mapping[str, Sequence[float]]


def measure(works: Mapping[str, Work], rounds: int, starts: int = 1) -> Measurement:
    """Do a block of each in turn.

    Args:
        works: by name.
        rounds: of each start.
        starts: how often all processes are started anew: runs of the same processes differ by less than runs of others.

    Raises:
        BenchmarkError: when a work cannot be done.
    """
    facts: dict[str, Mapping[str, Any]] = {}
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(starts):
        with ExitStack() as stack:
            started = {name: stack.enter_context(running(work)) for name, work in works.items()}
            facts = {name: worker.facts for name, worker in started.items()}
            for _ in range(rounds):
                for name, worker in started.items():
                    seconds[name].append(worker.block())
    return Measurement(facts, seconds)
