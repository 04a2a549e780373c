"""Tiny training runs on the real navigation task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alam_ros.learning.config import TrainingConfig
from alam_ros.learning.metrics import read_metrics
from alam_ros.learning.run_directory import RunDirectory
from alam_ros.typed import from_mapping

EPISODE_STEPS = 40


def tiny_mapping(directory: Path, **trainer: Any) -> dict[str, Any]:
    """Return a configuration that trains for 300 steps in a second or two of computing."""
    return {
        "environment": {"id": "alam/Navigation-v0", "copies": 2, "arguments": {"max_episode_steps": EPISODE_STEPS}},
        "algorithm": {
            "hidden": [16, 16],
            "constraint": {"episode_cost_limit": 1.0, "episode_steps": EPISODE_STEPS, "cost_discount": 0.8},
            "multiplier": {"start": 80, "ramp": 40},
        },
        "trainer": {
            "steps": 300,
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


def tiny_config(directory: Path, **trainer: Any) -> TrainingConfig:
    """Return the same as a typed configuration."""
    return from_mapping(TrainingConfig, tiny_mapping(directory, **trainer))


def metrics_of(directory: Path) -> list[dict[str, Any]]:
    """Return the lines of a run's metrics, without the time they took."""
    rows = read_metrics(RunDirectory(directory).metrics)
    return [{name: value for name, value in row.items() if name != "wall_seconds"} for row in rows]
