"""Our learner's update with the batch drawn for it, as the trainer does it."""

from __future__ import annotations

import resource
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from alam_ros.bench.floating_point import update_flop
from alam_ros.bench.workers.random_transitions import random_transitions
from alam_ros.learning.config import FAMILY, AlgorithmConfig, ConstraintConfig, MultiplierConfig, TrainerConfig
from alam_ros.learning.fast_learner import FastLearner
from alam_ros.learning.process import prepare_process
from alam_ros.learning.replay import ReplayBuffer
from alam_ros.learning.trainer import RECORD_EVERY

CHUNK = 1000


def configuration(member: str, hidden: Sequence[int], actor_delay: int, multiplier_delay: int) -> AlgorithmConfig:
    """Return the configuration whose update is measured."""
    return AlgorithmConfig(
        name=member,
        hidden=tuple(hidden),
        actor_delay=actor_delay,
        constraint=ConstraintConfig(cost_discount=0.9),
        multiplier=MultiplierConfig(**{**FAMILY[member], "delay": multiplier_delay}),
    )


class Update:
    """An update of a member of the family, the constraint in full force, and the batch drawn for it.

    Args:
        stores: whether a transition is stored before each update, as in training; the rest is as in `alam_ros.bench.sizes`.

    Attributes:
        learner: whose updates they are.
        facts: the update's operations, and the memory of the replay.
    """

    def __init__(
        self,
        *,
        member: str,
        observation: int,
        action: int,
        hidden: Sequence[int],
        batch: int,
        actor_delay: int,
        multiplier_delay: int,
        transitions: int,
        stores: bool = False,
    ) -> None:
        prepare_process()
        torch.manual_seed(0)
        config = configuration(member, hidden, actor_delay, multiplier_delay)
        self.learner = FastLearner(config, observation, action, batch)
        self.learner.set_progress(1.0)
        recency = TrainerConfig().replay_recency
        self._replay, rng = ReplayBuffer(transitions, observation, action, 0, recency), np.random.default_rng(0)
        row = random_transitions(rng, 1, observation, action)
        before = _resident_bytes()
        while len(self._replay) < transitions:
            rows = random_transitions(rng, min(CHUNK, transitions - len(self._replay)), observation, action)
            self.learner.measure(rows["observation"], rows["reward"], rows["cost"])
            self._replay.add(**rows)
        self.facts = {
            "flop": update_flop(config, observation, action, batch),
            "grown_bytes": _resident_bytes() - before,
            "row_bytes": transitions * 4 * sum(column.shape[1] if column.ndim > 1 else 1 for column in row.values()),
        }
        self._batch, self._row = batch, row if stores else None

    def work(self, count: int) -> None:
        """Do it `count` times."""
        for _ in range(count):
            if self._row is not None:
                self._replay.add(**self._row)
            batch = self._replay.sample(self._batch)
            self.learner.update(batch, record=(self.learner.updates + 1) % RECORD_EVERY == 0)


def make(**settings: Any) -> tuple[Callable[[int], None], dict[str, Any]]:
    """Return the work of an `Update` with these settings, and its facts."""
    update = Update(**settings)
    return update.work, update.facts


def _resident_bytes() -> int:
    """Return how much memory this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()
