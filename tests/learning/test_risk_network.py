"""The risk network, trained on episodes whose danger is known, and the choice between it and Q_c."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from alam_ros.learning.discrimination import Ranking
from alam_ros.learning.evaluation import EpisodeRecord
from alam_ros.learning.futures import futures
from alam_ros.learning.risk_model import fit_risk_model
from alam_ros.learning.risk_network import fit_risk_network, risk_inputs

HORIZON = 3


def approaches(count: int, seed: int, *, is_told: bool = True) -> list[EpisodeRecord]:
    """Episodes of a body that drifts along a line; it is in violation beyond 1. The critic sees noise, the observation all."""
    rng = np.random.default_rng(seed)
    episodes = []
    for index in range(count):
        speed = 0.1 * rng.normal(size=61).cumsum().clip(-2, 2)
        place = np.concatenate(([0.0], speed[:-1])).cumsum() * 0.3
        clearance = 1.0 - np.abs(place[1:])
        episodes.append(
            EpisodeRecord(
                seed=index,
                terminated=False,
                observation=np.stack((place[:-1], speed[:-1]), axis=1).astype(np.float32),
                action=rng.uniform(-1, 1, (60, 1)).astype(np.float32),
                reward=np.zeros(60),
                cost=(clearance < 0).astype(float),
                violation=(clearance < 0).astype(float),
                clearance=clearance if is_told else np.full(60, np.nan),
                cost_value=rng.normal(size=60).astype(np.float32),
                multiplier=np.zeros(60, np.float32),
                effective_multiplier=np.zeros(60, np.float32),
                probability=np.full(60, np.nan, np.float32),
            )
        )
    return episodes


def auroc(score: np.ndarray, episodes: list[EpisodeRecord]) -> float:
    what_followed = futures(episodes)
    kept = what_followed.headline(HORIZON)
    return Ranking(score[kept].astype(float), what_followed.label(HORIZON)[kept]).judge().auroc


@pytest.mark.parametrize("is_told", [True, False], ids=["clearance known", "labels only"])
def test_it_learns_what_the_critic_does_not_see(is_told: bool) -> None:
    seen, fresh = approaches(60, 0, is_told=is_told), approaches(60, 1)
    network = fit_risk_network(seen, futures(seen), HORIZON, seed=0, steps=300)
    assert auroc(network(risk_inputs(fresh)), fresh) > 0.93
    assert auroc(np.concatenate([one.cost_value for one in fresh]), fresh) < 0.6


def test_an_input_that_never_varied_has_no_say() -> None:
    def with_gravity(episodes: list[EpisodeRecord], value: float) -> list[EpisodeRecord]:
        columns = [np.column_stack((one.observation, np.full(60, value))).astype(np.float32) for one in episodes]
        return [replace(one, observation=column) for one, column in zip(episodes, columns, strict=True)]

    seen = with_gravity(approaches(60, 0), 9.81)
    network = fit_risk_network(seen, futures(seen), HORIZON, seed=0, steps=300)
    weight = network.layers[0][0]
    assert not weight[:, 2].any()  # gravity
    assert weight[:, :2].any()
    fresh = approaches(10, 1)
    np.testing.assert_array_equal(network(risk_inputs(with_gravity(fresh, 9.81))), network(risk_inputs(with_gravity(fresh, 5.0))))


def test_a_state_in_violation_is_never_taken_for_a_safe_one() -> None:
    def blinded(episodes: list[EpisodeRecord]) -> list[EpisodeRecord]:
        """Let the sensors say the same wherever something is touched, which says nothing before it was."""
        for one in episodes:
            one.observation[futures([one]).in_violation] = (0.0, -1.0)
        return episodes

    seen, fresh = blinded(approaches(60, 0)), blinded(approaches(60, 1))
    network = fit_risk_network(seen, futures(seen), HORIZON, seed=0, steps=300)
    score, what_followed = network(risk_inputs(fresh)), futures(fresh)
    free = what_followed.headline(HORIZON) & ~what_followed.label(HORIZON)
    assert np.median(score[what_followed.in_violation]) > np.quantile(score[free], 0.95)
    assert auroc(score, fresh) > 0.93


def test_equal_seeds_give_equal_networks_and_leave_the_global_generator_alone() -> None:
    seen = approaches(20, 0)
    before = torch.get_rng_state()
    first, second = (fit_risk_network(seen, futures(seen), HORIZON, seed=3, steps=20) for _ in range(2))
    for (weight, bias), (other_weight, other_bias) in zip(first.layers, second.layers, strict=True):
        np.testing.assert_array_equal(weight, other_weight)
        np.testing.assert_array_equal(bias, other_bias)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_model_is_judged_on_episodes_the_network_never_saw() -> None:
    episodes = approaches(60, 0)
    model = fit_risk_model(episodes, HORIZON, seed=0, steps=300)
    assert model.network is not None
    assert model.calibration is not None
    held_out, others = episodes[::3], [one for index, one in enumerate(episodes) if index % 3]
    score = fit_risk_network(others, futures(others), HORIZON, seed=0, steps=300)(risk_inputs(held_out))
    np.testing.assert_array_equal(model.network(risk_inputs(held_out)), score)
    assert model.calibration.evidence.episodes == 20
    assert model.calibration.evidence.auroc == pytest.approx(auroc(score, held_out))
    assert model.calibration.evidence.auroc > 0.9


def test_a_network_that_ranks_no_better_than_the_critic_is_dropped() -> None:
    episodes = []
    for one in approaches(60, 0):
        oracle = np.concatenate((-one.clearance[1:], [0.0])).astype(np.float32)  # the future itself
        episodes.append(EpisodeRecord(**(vars(one) | {"cost_value": oracle})))
    model = fit_risk_model(episodes, HORIZON, seed=0, steps=1)
    assert model.network is None
    assert model.calibration is not None
    assert model.calibration.evidence.episodes == 60


def test_where_held_out_episodes_are_safe_the_critic_is_calibrated_and_nobody_warned(
    caplog: pytest.LogCaptureFixture,
) -> None:
    episodes = [
        one if index % 3 else EpisodeRecord(**(vars(one) | {"cost": np.zeros(60)})) for index, one in enumerate(approaches(60, 0))
    ]
    model = fit_risk_model(episodes, HORIZON, seed=0, steps=1)
    assert model.network is None
    assert model.calibration is not None
    assert not caplog.text


def test_few_episodes_calibrate_the_critic_instead() -> None:
    model = fit_risk_model(approaches(20, 0), HORIZON, seed=0)
    assert model.network is None
    assert model.calibration is not None


def test_without_violations_there_is_no_calibration(caplog: pytest.LogCaptureFixture) -> None:
    safe = [EpisodeRecord(**(vars(one) | {"cost": np.zeros(60)})) for one in approaches(40, 0)]
    model = fit_risk_model(safe, HORIZON, seed=0)
    assert (model.network, model.calibration) == (None, None)
    assert "no calibrated probability" in caplog.text
