"""Learners that are updated together take the steps each would take alone."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import fields, replace

import pytest
import torch
from torch import Tensor

from alam_ros.learning.config import AlgorithmConfig
from alam_ros.learning.learner import Learner
from alam_ros.learning.replay import Batch
from alam_ros.learning.stacked_learner import StackedLearner
from tests.learning.test_fast_learner import CASES, UPDATES, learned
from tests.support.learners import (
    ACTION,
    BATCH,
    OBSERVATION,
    assert_scalars_agree,
    assert_states_agree,
    default_dtype,
    make_batch,
    tensors,
)

SEEDS = (3, 5)
CPU = torch.device("cpu")


def batch_of(seed: int, step: int, scale: float = 3.0, size: int = BATCH) -> Batch:
    batch = make_batch(1000 * seed + step, size)
    return replace(batch, observation=scale * batch.observation + seed, next_observation=scale * batch.next_observation + seed)


def last_batch_of(seed: int) -> Batch:
    """Return transitions that change the units after the last update."""
    return batch_of(seed, UPDATES, scale=9.0, size=20 * BATCH)


def measured(learner: Learner, batch: Batch, seed: int, step: int) -> None:
    """Let a learner take in what training would tell it before an update."""
    learner.measure(batch.observation.numpy(), (1 + seed) * batch.reward.numpy(), batch.cost.numpy(), exported=3)
    learner.set_progress(step / UPDATES)


def alone(config: AlgorithmConfig, seed: int) -> tuple[Learner, list[dict[str, Tensor]]]:
    torch.manual_seed(seed)
    learner, scalars = Learner(config, OBSERVATION, ACTION), []
    torch.manual_seed(seed)
    for step in range(UPDATES):
        batch = batch_of(seed, step)
        measured(learner, batch, seed, step)
        scalars.append(learner.update(batch))
    measured(learner, last_batch_of(seed), seed, UPDATES)
    return learner, scalars


def together(*configs: AlgorithmConfig, device: torch.device = CPU) -> tuple[list[Learner], list[dict[str, Tensor]]]:
    """Train a learner a seed, of one configuration or each of its own."""
    learners = []
    for seed, config in zip(SEEDS, itertools.cycle(configs), strict=False):
        torch.manual_seed(seed)
        learners.append(Learner(config, OBSERVATION, ACTION))
    generators = [torch.Generator().manual_seed(seed) for seed in SEEDS]

    def draw_noise(shape: tuple[int, ...]) -> Tensor:
        return torch.stack([torch.randn(shape[1:], generator=generator) for generator in generators]).to(device)

    stacked, scalars = StackedLearner(learners, device, draw_noise), []
    for step in range(UPDATES):
        batches = [batch_of(seed, step) for seed in SEEDS]
        stacked.tell_saturation()
        for learner, batch, seed in zip(learners, batches, SEEDS, strict=True):
            measured(learner, batch, seed, step)
        stacked.take_in()
        due = stacked.next_due
        stacked.updates += 1
        scalars.append(stacked.update(stacked_batch(batches, device), due))
    stacked.tell_saturation()
    for index, seed in enumerate(SEEDS):
        measured(learners[index], last_batch_of(seed), seed, UPDATES)
        stacked.bring_back(index)
    return learners, scalars


@pytest.mark.usefixtures("_doubles")
def test_each_collects_as_it_would_alone() -> None:
    learners, _ = together(CASES["normalised observations"])
    noise = torch.randn(len(learners), 5, ACTION)
    stacked = StackedLearner(learners, CPU, lambda _shape: noise)
    observation = torch.randn(len(learners), 5, OBSERVATION)
    drawn, mixed = stacked.explore(observation), stacked.explore(observation, 2)
    assert torch.equal(mixed[:, 2:], drawn[:, 2:])
    for index, learner in enumerate(learners):
        expected = learner.average_actor(learner.normalise(observation[index]))
        torch.testing.assert_close(mixed[index, :2], expected[:2], rtol=0, atol=1e-9)
        assert not torch.allclose(mixed[index, :2], drawn[index, :2], atol=1e-3)


def stacked_batch(batches: list[Batch], device: torch.device) -> Batch:
    return Batch(*(torch.stack([getattr(batch, field.name) for batch in batches]).to(device) for field in fields(Batch)))


@pytest.fixture
def _doubles() -> Iterator[None]:
    with default_dtype(torch.float64):
        yield


@pytest.mark.usefixtures("_doubles")
@pytest.mark.parametrize("case", CASES)
def test_in_double_precision_each_agrees_with_its_own_to_rounding(case: str) -> None:
    learners, found = together(CASES[case])
    for index, (learner, seed) in enumerate(zip(learners, SEEDS, strict=True)):
        reference, expected = alone(CASES[case], seed)
        assert_states_agree(tensors(learner.state_dict()), tensors(reference.state_dict()))
        assert_scalars_agree([{name: scalar[index] for name, scalar in line.items()} for line in found], expected)


@pytest.mark.parametrize("case", ["sac_alam", "sac", "cal", "sac_pid", "fac", "all units, scalar"])
def test_in_single_precision_they_agree_to_one_in_a_hundred_thousand(case: str) -> None:
    learners, _ = together(CASES[case])
    for learner, seed in zip(learners, SEEDS, strict=True):
        reference, _ = alone(CASES[case], seed)
        ours, theirs = (torch.cat([part.flatten() for part in learned(one).values()]) for one in (learner, reference))
        assert float((ours - theirs).norm() / theirs.norm()) <= 1e-5


@pytest.mark.usefixtures("_doubles")
@pytest.mark.parametrize("names", [("sac_alam", "cal"), ("sac_pid", "sac_lag_episode"), ("fac", "sac_alam")])
def test_learners_with_other_multipliers_can_be_updated_together(names: tuple[str, str]) -> None:
    learners, _ = together(*(CASES[name] for name in names))
    for learner, name, seed in zip(learners, names, SEEDS, strict=True):
        assert_states_agree(tensors(learner.state_dict()), tensors(alone(CASES[name], seed)[0].state_dict()))
