"""Units the learner measures, and what a new unit of reward does to what the critics have learned."""

from __future__ import annotations

import copy
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from alam_ros.learning.learner import Learner
from alam_ros.learning.scaling import LEAST_DEVIATION, REFRESH_GROWTH, Units
from tests.support.learners import CONFIG, default_dtype, make, make_batch, tensors


def data(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return observations whose four elements vary by 30, by 3, not at all and by a hundredth; and rewards."""
    rng = np.random.default_rng(seed)
    scale, offset = np.array([30.0, 3.0, 0.0, 0.01]), np.array([-5.0, 0.0, 2.0, 1.0])
    return (scale * rng.normal(size=(count, 4)) + offset).astype(np.float32), 7.0 * rng.normal(size=count) + 3.0


def measured(*, observations: bool = True, reward: float | None = 2.0) -> Units:
    units = Units(4, observations=observations, reward=reward)
    for seed in range(5):
        units.measure(*data(200, seed))
    assert units.refresh()
    return units


def test_units_are_those_of_all_data() -> None:
    units = measured()
    observation = np.concatenate([data(200, seed)[0] for seed in range(5)]).astype(np.float64)
    reward = np.concatenate([data(200, seed)[1] for seed in range(5)])
    np.testing.assert_allclose(units.mean, observation.mean(0), rtol=1e-5, atol=1e-5)
    deviation = np.maximum(observation.std(0), LEAST_DEVIATION)
    np.testing.assert_allclose(units.inverse_deviation, 1 / deviation, rtol=1e-5)
    assert units.reward_factor == pytest.approx(2.0 / np.sqrt(np.mean(reward**2)))


def test_normalised_observations_have_mean_zero_and_at_most_deviation_one() -> None:
    learner = make(replace(CONFIG, normalise_observations=True))
    observation = data(500)[0]
    learner.measure(observation, np.zeros(500), np.zeros(500))
    rows = learner.normalise(torch.from_numpy(observation))
    torch.testing.assert_close(rows.mean(0), torch.zeros(4), rtol=0, atol=1e-5)
    torch.testing.assert_close(rows[:, :2].std(0, correction=0), torch.ones(2), rtol=1e-5, atol=1e-5)


def test_what_hardly_varies_is_centred_and_not_blown_up() -> None:
    units = measured()
    assert units.inverse_deviation[2:].tolist() == [1 / LEAST_DEVIATION] * 2
    rows = (torch.from_numpy(data(100)[0]) - units.mean) * units.inverse_deviation
    assert rows[:, 2].abs().max() < 1e-5
    assert rows[:, 3].abs().max() < 0.05 / LEAST_DEVIATION


def test_nothing_is_scaled_that_was_not_asked_for() -> None:
    units = measured(observations=False, reward=None)
    assert units.mean.tolist() == [0.0] * 4
    assert units.inverse_deviation.tolist() == [1.0] * 4
    assert units.reward_factor == 1.0
    rows = make_batch().observation
    assert make(CONFIG).normalise(rows) is rows


def test_rewards_that_were_always_zero_have_no_unit() -> None:
    units = Units(4, observations=False, reward=1.0)
    units.measure(data(10)[0], np.zeros(10))
    assert units.refresh()
    assert units.reward_factor == 1.0


def test_units_in_force_change_ever_more_rarely() -> None:
    units = Units(4, observations=True, reward=1.0)
    assert not units.refresh()  # nothing is measured yet
    refreshed = []
    for count in range(1, 401):
        units.measure(*data(1, count))
        before = units.mean.clone(), units.reward_factor
        if units.refresh():
            refreshed.append(count)
        else:
            assert torch.equal(units.mean, before[0])
            assert units.reward_factor == before[1]
    assert refreshed[:11] == list(range(1, 12))
    for earlier, later in pairwise(refreshed):
        assert later >= earlier * REFRESH_GROWTH > later - 1
    assert len(refreshed) < 60


def test_restored_units_go_on_as_if_nothing_had_happened() -> None:
    units, restored = measured(), Units(4, observations=True, reward=2.0)
    restored.load_state_dict(copy.deepcopy(units.state_dict()))
    for subject in (units, restored):
        for seed in range(9, 12):
            subject.measure(*data(90, seed))
            subject.refresh()
    ours, theirs = tensors(restored.state_dict()), tensors(units.state_dict())
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[path], theirs[path]) for path in theirs)
    assert units.state_dict()["count"] == 1270


def test_a_saved_state_does_not_change_with_what_is_measured_later() -> None:
    units = measured()
    state = units.state_dict()
    before = tensors(state)
    units.measure(*data(1000, 77))
    units.refresh()
    assert all(torch.equal(value, before[path]) for path, value in tensors(state).items())


def values(learner: Learner) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what critics and target critics say of fixed pairs, each (4, batch)."""
    batch = make_batch(3)
    with torch.no_grad():
        return learner.critics(batch.observation, batch.action), learner.target_critics(batch.observation, batch.action)


def test_a_new_unit_of_reward_leaves_values_in_raw_units_exactly_as_they_were() -> None:
    learner = make(replace(CONFIG, reward_scale=1.0))
    for step in range(3):
        learner.update(make_batch(step))  # critics and targets differ
    before = values(learner)
    learner._rescale_reward_values(0.25)  # a power of two, so that no rounding excuses a difference
    for old, new in zip(before, values(learner), strict=True):
        assert torch.equal(new[:2], 0.25 * old[:2])
        assert torch.equal(new[2:], old[2:])


def test_measuring_rewards_keeps_values_in_raw_units() -> None:
    with default_dtype(torch.float64):
        learner = make(replace(CONFIG, reward_scale=1.5))
        observation, reward = data(50)
        learner.measure(observation, reward, np.zeros_like(reward))
        raw = [part / learner.units.reward_factor for part in values(learner)]
        factor = learner.units.reward_factor
        learner.measure(observation, 100.0 * reward, np.zeros_like(reward))
        assert learner.units.reward_factor < 0.1 * factor
        for old, new in zip(raw, values(learner), strict=True):
            torch.testing.assert_close(new[:2] / learner.units.reward_factor, old[:2], rtol=1e-12, atol=1e-12)
            torch.testing.assert_close(new[2:], factor * old[2:], rtol=1e-12, atol=1e-12)


def test_an_update_sees_rewards_and_observations_in_units() -> None:
    config = replace(CONFIG, reward_scale=1.5, normalise_observations=True)
    raw, ready = make(config), make(CONFIG)
    raw.measure(*data(50), np.zeros(50))
    ready._rescale_reward_values(raw.units.reward_factor)
    batch, units = make_batch(), raw.units
    in_units = replace(
        batch,
        observation=(batch.observation - units.mean) * units.inverse_deviation,
        next_observation=(batch.next_observation - units.mean) * units.inverse_deviation,
        reward=units.reward_factor * batch.reward,
    )
    for learner, seen in ((raw, batch), (ready, in_units)):
        torch.manual_seed(5)
        learner.update(seen)
    assert not torch.equal(in_units.next_observation, batch.next_observation)
    assert not torch.equal(in_units.reward, batch.reward)
    assert torch.equal(raw._critic_vector.values, ready._critic_vector.values)
    assert torch.equal(raw._actor_vector.values, ready._actor_vector.values)
