"""The process of one run of a study; `alam study` starts it: `python -m alam_ros.cli.study_run JOB.json --parent PID`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from alam_ros.errors import AlamError
from alam_ros.study.plan import PlannedRun
from alam_ros.study.run_process import STOPPED
from alam_ros.typed import from_mapping


def main(arguments: Sequence[str] | None = None) -> int:
    """Perform the run; return 0 when its result is written, 75 when it was told to stop, 2 when it failed."""
    parser = argparse.ArgumentParser(prog="python -m alam_ros.cli.study_run", description="Perform one run of a study.")
    parser.add_argument("job", type=Path, help="JSON file that describes the run")
    parser.add_argument("--parent", type=int, required=True, help="process whose end stops this one")
    options = parser.parse_args(arguments)
    stop = _listen()
    run = from_mapping(PlannedRun, json.loads(options.job.read_text()))

    from alam_ros.cli.environments import make_environments
    from alam_ros.study.worker import perform

    def should_stop() -> bool:
        return stop.is_set() or os.getppid() != options.parent

    try:
        return 0 if perform(run, make_environments=make_environments, should_stop=should_stop) else STOPPED
    except AlamError as error:
        print(error, file=sys.stderr)
        return 2


def _listen() -> threading.Event:
    """Return what SIGINT and SIGTERM set, however often they come: several senders may mean the same stop.

    Ctrl-C goes to a terminal's whole process group. This process leaves it, so that only `alam study` hears and passes it on.
    """
    os.setpgid(0, 0)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM))  # Ray blocks SIGINT, which is inherited
    return stop


if __name__ == "__main__":
    sys.exit(main())
