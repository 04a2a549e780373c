from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from alam_ros.errors import CheckpointError
from alam_ros.learning.replay import ReplayBuffer

CAPACITY = 10


def fill(replay: ReplayBuffer, numbers: range, width: int = 1) -> None:
    """Add transitions whose every field is derived from their number, `width` at a time."""
    for first in range(numbers.start, numbers.stop, width):
        number = np.arange(first, min(first + width, numbers.stop), dtype=np.float32)
        observation = np.stack((number, number + 0.1), 1)
        replay.add(observation, -number[:, None], observation + 0.5, number * 2, number * 3, number % 2 == 0)


def numbers_in(replay: ReplayBuffer) -> set[int]:
    return {int(number) for number in replay.sample(2000).observation[:, 0]}


def test_a_transition_keeps_its_fields_together() -> None:
    replay = ReplayBuffer(100, 2, 1, seed=0)
    fill(replay, range(50), width=5)
    batch = replay.sample(256)
    number = batch.observation[:, 0]
    assert batch.observation.shape == batch.next_observation.shape == (256, 2)
    assert batch.action.shape == (256, 1)
    assert torch.equal(batch.action[:, 0], -number)
    assert torch.equal(batch.next_observation, batch.observation + 0.5)
    assert torch.equal(batch.reward, number * 2)
    assert torch.equal(batch.cost, number * 3)
    assert torch.equal(batch.terminated, (number % 2 == 0).float())


@given(count=st.integers(1, 45), width=st.integers(1, 7))
def test_the_newest_transitions_are_kept_and_no_others(count: int, width: int) -> None:
    replay = ReplayBuffer(CAPACITY, 2, 1, seed=0)
    fill(replay, range(count), width)
    assert len(replay) == min(count, CAPACITY)
    assert numbers_in(replay) == set(range(max(0, count - CAPACITY), count))


def test_sampling_is_uniform() -> None:
    replay = ReplayBuffer(CAPACITY, 2, 1, seed=0)
    fill(replay, range(25))
    picks = replay.sample(100_000).observation[:, 0].long() - 15
    counts = torch.bincount(picks, minlength=CAPACITY)
    chi_square = float(((counts - 10_000) ** 2 / 10_000).sum())
    assert len(counts) == CAPACITY
    assert chi_square < 27.9  # the 99.9 % point for 9 degrees of freedom


@pytest.mark.parametrize("count", [4, 10, 27])
def test_a_restored_buffer_continues_as_the_original(count: int) -> None:
    original, restored = ReplayBuffer(CAPACITY, 2, 1, seed=3), ReplayBuffer(CAPACITY, 2, 1, seed=99)
    fill(original, range(count))
    original.sample(7)
    restored.load_state_dict(original.state_dict())
    for replay in (original, restored):
        fill(replay, range(100, 105), width=2)
    assert len(original) == len(restored)
    first, second = original.sample(64), restored.sample(64)
    assert torch.equal(first.observation, second.observation)
    assert torch.equal(first.cost, second.cost)
    assert numbers_in(original) == numbers_in(restored)


def test_a_snapshot_does_not_follow_later_writes() -> None:
    replay = ReplayBuffer(CAPACITY, 2, 1, seed=0)
    fill(replay, range(CAPACITY))
    state = replay.state_dict()
    before = state["rows"].clone()
    fill(replay, range(50, 60))
    assert torch.equal(state["rows"], before)


@pytest.mark.parametrize(("capacity", "observation_size"), [(5, 2), (CAPACITY, 3)])
def test_a_state_that_does_not_fit_is_refused(capacity: int, observation_size: int) -> None:
    replay = ReplayBuffer(CAPACITY, 2, 1, seed=0)
    fill(replay, range(8))
    with pytest.raises(CheckpointError, match="same configuration"):
        ReplayBuffer(capacity, observation_size, 1, seed=0).load_state_dict(replay.state_dict())


@pytest.mark.parametrize("count", [1, 3, 4, 7, 11])
def test_a_ring_of_any_size_keeps_the_last_transitions(count: int) -> None:
    capacity, replay = 5, ReplayBuffer(5, 1, 1, seed=0)
    for first in range(0, 30, count):
        numbers = np.arange(first, first + count, dtype=np.float32)[:, None]
        replay.add(numbers, numbers, numbers, numbers[:, 0], numbers[:, 0], np.zeros(count, bool))
    drawn = set(replay.sample(500).observation.flatten().tolist())
    assert drawn == {float(number) for number in range(first + count - capacity, first + count)}
