"""Times the NumPy networks of a policy file in a process of its own and prints what it found as JSON.

`python -m alam_ros.bench.workers.inference POLICY CALLS`. Back to back everything is in the processor's caches; after a pause, as
in a node that waits for its next observation, nothing is.
"""

from __future__ import annotations

import gc
import json
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

from alam_ros.gate import FRACTIONS
from alam_ros.policy_file import PolicyContents, read_policy
from alam_ros.policy_file.manifest import Manifest
from alam_ros.runtime import PolicyNetworks, PolicyRuntime

PAUSE_S = 0.01
WARM_UP = 50


def works(contents: PolicyContents) -> dict[str, Callable[[], object]]:
    """Return by name what is timed.

    `networks` is one observation through actor, both cost critics and multiplier; `with_risk_network` the same and the risk
    network; `estimate` what the policy node asks for each observation, with the risk of rest, checks, calibration and novelty;
    `judgement` what the safety monitor asks for each command, in an observation that was seen before.
    """
    manifest = Manifest.from_mapping(contents.manifest)
    networks, runtime = PolicyNetworks(contents.weights, manifest.risk), PolicyRuntime(contents, "bench")
    observation = np.array(manifest.golden.observations[0], np.float32)
    action, excess = np.array(manifest.golden.actions[:1], np.float32), np.zeros_like(observation)
    pair, all_judged = np.repeat(action, 2, axis=0), np.repeat(action, len(FRACTIONS) + 1, axis=0)
    seen = runtime.see(observation, excess)

    def ask(*, is_risk_asked: bool) -> None:
        networks.see(observation)
        networks.act()
        multiplier = networks.seen_multiplier()
        networks.judge(action, multiplier if is_risk_asked else None)

    found: dict[str, Callable[[], object]] = {
        "networks": lambda: ask(is_risk_asked=False),
        "estimate": lambda: runtime.judge(runtime.see(observation, excess), pair),
        "judgement": lambda: runtime.judge(seen, all_judged),
    }
    if "risk.0.weight" in contents.weights:
        found["with_risk_network"] = lambda: ask(is_risk_asked=True)
    return found


def timed(work: Callable[[], object], calls: int, pause_s: float = 0.0) -> dict[str, float]:
    """Return median and 99th percentile of one call, µs."""
    seconds = np.empty(calls)
    for number in range(calls):
        if pause_s:
            time.sleep(pause_s)
        started = time.perf_counter()
        work()
        seconds[number] = time.perf_counter() - started
    median, p99 = (1e6 * np.quantile(seconds, (0.5, 0.99))).tolist()
    return {"median_us": median, "p99_us": p99}


def allocated(work: Callable[[], object], calls: int) -> dict[str, float]:
    """Return what a call allocates at most while it runs, bytes, and by how many blocks the process grew in all calls."""
    before = sys.getallocatedblocks()
    for _ in range(calls):
        work()
    blocks = sys.getallocatedblocks() - before
    tracemalloc.start()
    work()
    tracemalloc.reset_peak()
    begin, _ = tracemalloc.get_traced_memory()
    work()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {"peak_bytes": peak - begin, "blocks_grown": blocks}


def main(policy: str, calls: int) -> dict[str, Any]:
    """Measure everything."""
    gc.disable()
    found: dict[str, Any] = {}
    for name, work in works(read_policy(policy)).items():
        for _ in range(WARM_UP):
            work()
        found[name] = {
            "back_to_back": timed(work, calls),
            "after_pause": timed(work, max(calls // 20, 10), PAUSE_S),
            **allocated(work, calls),
        }
    return found


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))
