"""Runs trained side by side: their learners are updated together, on a GPU as CUDA graphs.

They differ in their seeds, or in how their multipliers move.

Each run has its directory, environments, replay, evaluations and checkpoints, as if it were alone; any of them can be resumed,
evaluated and exported by itself afterwards. The updates are those of `StackedLearner`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from alam_ros.errors import ConfigurationError
from alam_ros.learning.checkpoint import CheckpointStore
from alam_ros.learning.config import TrainingConfig
from alam_ros.learning.cuda_graph import Captured
from alam_ros.learning.device import device_name
from alam_ros.learning.run_directory import RunDirectory
from alam_ros.learning.stacked_learner import Due, StackedLearner, alike
from alam_ros.learning.stacked_replay import StackedReplay
from alam_ros.learning.trainer import DEVICE_RANDOM, RECORD_EVERY, Trainer


class TrainingGroup:
    """Trains all runs, step by step.

    Args:
        trainers: with equally many steps behind them.
        configs: of each, that `check_alike` accepts.
        device: where learners and replays are.

    Raises:
        ConfigurationError: when the runs are at different steps.
    """

    def __init__(self, trainers: Sequence[Trainer], configs: Sequence[TrainingConfig], device: torch.device) -> None:
        steps = sorted({trainer.steps for trainer in trainers})
        if len(steps) > 1:
            raise ConfigurationError(
                "runs with equally many steps behind them",
                f"{steps} steps",
                f"resume each by itself, or move the checkpoints of more than {steps[0]} steps away",
            )
        self._trainers, self._device = trainers, device
        self._learner = StackedLearner([trainer.learner for trainer in trainers], device)
        self._replay = StackedReplay([trainer.replay for trainer in trainers], device)
        self.updates = Updates(self._learner, self._replay, configs[0].trainer.batch_size)
        shape = len(trainers), *trainers[0].observation.shape
        self._observation = torch.empty(shape, device=device)
        self._explorations = {
            exported: Captured(partial(self._learner.explore, self._observation, exported), (), device)
            for exported in (0, configs[0].exported_copies)
        }
        random = trainers[0].device_random
        if device.type == "cuda" and random is not None:
            torch.cuda.set_rng_state(random, device)
        for index, trainer in enumerate(trainers):
            trainer.compute_elsewhere(_Member(self._learner, index))

    def run(self) -> None:
        """Train to the end of the budget or until told to stop, as `Trainer.run` does.

        Raises:
            SimulatorError: when an environment fails; what was learned is saved first.
            DivergenceError: when networks of a run are no longer finite; the others are saved first.
            CheckpointError: when a checkpoint cannot be written.
        """
        with ExitStack() as stack:
            for trainer in self._trainers:
                stack.enter_context(trainer.saving())
            while self._prepare_step():
                self._step()

    def _prepare_step(self) -> bool:
        ready = [trainer.prepare_step() for trainer in self._trainers]  # each, also where one is not
        return all(ready)

    def _step(self) -> None:
        due, *_ = [trainer.updates_due(self._learner.updates) for trainer in self._trainers]
        self._learner.take_in()
        for trainer, action in zip(self._trainers, self._choose_actions(), strict=True):
            trainer.begin_step(action)
        self._replay.take_in()
        self.updates.take(due)  # a GPU is left to it
        for trainer in self._trainers:
            trainer.go_on_evaluating()
        if self._trainers[0].is_log_due:
            for trainer, scalars in zip(self._trainers, self.updates.scalars(), strict=True):
                trainer.record(scalars)
        self._learner.tell_saturation()  # the simulators go on meanwhile
        for trainer in self._trainers:
            trainer.end_step()

    def _choose_actions(self) -> Sequence[NDArray[np.float32]]:
        """Return of each run (copies, action_size)."""
        random = [trainer.random_action() for trainer in self._trainers]
        if random[0] is not None:
            return [action for action in random if action is not None]
        self._observation.copy_(torch.from_numpy(np.stack([trainer.observation for trainer in self._trainers])))
        return list(self._explorations[self._trainers[0].exporting]().cpu().numpy())


class Updates:
    """Updates of several learners, each with a batch drawn for it; on a GPU one CUDA graph for each kind of update.

    Args:
        learner: that is updated.
        replay: batches are drawn from.
        batch_size: transitions a learner and update.
    """

    def __init__(self, learner: StackedLearner, replay: StackedReplay, batch_size: int) -> None:
        self._learner, self._replay, self._batch_size = learner, replay, batch_size
        self._kinds: dict[Due, _Kind] = {}
        self._sums: dict[tuple[str, ...], tuple[Tensor, int]] = {}

    def take(self, count: int) -> None:
        """Take so many."""
        for _ in range(count):
            kind = self._kind(self._learner.next_due)
            scalars = kind.update()
            self._learner.updates += 1
            if self._learner.updates % RECORD_EVERY == 0:
                total, number = self._sums.get(kind.names, (torch.zeros_like(scalars), 0))
                self._sums[kind.names] = total.add_(scalars), number + 1

    def scalars(self) -> list[dict[str, Tensor]]:
        """Return the means of each learner's scalars since the last call, and begin anew."""
        means: list[dict[str, Tensor]] = [{} for _ in self._learner.learners]
        for names, (total, number) in self._sums.items():
            for name, row in zip(names, (total / number).cpu(), strict=True):
                for mean, value in zip(means, row, strict=True):
                    mean[name] = value
        self._sums.clear()
        return means

    def _kind(self, due: Due) -> _Kind:
        if due not in self._kinds:
            self._kinds[due] = _Kind(self._learner, self._replay, self._batch_size, due)
        return self._kinds[due]


