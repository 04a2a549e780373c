"""A trained run, read back for evaluation and export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alam_ros.errors import CheckpointError
from alam_ros.learning.checkpoint import CheckpointStore
from alam_ros.learning.config import TrainingConfig
from alam_ros.learning.learner import Learner
from alam_ros.learning.process import prepare_process
from alam_ros.learning.run_directory import RunDirectory


@dataclass(frozen=True)
class TrainedRun:
    """What the newest checkpoint of a run holds.

    Attributes:
        config: of the run.
        learner: as it was at that moment.
        steps: environment steps at that moment.
        state: the whole checkpoint as `Trainer.save` wrote it; `state["replay"]["rows"]` are the transitions.
    """

    config: TrainingConfig
    learner: Learner
    steps: int
    state: Mapping[str, Any]

    @property
    def devices(self) -> tuple[str, ...]:
        """Return the names of the devices that computed its updates."""
        return tuple(self.state.get("devices", ("cpu",)))


def restore_run(directory: str | Path) -> TrainedRun:
    """Read the newest checkpoint of a run directory, and prepare this process for using it.

    Raises:
        CheckpointError: when there is no run or no readable checkpoint.
    """
    prepare_process()
    run = RunDirectory(directory)
    config = run.load_config()
    state = CheckpointStore(run.checkpoints).load(config)
    if state is None:
        raise CheckpointError(f"a checkpoint in `{run.checkpoints}`", "none yet", "train until one is saved")
    learner = Learner(config.algorithm, state["observation_size"], state["action_size"])
    learner.load_state_dict(state["learner"])
    steps = state["collector"]["steps"]
    learner.set_progress(steps / state["planned_steps"])
    return TrainedRun(config, learner, steps, state)
