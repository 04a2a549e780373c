"""One run from wherever it stands to its result: train, evaluate on fresh episodes, write down."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from alam_ros.errors import SimulatorError, StudyError
from alam_ros.host.files import write_atomically
from alam_ros.host.machine import describe_machine
from alam_ros.learning.agents import Agent, LearnerAgent
from alam_ros.learning.divergence import DivergenceError
from alam_ros.learning.evaluation import EpisodeRecord, evaluate
from alam_ros.learning.export import recorded_libraries
from alam_ros.learning.metrics import read_metrics
from alam_ros.learning.oscillation import last_half, oscillation
from alam_ros.learning.probe import read_probe
from alam_ros.learning.restore import restore_run
from alam_ros.learning.run_directory import RunDirectory
from alam_ros.learning.seeds import Purpose, first_seed
from alam_ros.learning.stepper import EnvironmentFactory, running
from alam_ros.learning.summary import summarise
from alam_ros.learning.trainer import Trainer
from alam_ros.study.plan import PlannedRun
from alam_ros.study.progress import ProgressReporter
from alam_ros.study.result import SCHEMA, Episodes, RunResult, write_result
from alam_ros.study.state import assess, own_result
from alam_ros.typed import to_mapping

CODE = ("alam_ros.contract", "alam_ros.learning", "alam_sim")
POLL_S = 0.1


def perform(run: PlannedRun, *, make_environments: EnvironmentFactory, should_stop: Callable[[], bool]) -> bool:
    """Do whatever is left of a run.

    Args:
        run: as planned.
        make_environments: starts vectors of environments.
        should_stop: asked in every step; once it says yes, what was learned is saved.

    Returns:
        Whether the result is written; otherwise it was told to stop. That learning diverged is a result too.

    Raises:
        AlamError: when training or evaluation fails otherwise, or the directory holds another run.
    """
    code = code_hash()
    reporter = ProgressReporter(run.directory, RunDirectory(run.directory).metrics)
    with _alone(run.directory, should_stop) as is_alone:
        if not is_alone:
            return False
        state = assess(run)
        if state.is_refused:
            raise StudyError(f"the run `{run.key}` or nothing in its place", state.found, "see `alam study --rerun-changed`")
        if state.condition == "finished":
            return True
        code = _sources(run.directory / "code.txt", code)
        try:
            result = _learn(run, reporter, make_environments, should_stop, code)
        except DivergenceError as error:
            result = _diverged(run, error.found, code)
        if result is None:
            return False
        write_result(own_result(run), result.to_json())
        return True


def _learn(
    run: PlannedRun,
    reporter: ProgressReporter,
    make_environments: EnvironmentFactory,
    should_stop: Callable[[], bool],
    code: str,
) -> RunResult | None:
    """Train and evaluate; return None when told to stop."""
    if not _train(run, reporter, make_environments, should_stop):
        return None
    trained = restore_run(run.directory)
    agent = LearnerAgent(trained.learner)
    records = _evaluate(run, agent, make_environments, should_stop)
    if len(records) < run.evaluation.episodes:
        return None
    directory = RunDirectory(run.directory)
    return replace(
        _result(run, code),
        machine={**describe_machine(), "updates": ", ".join(trained.devices)},
        summary=summarise(records, agent),
        episodes=Episodes(
            episode_return=tuple(record.episode_return for record in records),
            cost=tuple(record.episode_cost for record in records),
            length=tuple(len(record) for record in records),
            terminated=tuple(record.terminated for record in records),
        ),
        oscillation=_oscillation(directory),
    )


def _train(
    run: PlannedRun, reporter: ProgressReporter, make_environments: EnvironmentFactory, should_stop: Callable[[], bool]
) -> bool:
    """Train to the end of the budget; return whether it was reached."""
    steps = 0

    def tell_and_ask() -> bool:
        reporter.tell_if_due(trainer.steps)
        return should_stop()

    resume = RunDirectory(run.directory).has_run()
    with Trainer(run.config, make_environments=make_environments, resume=resume, should_stop=tell_and_ask) as trainer:
        reporter.begin(trainer.steps)
        trainer.run()
        steps = trainer.steps
        is_finished = trainer.is_finished
    reporter.tell("evaluating" if is_finished else "training", steps)
    return is_finished


def _evaluate(
    run: PlannedRun, agent: Agent, make_environments: EnvironmentFactory, should_stop: Callable[[], bool]
) -> list[EpisodeRecord]:
    """Return the episodes of the final evaluation; fewer than planned when told to stop."""
    plan, environment = run.evaluation, run.config.environment
    try:
        with running(make_environments, environment, min(environment.copies, plan.episodes)) as stepper:
            first = first_seed(Purpose.EVALUATION, plan.seed)
            return evaluate(agent, stepper, episodes=plan.episodes, first_seed=first, should_stop=should_stop)
    except SimulatorError:
        # A signal to everybody ends the environments as well.
        if not should_stop():
            raise
        return []


def _diverged(run: PlannedRun, found: str, code: str) -> RunResult:
    """Return the result of a run without episodes and score; from an earlier checkpoint it would go on as another run."""
    return replace(_result(run, code), diverged=found)


def _result(run: PlannedRun, code: str) -> RunResult:
    """Return what is known without a policy, up to the last evaluation along the way."""
    directory = RunDirectory(run.directory)
    rows = read_metrics(directory.metrics)
    last: dict[str, Any] = rows[-1] if rows else {"steps": 0, "updates": 0, "wall_seconds": 0.0}
    return RunResult(
        schema=SCHEMA,
        study=run.study,
        task=run.task,
        algorithm=run.algorithm,
        seed=run.seed,
        fingerprint=run.fingerprint,
        configuration=to_mapping(run.config),
        evaluation=run.evaluation,
        commands=run.commands,
        libraries=recorded_libraries(directory),
        code=code,
        machine=describe_machine(),
        steps=last["steps"],
        updates=last["updates"],
        wall_seconds=last["wall_seconds"],
        updates_per_second=last["updates"] / last["wall_seconds"] if last["wall_seconds"] else 0.0,
        summary={},
        episodes=Episodes(),
        progress=tuple(rows),
    )


def _oscillation(directory: RunDirectory) -> dict[str, Any] | None:
    record = read_probe(directory.probe)
    if record is None:
        return None
    late = last_half(record)
    series = {"multiplier": late.multiplier, "cost_value": late.cost_value}
    return {name: to_mapping(oscillation(values)) for name, values in series.items()}


def _sources(path: Path, code: str) -> str:
    """Note the source of this session of a run and return those of all its sessions: its result is of all of them."""
    known = path.read_text().split() if path.is_file() else []
    if code not in known:
        known.append(code)
        write_atomically(path, ("\n".join(known) + "\n").encode())
    return ", ".join(known)


def code_hash() -> str:
    """Return the hash, 12 hexadecimal digits, of the source that decides results: contract, learner, simulators."""
    digest = hashlib.sha256()
    for package in CODE:
        specification = importlib.util.find_spec(package)
        for folder in (specification.submodule_search_locations or ()) if specification else ():
            for path in sorted(Path(folder).rglob("*.py")):
                digest.update(f"{package}/{path.relative_to(folder)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


@contextmanager
def _alone(directory: Path, should_stop: Callable[[], bool]) -> Iterator[bool]:
    """Wait until no other process works in the directory, such as one that a killed session left behind and that is saving.

    Yields:
        Whether the directory is ours now; otherwise told to stop.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / ".study.lock").open("w") as stream:
        while not (is_alone := _try_to_lock(stream)) and not should_stop():
            time.sleep(POLL_S)
        yield is_alone


def _try_to_lock(stream: TextIO) -> bool:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
