"""How long the NumPy networks of a policy file take."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from alam_ros.bench.interleaved import THREADS
from alam_ros.errors import BenchmarkError

MOST_US = 60.0
"""What one observation through actor, both cost critics and multiplier may take, median."""

Inference = Mapping[str, Mapping[str, object]]


def inference(policy: Path, calls: int) -> Inference:
    """Return what `alam_ros.bench.workers.inference` finds, by name of what is timed.

    Raises:
        BenchmarkError: when it cannot be measured.
    """
    command = [sys.executable, "-m", "alam_ros.bench.workers.inference", str(policy), str(calls)]
    found = subprocess.run(command, env={**os.environ, **THREADS}, capture_output=True, text=True, check=False)  # noqa: S603
    if found.returncode:
        last = found.stderr.strip().splitlines()[-1:]
        raise BenchmarkError(f"a policy file to time at {policy}", f"status {found.returncode}: {' '.join(last)}", "give another")
    document: Inference = json.loads(found.stdout)
    return document
