"""`alam gate-study`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import alam_sim  # noqa: F401  (registers the environments)
from alam_ros.cli.arguments import positive_integer, seed
from alam_ros.gate import Hysteresis
from alam_ros.gate_study.commanders import NAMES
from alam_ros.gate_study.drives import FOREIGN_GATES, NO_GATE, OWN_GATES, Study, run
from alam_ros.gate_study.summary import KEPT, REMOVED, meets, summary, table
from alam_ros.runtime import PolicyRuntime
from alam_ros.typed import finite

RELEASE = 0.5
"""Release threshold as a share of the acceptable probability."""


def main(arguments: Sequence[str]) -> int:
    """Drive the same maps without a gate and with it, and print what it does to return and cost."""
    parser = argparse.ArgumentParser(
        prog="alam gate-study",
        description="What the gate does to a commander, in the simulator that the policy was trained in, without ROS.",
    )
    parser.add_argument("policy", type=Path, help="policy file: judges the commands, and is the fallback")
    parser.add_argument(
        "--commander",
        default="straight",
        help=f"who drives: {', '.join(NAMES)}, or another policy file (default straight: to the goal through everything); "
        "`policy` is judged by the thresholds on the state's risk, every other commander by the risk of its commands",
    )
    parser.add_argument("--drives", type=positive_integer, default=16, help="maps, each driven once with every gate (default 16)")
    parser.add_argument("--steps", type=positive_integer, default=400, help="control periods of a drive (default 400)")
    parser.add_argument("--seed", type=seed, default=0, help="of the maps (default 0)")
    parser.add_argument("--acceptable-probability", type=float, help="of a judged command (default the gate's)")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    options = parser.parse_args(arguments)
    study = Study(
        runtime=PolicyRuntime.load(options.policy),
        commander=options.commander,
        drives=options.drives,
        steps=options.steps,
        seed=options.seed,
        overrides=_overrides(options.acceptable_probability),
    )
    rows = _rows(study)
    if options.json:
        document = {"policy": str(options.policy), "commander": options.commander, "seed": options.seed, "rows": rows}
        print(json.dumps(finite(document), allow_nan=False))
        return 0
    print(table(rows))
    if options.commander != "policy":
        print(f"at least {REMOVED:.0%} removed and {KEPT:.0%} kept: {', '.join(r['gate'] for r in rows if meets(r)) or 'none'}")
    return 0


def _rows(study: Study) -> list[dict[str, Any]]:
    gates = OWN_GATES if study.commander == "policy" else FOREIGN_GATES
    ungated = run(study, None)
    return [summary(name, ungated if name == NO_GATE else run(study, gate), ungated) for name, gate in gates.items()]


def _overrides(acceptable: float | None) -> dict[str, Hysteresis]:
    if acceptable is None:
        return {}
    return {"acceptable_probability": Hysteresis(trigger=acceptable, release=RELEASE * acceptable)}
