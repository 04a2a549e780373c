"""What a GPU computes is what the processor computes; skipped where there is none."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from alam_ros.learning.learner import Learner
from alam_ros.learning.replay import ReplayBuffer
from alam_ros.learning.stacked_learner import StackedLearner
from alam_ros.learning.stacked_replay import StackedReplay
from alam_ros.learning.training_group import Updates
from tests.learning.test_fast_learner import CASES, UPDATES, learned
from tests.learning.test_stacked_learner import SEEDS, alone, together
from tests.support.learners import ACTION, BATCH, OBSERVATION, make_batch

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device here")
CUDA = torch.device("cuda")


def flat(learner: Learner) -> Tensor:
    return torch.cat([part.flatten() for part in learned(learner).values()])


@pytest.mark.parametrize("case", ["sac_alam", "sac", "cal", "sac_pid", "fac", "all units, scalar", "three hidden layers"])
def test_it_agrees_with_the_processor_to_one_in_a_hundred_thousand(case: str) -> None:
    learners, _ = together(CASES[case], device=CUDA)
    for learner, seed in zip(learners, SEEDS, strict=True):
        ours, theirs = flat(learner), flat(alone(CASES[case], seed)[0])
        assert float((ours - theirs).norm() / theirs.norm()) <= 1e-5


@pytest.mark.parametrize("case", ["sac_alam", "sac", "cal", "sac_pid", "fac"])
def test_graphs_take_the_steps_that_are_taken_without_them(case: str) -> None:
    found = []
    for is_captured in (False, True):
        learners, buffers = [], []
        for seed in SEEDS:
            torch.manual_seed(seed)
            learners.append(Learner(CASES[case], OBSERVATION, ACTION))
            batch, buffer = make_batch(seed, 500), ReplayBuffer(600, OBSERVATION, ACTION, seed)
            columns = (batch.observation, batch.action, batch.next_observation, batch.reward, batch.cost)
            buffer.add(*(column.numpy() for column in columns), np.zeros(500, bool))
            buffers.append(buffer)
        stacked, replay = StackedLearner(learners, CUDA), StackedReplay(buffers, CUDA)
        updates = Updates(stacked, replay, BATCH)
        torch.cuda.manual_seed(7)
        for step in range(UPDATES):
            for learner in learners:
                learner.set_progress(step / UPDATES)
            stacked.take_in()
            if is_captured:
                updates.take(1)
            else:
                stacked.update(replay.sample(BATCH), stacked.next_due)
                stacked.updates += 1
        for index in range(len(learners)):
            stacked.bring_back(index)
        found.append([flat(learner) for learner in learners])
    for plain, captured in zip(*found, strict=True):
        assert float((plain - captured).norm() / plain.norm()) <= 1e-5


def test_transitions_are_drawn_from_all_that_are_kept() -> None:
    buffer = ReplayBuffer(100, 1, 1, 0)
    for number in range(130):  # the first 30 are overwritten
        row = np.full((1, 1), number, np.float32)
        buffer.add(row, row, row, np.zeros(1), np.zeros(1), np.zeros(1, bool))
    replay = StackedReplay([buffer], CUDA)
    drawn = set(replay.sample(5000).observation.flatten().tolist())
    assert drawn == set(map(float, range(30, 130)))
