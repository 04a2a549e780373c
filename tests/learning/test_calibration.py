"""The isotonic calibration and its evidence."""

from __future__ import annotations

import numpy as np
import pytest

from alam_ros.errors import ConfigurationError
from alam_ros.learning.calibration import FittedCalibration, fit_calibration
from alam_ros.learning.evaluation import EpisodeRecord
from alam_ros.learning.futures import futures
from alam_ros.learning.isotonic import MAXIMUM_BREAKPOINTS, fit_isotonic, out_of_fold
from tests.support.episodes import episode


def _random_episodes(count: int, seed: int) -> list[EpisodeRecord]:
    """Episodes in which the true chance of a cost in the next step is sigmoid(score)."""
    rng = np.random.default_rng(seed)
    episodes = []
    for index in range(count):
        score = rng.normal(-1.5, 1.5, 200)
        cost = (rng.random(200) < 1 / (1 + np.exp(-score))).astype(float)
        episodes.append(episode(cost, cost_value=score, seed=index))
    return episodes


def _fit(episodes: list[EpisodeRecord], horizon: int) -> FittedCalibration:
    return fit_calibration(np.concatenate([one.cost_value for one in episodes]).astype(float), futures(episodes), horizon)


def test_the_map_recovers_known_probabilities() -> None:
    calibration = _fit(_random_episodes(100, seed=0), horizon=1)
    scores = np.linspace(-4, 1, 30)
    assert np.abs(calibration.map(scores) - 1 / (1 + np.exp(-scores))).max() < 0.08
    assert (np.diff(calibration.map.probabilities) >= 0).all()
    assert (np.diff(calibration.map.scores) > 0).all()
    assert calibration.evidence.expected_calibration_error < 0.02
    assert calibration.evidence.brier_skill > 0.2


def test_evidence_is_out_of_fold() -> None:
    """A score that tells episodes apart looks perfect on the episodes a map was fitted on; nothing else foretells the last."""
    episodes = [episode([0, index == 4] * 10, cost_value=[index] * 20, seed=index) for index in range(5)]
    evidence = _fit(episodes, horizon=2).evidence
    assert evidence.auroc == 1.0
    assert evidence.brier_skill < 0


def test_no_label_has_a_say_in_the_probabilities_of_its_own_episode() -> None:
    rng = np.random.default_rng(1)
    score, label, place = rng.normal(size=240), rng.random(240) < 0.4, rng.permutation(np.arange(240) % 12)
    found = out_of_fold(score, label, place)
    for one in range(12):
        others = out_of_fold(score, label ^ (place == one), place)
        np.testing.assert_array_equal(others[place == one], found[place == one])
        assert (others != found).any()


def test_evidence_leaves_out_states_in_violation() -> None:
    episodes = [episode([0, 0, 1, 1, 0], cost_value=[1, 2, 3, 9, 9], seed=i) for i in range(10)]
    evidence = _fit(episodes, horizon=1).evidence
    # States 3 and 4 are in violation; of the others only state 2 precedes one.
    assert (evidence.states, evidence.positives, evidence.auroc) == (30, 10, 1.0)


def test_without_violations_there_is_no_map() -> None:
    with pytest.raises(ConfigurationError, match="0 of 190 states with a violation ahead"):
        _fit([episode([0.0] * 20, seed=i) for i in range(10)], horizon=2)


def test_few_episodes_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least 5 episodes"):
        _fit(_random_episodes(4, seed=0), horizon=1)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_scores_that_are_not_finite_are_refused(value: float) -> None:
    episodes = _random_episodes(20, seed=0)
    episodes[3].cost_value[7] = value
    with pytest.raises(ConfigurationError, match="finite scores; found 1 of 4000 that are not"):
        _fit(episodes, horizon=1)


def test_equal_scores_have_their_share_of_labels_as_probability_in_whatever_order_they_came() -> None:
    random = np.random.default_rng(0)
    score = np.repeat([0.0, 0.0, 1.0], 3000)
    label = random.random(9000) < np.where(score > 0.5, 0.3, 0.02)
    found = []
    for order in (np.arange(9000), np.argsort(label, kind="stable"), np.argsort(~label, kind="stable")):
        found.append(fit_isotonic(score[order], label[order])(np.array([0.0, 1.0])))
        np.testing.assert_allclose(found[-1], [label[score == 0.0].mean(), label[score == 1.0].mean()], rtol=1e-12)


def test_every_state_counts_alike_where_levels_are_pooled() -> None:
    fitted = fit_isotonic(np.array([0.0, 1.0, 1.0, 1.0]), np.array([True, False, False, True]))
    assert (fitted.scores.tolist(), fitted.probabilities.tolist()) == ([0.75], [0.5])


def test_a_map_has_a_bounded_number_of_breakpoints() -> None:
    score = np.linspace(0, 1, 5000)
    fitted = fit_isotonic(score, np.random.default_rng(0).random(5000) < score)
    assert 2 < fitted.scores.size <= MAXIMUM_BREAKPOINTS
