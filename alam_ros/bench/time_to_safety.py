"""How long a learner takes to a policy that is safe and still does its task: ours, and OmniSafe's SACLag, on one environment."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from alam_ros.bench.interleaved import FOLDER, peers_environment
from alam_ros.bench.training_time import in_temporary_directory
from alam_ros.errors import BenchmarkError
from alam_ros.learning.config import TrainingConfig
from alam_ros.learning.metrics import read_metrics
from alam_ros.learning.run_directory import RunDirectory
from alam_ros.learning.stepper import EnvironmentFactory
from alam_ros.learning.trainer import Trainer
from alam_ros.typed import from_mapping, to_mapping

REFERENCE = "sac"
OURS = (REFERENCE, "sac_alam", "sac_lag")
PEER = "omnisafe_sac_lag"
LEAST_RETURN, LARGEST_COST = 0.6, 0.25
"""Shares of what unconstrained SAC reaches with the same steps: a policy that keeps to them is safe and does not freeze."""


@dataclass(frozen=True)
class Evaluation:
    """A look at a policy on its way.

    Attributes:
        steps: of the environment.
        seconds: of training before it; the peer's evaluations are left out, ours run beside training.
        episode_return, cost: means over fresh episodes, deterministic actions.
    """

    steps: int
    seconds: float
    episode_return: float
    cost: float


@dataclass(frozen=True)
class Criterion:
    """What counts as arrived."""

    least_return: float
    largest_cost: float

    def reached(self, evaluations: Sequence[Evaluation]) -> Evaluation | None:
        """Return the first evaluation from which on all of them meet it; None where the last does not."""
        found = None
        for evaluation in reversed(evaluations):
            if evaluation.episode_return < self.least_return or evaluation.cost > self.largest_cost:
                break
            found = evaluation
        return found


def criteria(reference: Sequence[Evaluation], budget: float) -> Mapping[str, Criterion]:
    """Return by name: within the cost budget, and at most a quarter of what SAC costs; both with 60 % of its return."""
    least = LEAST_RETURN * reference[-1].episode_return
    return {
        "within the budget": Criterion(least, budget),
        "a quarter of SAC's cost": Criterion(least, LARGEST_COST * reference[-1].cost),
    }


def trained(config: TrainingConfig, make_environments: EnvironmentFactory) -> list[Evaluation]:
    """Train one of ours in a directory that is removed afterwards.

    Raises:
        SimulatorError: when the environments cannot be made or trained on.
    """
    with in_temporary_directory(config) as elsewhere:
        with Trainer(elsewhere, make_environments=make_environments) as trainer:
            trainer.run()
        rows = read_metrics(RunDirectory(elsewhere.trainer.directory).metrics)
    found = ((row, row["evaluation"]) for row in rows)
    return [Evaluation(row["steps"], row["wall_seconds"], e["return_mean"], e["cost_mean"]) for row, e in found]


def peer_settings(config: TrainingConfig) -> dict[str, object]:
    """Return environment, steps, batch, widths, budget and share before the constraint, ours, for OmniSafe's SACLag."""
    trainer, algorithm = config.trainer, config.algorithm
    arguments = json.dumps(dict(config.environment.arguments), sort_keys=True)
    return {
        "environment": [sys.executable, "-m", "alam_ros.bench.workers.environment", config.environment.id, arguments],
        "seed": trainer.seed,
        "steps": trainer.steps,
        "every": trainer.evaluate_every,
        "episodes": trainer.evaluation_episodes,
        "random_steps": trainer.random_steps,
        "batch": trainer.batch_size,
        "hidden": list(algorithm.hidden),
        "warmup": round(algorithm.multiplier.start * trainer.steps),
        "cost_limit": algorithm.constraint.target_episode_cost,
    }


def peer_trained(config: TrainingConfig, peers: Path) -> list[Evaluation]:
    """Train OmniSafe's SACLag by `peer_settings`.

    Raises:
        BenchmarkError: when it fails.
    """
    command = [str(peers), str(FOLDER / "omnisafe_training.py"), json.dumps(peer_settings(config))]
    with (
        tempfile.TemporaryFile("w+") as errors,  # a pipe that nobody reads would fill up
        subprocess.Popen(command, env=peers_environment(), stdout=subprocess.PIPE, stderr=errors, text=True) as process,  # noqa: S603
    ):
        assert process.stdout is not None
        found = [from_mapping(Evaluation, json.loads(line)) for line in process.stdout]
        if process.wait() or not found:
            errors.seek(0)
            last = " ".join(errors.read().strip().splitlines()[-1:])
            remedy = "mend that; `make bench` installs what the peers need"
            raise BenchmarkError("OmniSafe to train", f"status {process.returncode}: {last}", remedy)
    return found


def measure(
    configs: Mapping[str, TrainingConfig],
    make_environments: EnvironmentFactory,
    peers: Path | None,
    output: Path,
    report: Callable[[str], None],
) -> Iterator[tuple[str, list[Evaluation]]]:
    """Train one after the other and yield each with its evaluations; what is in `output` with the same settings is not repeated.

    Args:
        configs: of ours, by name; the peer takes the constraint of the last.
        make_environments: for them.
        peers: interpreter of the peers' Python environment; None leaves the peer out.
        output: folder of one file for each.
        report: is told what comes next.
    """
    works: dict[str, tuple[object, Callable[[], list[Evaluation]]]] = {
        name: (to_mapping(config), partial(trained, config, make_environments)) for name, config in configs.items()
    }
    if peers is not None:
        last = list(configs.values())[-1]
        works[PEER] = (peer_settings(last), partial(peer_trained, last, peers))
    output.mkdir(parents=True, exist_ok=True)
    for name, (settings, work) in works.items():
        path = output / f"{name}.json"
        document = json.loads(path.read_text()) if path.is_file() else {}
        if document.get("settings") != json.loads(json.dumps(settings)):
            report(name)
            document = {"settings": settings, "evaluations": [asdict(evaluation) for evaluation in work()]}
            path.write_text(json.dumps(document, indent=1))
        yield name, [from_mapping(Evaluation, row) for row in document["evaluations"]]
