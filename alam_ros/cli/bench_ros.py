"""`alam bench ros`."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any

from alam_ros.bench.inference import inference
from alam_ros.bench.latency import Comparison, comparisons
from alam_ros.bench.latency_case import EXECUTORS, SUBJECTS, Case, measure
from alam_ros.bench.latency_text import inference_text, latency_text, loaded_text
from alam_ros.cli.arguments import non_negative_number, positive_integer, positive_number
from alam_ros.demo.drive import missing_packages
from alam_ros.errors import BenchmarkError
from alam_ros.host.machine import describe_machine, describe_versions
from alam_ros.resources import shipped_policy

RATES = (50.0, 100.0, 500.0)
LOADED_RATES = (100.0,)
MINUTE_S = 60.0


def add(subjects: Any) -> None:
    """Add the subject `ros` to the parser of `alam bench`."""
    ros = subjects.add_parser(
        "ros",
        help="latency and processor time of the nodes beside a bare rclpy node of the same messages",
        description="Observation to risk and action, and command in to command out, of our nodes as they are launched, beside a"
        " bare rclpy node that takes and publishes the same messages, in turns; and how long the networks take. A quarter hour.",
    )
    ros.set_defaults(run=run)
    ros.add_argument("--json", action="store_true", help="print one JSON document")
    ros.add_argument("--policy", type=Path, default=shipped_policy("navigation"), metavar="FILE", help="default: navigation.alam")
    ros.add_argument("--node", nargs="+", choices=SUBJECTS, default=list(SUBJECTS), help="default: all")
    ros.add_argument("--executor", nargs="+", choices=EXECUTORS, help="default: all; with --loaded the nodes' own")
    ros.add_argument(
        "--rate", nargs="+", type=positive_number, metavar="HZ", help=f"default {_listed(RATES)}; loaded {_listed(LOADED_RATES)}"
    )
    ros.add_argument("--turns", type=positive_integer, default=4, help="of each node (default 4)")
    ros.add_argument("--turn", type=positive_number, default=4.0, metavar="S", help="that count of each turn (default 4)")
    ros.add_argument("--settle", type=non_negative_number, default=1.0, metavar="S", help="before them, not counted (default 1)")
    ros.add_argument("--calls", type=positive_integer, default=5000, help="of the networks (default 5000)")
    ros.add_argument(
        "--loaded", action="store_true", help="deadlines missed while every core is busy; both nodes are asked in each period"
    )
    ros.add_argument(
        "--realtime",
        type=int,
        default=0,
        metavar="PRIORITY",
        help="of our nodes, with --loaded (default 0: none)",
    )
    ros.add_argument("--minutes", type=positive_integer, default=10, help="of each loaded run (default 10)")


def run(options: argparse.Namespace) -> int:
    """Measure and print."""
    absent = missing_packages()
    if absent:
        raise BenchmarkError(f"ROS 2 with {', '.join(absent)}", "none", "use the one in .venv, which `make` made")
    if options.policy is None:
        raise BenchmarkError("a policy file", "none that is installed", "give one with --policy")
    found = [one for case in _cases(options) for one in _measured(case, options.policy)]
    times = None if options.loaded else inference(options.policy, options.calls)
    if options.json:
        print(json.dumps(_document(options, found, times)))
    elif times is None:
        print(loaded_text(found) + "\n\n" + latency_text(found))
    else:
        print(latency_text(found) + "\n\n" + inference_text(times))
    return 0


def _cases(options: argparse.Namespace) -> list[Case]:
    loaded = options.loaded
    executors = options.executor or (EXECUTORS[:1] if loaded else EXECUTORS)
    turns, turn_s = (options.minutes, MINUTE_S) if loaded else (options.turns, options.turn)
    return [
        Case(
            role=role,
            executor=executor,
            rate=rate,
            turns=turns,
            turn_s=turn_s + options.settle,
            settle_s=options.settle,
            is_loaded=loaded,
            realtime_priority=options.realtime if loaded else 0,
        )
        for role, executor, rate in product(options.node, executors, options.rate or (LOADED_RATES if loaded else RATES))
    ]


def _measured(case: Case, policy: Path) -> list[Comparison]:
    print(f"alam bench: {case.role}, {case.executor}, {case.rate:g} Hz", file=sys.stderr)
    folder = Path(tempfile.mkdtemp(prefix="alam-bench-ros-"))  # its logs stay where something fails: the error names them
    found = comparisons(case, measure(case, policy, folder))
    shutil.rmtree(folder)
    return found


def _document(options: argparse.Namespace, found: Sequence[Comparison], times: object) -> dict[str, object]:
    names = ("turns", "turn", "settle", "minutes", "loaded", "realtime")
    return {
        "machine": describe_machine() | {"load_average": " ".join(f"{load:.1f}" for load in os.getloadavg())},
        "versions": describe_versions(),
        "policy": options.policy.name,
        **{name: getattr(options, name) for name in names},
        "latency": [asdict(one) for one in found],
        "inference": times,
    }


def _listed(rates: Sequence[float]) -> str:
    return " ".join(f"{rate:g}" for rate in rates)
