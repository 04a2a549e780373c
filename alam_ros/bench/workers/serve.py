"""Does blocks of one kind of work on request and says how much CPU time each took.

`python serve.py FILE SETTINGS` calls `make(**settings)` of the file, which returns the work, a function of how often it is done,
and facts about it. On standard output, one JSON document a line: first the facts; then, for each number read from standard input,
the CPU seconds of the block. What the work itself prints goes to standard error.

Nothing of alam_ros is imported, because Python environments without it run this file too.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import time
from pathlib import Path

import torch


def main(file: str, settings: str) -> None:
    """Serve until standard input ends."""
    sys.stdout.flush()
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    torch.set_num_threads(1)
    work, facts = runpy.run_path(str(Path(file)))["make"](**json.loads(settings))
    torch.set_num_threads(1)  # whatever the work's packages have set
    print(json.dumps(facts), file=answers)
    for line in sys.stdin:
        started = time.process_time()
        work(int(line))
        print(json.dumps(time.process_time() - started), file=answers)


if __name__ == "__main__":
    main(*sys.argv[1:])
