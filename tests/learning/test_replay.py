from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from alam_ros.errors import CheckpointError
from alam_ros.learning.replay import ReplayBuffer
from alam_ros.learning.stacked_replay import StackedReplay

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


@pytest.mark.parametrize("recency", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("count", [CAPACITY, 25])
def test_the_age_of_what_is_drawn_is_a_power_of_a_uniform_number(recency: float, count: int) -> None:
    expected = 100_000 * np.diff((np.arange(CAPACITY + 1) / CAPACITY) ** (1.0 / recency))
    for draw in (drawn_by_the_buffer, drawn_by_a_stack):
        replay = ReplayBuffer(CAPACITY, 2, 1, seed=0, recency=recency)
        fill(replay, range(count))
        ages = count - 1 - draw(replay, 100_000)
        counts = torch.bincount(ages, minlength=CAPACITY).numpy()
        chi_square = float(((counts - expected) ** 2 / expected).sum())
        assert len(counts) == CAPACITY
        assert chi_square < 27.9  # the 99.9 % point for 9 degrees of freedom


def drawn_by_the_buffer(replay: ReplayBuffer, size: int) -> Tensor:
    return replay.sample(size).observation[:, 0].long()


def drawn_by_a_stack(replay: ReplayBuffer, size: int) -> Tensor:
    torch.manual_seed(0)
    return StackedReplay([replay], torch.device("cpu")).sample(size).observation[0, :, 0].long()


@pytest.mark.parametrize("recency", [1.0, 3.0])
def test_a_buffer_that_is_not_full_draws_what_it_has(recency: float) -> None:
    for count in (1, 3, CAPACITY - 1):
        replay = ReplayBuffer(CAPACITY, 2, 1, seed=0, recency=recency)
        fill(replay, range(count))
        assert numbers_in(replay) == set(range(count))
        assert set(drawn_by_a_stack(replay, 2000).tolist()) == set(range(count))


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
