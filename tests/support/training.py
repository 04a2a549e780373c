"""Tiny training runs on the real navigation task."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from alam_ros.learning.agents import LearnerAgent
from alam_ros.learning.config import TrainingConfig, training_config
from alam_ros.learning.metrics import read_metrics
from alam_ros.learning.replay import Batch, ReplayBuffer
from alam_ros.learning.restore import restore_run
from alam_ros.learning.run_directory import RunDirectory

EPISODE_STEPS = 40
STEPS = 300


def tiny_mapping(directory: Path, algorithm: Mapping[str, Any] | None = None, **trainer: Any) -> dict[str, Any]:
    """Return a configuration that trains for 300 steps in a second or two of computing."""
    return {
        "environment": {"id": "alam/Navigation-v0", "copies": 2, "arguments": {"max_episode_steps": EPISODE_STEPS}},
        "algorithm": {
            "hidden": [16, 16],
            "constraint": {"episode_cost_limit": 1.0, "episode_steps": EPISODE_STEPS, "cost_discount": 0.8},
            "multiplier": {"start": 80 / STEPS, "ramp": 40 / STEPS},
            **(algorithm or {}),
        },
        "trainer": {
            "steps": STEPS,
            "random_steps": 40,
            "batch_size": 16,
            "updates_per_step": 0.5,
            "replay_capacity": 200,
            "log_every": 50,
            "evaluate_every": 100,
            "evaluation_episodes": 2,
            "checkpoint_every": 60,
            "directory": str(directory),
            **trainer,
        },
    }


def tiny_config(directory: Path, algorithm: Mapping[str, Any] | None = None, **trainer: Any) -> TrainingConfig:
    """Return the same as a typed configuration."""
    return training_config(tiny_mapping(directory, algorithm, **trainer))


def metrics_of(directory: Path) -> list[dict[str, Any]]:
    """Return the lines of a run's metrics, without the time they took."""
    rows = read_metrics(RunDirectory(directory).metrics)
    return [{name: value for name, value in row.items() if name != "wall_seconds"} for row in rows]


UNLEARNED: Mapping[str, Any] = {"exported_share": 0.6, "updates_per_step": 0.0, "replay_capacity": STEPS}
"""Of a trainer with two copies, of which one acts as exported, by an averaged actor that stays what it is."""


def transitions_of(directory: Path) -> Batch:
    """Return all that a run collected, in its order, where its replay holds it all."""
    state = restore_run(directory).state
    replay = ReplayBuffer(STEPS, state["observation_size"], state["action_size"], seed=0)
    return replay.split(state["replay"]["rows"])


def acts_as_exported(directory: Path) -> list[bool]:
    """Return of each transition of a run that is `UNLEARNED` whether its action is what the exported policy does."""
    transitions = transitions_of(directory)
    exported = LearnerAgent(restore_run(directory).learner).act(transitions.observation.numpy())
    found: list[bool] = np.isclose(transitions.action.numpy(), exported, atol=1e-6).all(1).tolist()
    return found


def expected_to_act_as_exported(directory: Path) -> list[bool]:
    """Return the same of the first of two copies from when the constraint is in force."""
    multiplier = RunDirectory(directory).load_config().algorithm.multiplier
    begin = round(STEPS * (multiplier.start + multiplier.ramp))
    return [False] * begin + [True, False] * ((STEPS - begin) // 2)
