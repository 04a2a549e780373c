"""`alam study`."""

from __future__ import annotations

import argparse
import fnmatch
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from alam_ros.cli.arguments import positive_integer
from alam_ros.cli.configuration import load_configuration, read_mapping
from alam_ros.cli.stop import StopOnSignal
from alam_ros.errors import ConfigurationError
from alam_ros.resources import given_or_shipped
from alam_ros.study.config import StudyConfig
from alam_ros.study.plan import PlannedRun, plan_runs
from alam_ros.study.state import RunState, assess, describe_refused, discard
from alam_ros.typed import from_mapping

if TYPE_CHECKING:
    from alam_ros.study.executor import Executor
    from alam_ros.study.session import Tally

JOBS = 2


def main(arguments: Sequence[str]) -> int:
    """Run the study and report; return 0 when all is finished, 1 when something failed or is refused, 128 + n after signal n."""
    options = _parser().parse_args(arguments)
    study = _load(options.study)
    runs = plan_runs(study, load_configuration)
    patterns = options.only or ["*"]
    chosen = [run for run in runs if any(fnmatch.fnmatchcase(run.key, pattern) for pattern in patterns)]
    if not chosen:
        raise ConfigurationError("runs that `--only` selects", f"none such as `{runs[0].key}`", "correct the pattern")
    if options.status:
        states = [assess(run) for run in chosen]
        print("\n".join(f"{state.condition:9} {state.run.key} {state.found}".rstrip() for state in states))
        return 0
    code = 0 if options.report else _perform(study, chosen, options)
    if code <= 1:
        _report(study, options.study, runs, is_wanted=options.report)
    return code


def _perform(study: StudyConfig, runs: Sequence[PlannedRun], options: argparse.Namespace) -> int:
    from alam_ros.study.display import Display
    from alam_ros.study.session import Session, alone

    with alone(Path(study.runs)):
        states = _assess(runs, rerun_changed=options.rerun_changed)
        if all(state.result is not None or state.is_refused for state in states):
            options.executor, options.jobs = "local", JOBS  # nothing to start: no cluster is needed
        executor = _executor(options)
        display = Display(states, executor.slots)
        try:
            with StopOnSignal("saving every run (once more ends at once)") as stop:
                tally = Session(states, executor, display, stop.is_requested).run()
        finally:
            display.close()
            executor.close()
    return _conclude(tally, states, options.study, None if stop.signal is None else 128 + stop.signal)


def _assess(runs: Sequence[PlannedRun], *, rerun_changed: bool) -> list[RunState]:
    """Return the states of the runs, and say what is in the way of some."""
    states = [assess(run) for run in runs]
    if rerun_changed:
        for state in states:
            if state.is_refused:
                discard(state.run)
        return [assess(run) for run in runs]
    if refused := describe_refused(states):
        print(f"{refused}\nthese are left alone; `--rerun-changed` discards them and runs anew", file=sys.stderr)
    return states


def _executor(options: argparse.Namespace) -> Executor:
    if options.executor == "ray":
        from alam_ros.study.ray_cluster import RayExecutor

        return RayExecutor(options.ray_address, options.jobs)
    from alam_ros.study.executor import LocalExecutor

    return LocalExecutor(options.jobs or JOBS)


def _conclude(tally: Tally, states: Sequence[RunState], source: str, stopped: int | None) -> int:
    counts = Counter(state.condition for state in states)
    finished = counts["finished"] + len(tally.finished)
    for key, why in tally.failed.items():
        print(f"\nfailed {key}: {why}", file=sys.stderr)
    print(f"{finished} of {len(states)} runs are finished, {len(tally.finished)} of them now", file=sys.stderr)
    if stopped is not None:
        print(f"stopped; every run goes on where it was with `alam study {source}`", file=sys.stderr)
        return stopped
    return 0 if finished == len(states) else 1


def _report(study: StudyConfig, source: str, runs: Sequence[PlannedRun], *, is_wanted: bool) -> None:
    """Write the report; where nothing is finished, only a report that is wanted is an error."""
    from alam_ros.study.report import write_report
    from alam_ros.study.so_far import StudySoFar

    states = [assess(run) for run in runs]
    if is_wanted or any(state.result for state in states):
        print(write_report(StudySoFar(study=study, source=source, states=states)))


def _load(source: str) -> StudyConfig:
    return from_mapping(StudyConfig, read_mapping(given_or_shipped("study", source)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="alam study",
        description="Run algorithm × task × seed and report. Finished runs are never repeated; stopped and killed ones go on"
        " where they were.",
    )
    parser.add_argument("study", metavar="STUDY", help="YAML file, or name of one that comes with alam_ros")
    parser.add_argument("--report", action="store_true", help="only write the report of what is finished")
    parser.add_argument("--status", action="store_true", help="only say what is finished, begun, new, changed or damaged")
    parser.add_argument(
        "--only", action="append", metavar="PATTERN", help="runs such as 'navigation/sac-*' (all; may be given several times)"
    )
    parser.add_argument(
        "--jobs",
        type=positive_integer,
        metavar="N",
        help=f"runs at a time (default {JOBS}; with Ray, one a processor of the cluster)",
    )
    parser.add_argument("--executor", choices=("local", "ray"), default="local", help="where runs are performed (default local)")
    parser.add_argument(
        "--ray-address", metavar="ADDRESS", help="of the cluster (default: RAY_ADDRESS, or the one on this machine, or our own)"
    )
    parser.add_argument(
        "--rerun-changed", action="store_true", help="discard results and runs of another configuration, and damaged ones"
    )
    return parser
