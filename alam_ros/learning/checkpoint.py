"""Checkpoints: whole or absent, the newest two kept, no code inside."""

from __future__ import annotations

import logging
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from alam_ros.errors import CheckpointError, ConfigurationError
from alam_ros.host.files import replacing
from alam_ros.learning.config import TrainingConfig, training_config
from alam_ros.typed import flattened, to_mapping

SCHEMA = 8
KEPT = 2
ADJUSTABLE = frozenset(
    f"trainer.{name}"
    for name in (
        "steps",
        "wall_clock_limit_s",
        "log_every",
        "evaluate_every",
        "evaluation_episodes",
        "checkpoint_every",
        "directory",
    )
)
"""Keys that may change when a run is resumed: they say how long to train and how often to look, not what is learned."""

logger = logging.getLogger(__name__)


class CheckpointStore:
    """The checkpoints of one run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, state: Mapping[str, Any], config: TrainingConfig, steps: int) -> Path:
        """Write a checkpoint durably, then delete all but the newest two and what interrupted attempts left.

        Args:
            state: dicts, lists, numbers, strings and tensors.
            config: of the run.
            steps: environment steps so far.

        Raises:
            CheckpointError: when the disk does not take it; older checkpoints are then untouched.
        """
        path = self._folder / f"{steps:012d}.pt"
        try:
            with replacing(path) as stream:
                torch.save({"schema": SCHEMA, "config": to_mapping(config), "steps": steps, "state": dict(state)}, stream)
        except (OSError, RuntimeError) as error:
            raise CheckpointError(f"room for a checkpoint in `{self._folder}`", str(error), "free space, then resume") from error
        for old in [*self._paths()[KEPT:], *self._folder.glob(".*.pt.*.tmp")]:
            old.unlink()
        return path

    def load(self, config: TrainingConfig | None = None) -> dict[str, Any] | None:
        """Read the newest checkpoint that can be read.

        Args:
            config: of the run that is to continue; None accepts any.

        Returns:
            The state that was saved; None when there is no checkpoint.

        Raises:
            CheckpointError: when checkpoints exist and none can be read, or it is of another configuration or schema.
        """
        paths = self._paths()
        for path in paths:
            try:
                document = _read(path)
            except (OSError, RuntimeError, EOFError, pickle.UnpicklingError, zipfile.BadZipFile) as error:
                logger.warning("the checkpoint %s cannot be read (%s); trying the one before", path, error)
                continue
            _check(document, config, path)
            state: dict[str, Any] = document["state"]
            return state
        if paths:
            raise CheckpointError("a checkpoint that can be read", f"{len(paths)} damaged in `{self._folder}`", "train anew")
        return None

    @property
    def kept(self) -> list[int]:
        """Return the environment steps of the checkpoints that are kept, the newest first."""
        return [int(path.stem) for path in self._paths()]

    def drop_after(self, steps: int) -> None:
        """Delete the checkpoints of more environment steps, so that a run goes on from those."""
        for path in self._paths():
            if int(path.stem) > steps:
                path.unlink()

    def _paths(self) -> list[Path]:
        """Return the checkpoints, newest first."""
        return sorted(self._folder.glob("*.pt"), reverse=True)


def _read(path: Path) -> Any:
    with zipfile.ZipFile(path) as archive:
        damaged = archive.testzip()  # torch writes check sums, but does not compare them
    if damaged is not None:
        raise zipfile.BadZipFile(f"wrong check sum of {damaged}")
    return torch.load(path, weights_only=True)


def _check(document: object, config: TrainingConfig | None, path: Path) -> None:
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise CheckpointError(
            f"a checkpoint of schema {SCHEMA}", f"another one in `{path}`", "resume with the version that wrote it"
        )
    if {"config", "steps", "state"} - document.keys():
        raise CheckpointError("a checkpoint with `config`, `steps` and `state`", f"not all in `{path}`", "train anew")
    differing = _differing_keys(_of_this_version(document["config"]), to_mapping(config)) if config else []
    if differing:
        raise CheckpointError(
            "the configuration of the checkpoint",
            f"other values of {', '.join(differing)}",
            "restore them, or train in another directory",
        )


def _of_this_version(mapping: Mapping[str, Any]) -> Any:
    """Return the configuration with the defaults of keys that did not exist when it was written."""
    try:
        return to_mapping(training_config(mapping))
    except ConfigurationError:
        return mapping  # a key of its own is gone, and will be named as differing


def _differing_keys(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    before, after = flattened(old), flattened(new)
    keys = sorted(before.keys() | after.keys())
    absent = object()
    return [key for key in keys if key not in ADJUSTABLE and before.get(key, absent) != after.get(key, absent)]