class _Kind:
    """An update of one kind, and the names of its scalars."""

    def __init__(self, learner: StackedLearner, replay: StackedReplay, batch_size: int, due: Due) -> None:
        self.names: tuple[str, ...] = ()

        def update() -> Tensor:
            scalars = learner.update(replay.sample(batch_size), due)
            self.names = tuple(scalars)
            return torch.stack(list(scalars.values()))

        self.update = Captured(update, learner.state, learner.device)


class _Member:
    """What computes the updates of one run of a group."""

    def __init__(self, learner: StackedLearner, index: int) -> None:
        self._learner, self._index = learner, index
        self.device = device_name(learner.device)
        self._as_of = learner.updates

    def bring_back(self) -> None:
        """Write into the run's learner what was learned since the last time."""
        if self._as_of != self._learner.updates:
            self._learner.bring_back(self._index)
            self._as_of = self._learner.updates

    def random_state(self) -> Mapping[str, Any]:
        """Return the generator of the GPU, by the name that `Trainer` knows it by."""
        if self._learner.device.type != "cuda":
            return {}
        return {DEVICE_RANDOM: torch.cuda.get_rng_state(self._learner.device)}


def last_common_steps(configs: Sequence[TrainingConfig]) -> int | None:
    """Return where runs can go on together of which one was killed between two saves.

    Args:
        configs: of runs that were trained side by side.

    Returns:
        Environment steps of the newest checkpoint that all have; None where their newest ones are alike, or none is common.
    """
    kept = [CheckpointStore(RunDirectory(config.trainer.directory).checkpoints).kept for config in configs]
    common = set.intersection(*map(set, kept))
    return max(common) if common and len({steps[0] for steps in kept}) > 1 else None


def check_alike(configs: Sequence[TrainingConfig]) -> None:
    """Refuse runs that cannot be trained side by side.

    Args:
        configs: of the runs, at least one.

    Raises:
        ConfigurationError: when they differ in more than seed, directory and the rule of their multipliers, or have a time limit.
    """
    first = configs[0]
    for config in configs[1:]:
        trainer = replace(config.trainer, seed=first.trainer.seed, directory=first.trainer.directory)
        is_alike = config.environment == first.environment and trainer == first.trainer
        if not (is_alike and alike(first.algorithm, config.algorithm)):
            raise ConfigurationError(
                "runs that differ in seed, directory and the rule of their multipliers at most",
                f"`{first.trainer.directory}` and `{config.trainer.directory}`",
                "train them one after the other; `sac` is updated otherwise than members with a multiplier",
            )
    if len(configs) > 1 and first.trainer.wall_clock_limit_s is not None:
        found = f"`trainer.wall_clock_limit_s: {first.trainer.wall_clock_limit_s:g}`"
        raise ConfigurationError("no time limit for runs that are trained side by side", found, "limit their steps")
