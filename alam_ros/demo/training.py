"""The first two stages: a trained run and its policy file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from alam_ros.errors import CheckpointError
from alam_ros.learning.config import TrainingConfig
from alam_ros.learning.export import export
from alam_ros.learning.run_directory import RunDirectory
from alam_ros.learning.stepper import EnvironmentFactory
from alam_ros.learning.trainer import Trainer
from alam_ros.typed import to_mapping


def in_directory(config: TrainingConfig, directory: Path) -> TrainingConfig:
    """Return the configuration with its run in the directory."""
    return replace(config, trainer=replace(config.trainer, directory=str(directory)))


def train(config: TrainingConfig, make_environments: EnvironmentFactory, should_stop: Callable[[], bool]) -> int:
    """Train to the end of the budget, from where an earlier call left off, and return the steps done.

    Raises:
        CheckpointError: when the run in the directory was begun with another configuration.
        KeyboardInterrupt: when told to stop; a checkpoint is saved.
        SimulatorError: when the environments fail.
    """
    run = RunDirectory(config.trainer.directory)
    if run.has_run():
        _check_same(run.load_config(), config, run)
    with Trainer(config, make_environments=make_environments, resume=run.has_run(), should_stop=should_stop) as trainer:
        trainer.run()
        if not trainer.is_finished:
            raise KeyboardInterrupt
        return trainer.steps


def export_policy(directory: Path, output: Path, make_environments: EnvironmentFactory) -> None:
    """Write the policy file, unless it is newer than the run's last checkpoint.

    Raises:
        AlamError: when the run cannot be exported.
    """
    run = RunDirectory(directory)
    newest = max((file.stat().st_mtime for file in run.checkpoints.iterdir() if not file.name.startswith(".")), default=0.0)
    if not output.exists() or output.stat().st_mtime < newest:
        export(run, output, make_environments)


def _check_same(known: TrainingConfig, wanted: TrainingConfig, run: RunDirectory) -> None:
    complete = in_directory(wanted, Path(known.trainer.directory)).at(run.load_contract().control_period)
    if to_mapping(known) != to_mapping(complete):
        raise CheckpointError(
            f"the run in `{run.root}` to be of the present configuration", "another one", "begin anew with `alam demo --fresh`"
        )
