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
from alam_ros.learning.config import FAMILY, AlgorithmConfig, ConstraintConfig, MultiplierConfig
from alam_ros.learning.fast_learner import FastLearner
from alam_ros.learning.process import prepare_process
from alam_ros.learning.replay import ReplayBuffer
from alam_ros.learning.trainer import RECORD_EVERY

CHUNK = 1000


def make(
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
) -> tuple[Callable[[int], None], dict[str, Any]]:
    """Return the updates of a member of the family, the constraint in full force, and facts about them.

    `stores` says whether a transition is stored before each update, as in training; the rest is as in `alam_ros.bench.sizes`.
    """
    prepare_process()
    torch.manual_seed(0)
    config = AlgorithmConfig(
        name=member,
        hidden=tuple(hidden),
        actor_delay=actor_delay,
        constraint=ConstraintConfig(cost_discount=0.9),
        multiplier=MultiplierConfig(**{**FAMILY[member], "delay": multiplier_delay}),
    )
    learner = FastLearner(config, observation, action, batch)
    learner.set_progress(1.0)
    replay, rng = ReplayBuffer(transitions, observation, action, seed=0), np.random.default_rng(0)
    row = random_transitions(rng, 1, observation, action)
    before = _resident_bytes()
    while len(replay) < transitions:
        rows = random_transitions(rng, min(CHUNK, transitions - len(replay)), observation, action)
        learner.measure(rows["observation"], rows["reward"], rows["cost"])
        replay.add(**rows)
    facts = {
        "flop": update_flop(config, observation, action, batch),
        "grown_bytes": _resident_bytes() - before,
        "row_bytes": transitions * 4 * sum(column.shape[1] if column.ndim > 1 else 1 for column in row.values()),
    }

    def work(count: int) -> None:
        for _ in range(count):
            if stores:
                replay.add(**row)
            learner.update(replay.sample(batch), record=(learner.updates + 1) % RECORD_EVERY == 0)

    return work, facts


def _resident_bytes() -> int:
    """Return how much memory this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()
