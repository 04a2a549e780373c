"""From a study file to its runs."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from alam_ros.errors import ConfigurationError
from alam_ros.learning.config import TrainingConfig, training_config
from alam_ros.study.config import FinalEvaluation, StudyConfig, StudyTask
from alam_ros.typed import flattened, to_mapping

ConfigurationLoader: TypeAlias = Callable[[str, Sequence[str]], TrainingConfig]
"""(file or name of a training configuration, overrides) → the configuration."""

INDIFFERENT = frozenset({"trainer.directory", "trainer.checkpoint_every"})
"""Keys that say where a run lives and how often it is saved, not what comes out."""
GONE: Mapping[str, Any] = {"pooling": 0.0, "budget_multiplier": 0.0, "state_factor": 4.0}
"""Keys of `algorithm.multiplier` that older configurations have, with the value at which they did nothing."""
LATER: Mapping[str, Any] = {"exported_share": 0.0}
"""Keys of `trainer` that older configurations lack and whose default does something else than was done then, with what was."""
SET_BY_STUDY = ("trainer.seed=", "trainer.directory=")


@dataclass(frozen=True, kw_only=True)
class PlannedRun:
    """One run, complete: a process on another machine needs nothing else to perform it.

    Attributes:
        study, task, algorithm: labels.
        seed: of training.
        config: of training; `trainer.directory` is where the run lives.
        evaluation: of the trained policy.
        result: path of the file that a finished run leaves.
        commands: what one would type to train and evaluate this run alone.
    """

    study: str
    task: str
    algorithm: str
    seed: int
    config: TrainingConfig
    evaluation: FinalEvaluation
    result: str
    commands: tuple[str, ...]

    @property
    def key(self) -> str:
        """Return the name of the run, unique in its study, such as `navigation/sac-0`."""
        return run_key(self.task, self.algorithm, self.seed)

    @property
    def steps(self) -> int:
        """Return the environment steps of training."""
        return self.config.trainer.steps

    @property
    def directory(self) -> Path:
        """Return where checkpoints and logs are."""
        return Path(self.config.trainer.directory)

    @property
    def fingerprint(self) -> str:
        """Return the hash of all that decides the result."""
        return fingerprint(self.config, self.evaluation)

    def differences(self, configuration: Mapping[str, Any], evaluation: FinalEvaluation) -> list[str]:
        """Return the keys in which a run that was done differs from this one.

        Keys that its configuration does not have yet count as set to their defaults, those in `LATER` to what was done then.

        Args:
            configuration: of training, in plain form.
            evaluation: of that run.
        """
        with suppress(ConfigurationError):  # a key of its own is gone, and will be named as differing
            configuration = to_mapping(training_config(_as_of_now(configuration)))
        before, now = _decisive(configuration, evaluation), _decisive(to_mapping(self.config), self.evaluation)
        absent = object()
        return sorted(key for key in before.keys() | now.keys() if before.get(key, absent) != now.get(key, absent))


def run_key(task: str, algorithm: str, seed: int) -> str:
    """Return the name of a run."""
    return f"{task}/{algorithm}-{seed}"


def fingerprint(config: TrainingConfig, evaluation: FinalEvaluation) -> str:
    """Return the hash, 16 hexadecimal digits, of all that decides a result: task, algorithm, budget, rhythm, seed, evaluation."""
    text = json.dumps(_decisive(to_mapping(config), evaluation), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def plan_runs(study: StudyConfig, load_configuration: ConfigurationLoader) -> list[PlannedRun]:
    """Return all runs: every task and algorithm with the first seed, then all with the second.

    In this order a study that is interrupted has something to say about everything.

    Raises:
        ConfigurationError: when a training configuration does not exist or an override does not fit.
    """
    return [
        _planned(study, task, algorithm, seed, load_configuration)
        for seed in study.seeds
        for task in study.tasks
        for algorithm in study.algorithms
    ]


def _planned(
    study: StudyConfig, task: StudyTask, algorithm: str, seed: int, load_configuration: ConfigurationLoader
) -> PlannedRun:
    overrides = [*study.overrides, *task.overrides, *study.algorithms[algorithm]]
    for override in overrides:
        if override.startswith(SET_BY_STUDY):
            raise ConfigurationError("overrides that leave seed and directory to the study", f"`{override}`", "remove it")
    if study.run_time_limit_s is not None:
        overrides.insert(0, f"trainer.wall_clock_limit_s={study.run_time_limit_s}")
    config = load_configuration(task.config, overrides)
    key = run_key(task.label, algorithm, seed)
    directory = str(Path(study.runs) / key)
    evaluation = study.evaluation
    return PlannedRun(
        study=study.name,
        task=task.label,
        algorithm=algorithm,
        seed=seed,
        config=replace(config, trainer=replace(config.trainer, seed=seed, directory=directory)),
        evaluation=evaluation,
        result=str(Path(study.directory) / f"{key}.json"),
        commands=(
            shlex.join(["alam", "train", task.config, *overrides, f"trainer.seed={seed}", "--directory", directory]),
            f"alam evaluate {shlex.quote(directory)} --episodes {evaluation.episodes} --seed {evaluation.seed} --json",
        ),
    )


def _as_of_now(configuration: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an older configuration in today's keys, as far as that does not change what it says."""
    algorithm, trainer = configuration.get("algorithm"), configuration.get("trainer")
    if isinstance(trainer, Mapping):
        configuration = {**configuration, "trainer": {**LATER, **trainer}}
    multiplier = algorithm.get("multiplier") if isinstance(algorithm, Mapping) else None
    if not isinstance(algorithm, Mapping) or not isinstance(multiplier, Mapping):
        return configuration
    kept = {name: value for name, value in multiplier.items() if name not in GONE or value != GONE[name]}
    return {**configuration, "algorithm": {**algorithm, "multiplier": kept}}


def _decisive(configuration: Mapping[str, Any], evaluation: FinalEvaluation) -> dict[str, Any]:
    leaves = flattened({**configuration, "evaluation": to_mapping(evaluation)})
    return {key: value for key, value in leaves.items() if key not in INDIFFERENT}
