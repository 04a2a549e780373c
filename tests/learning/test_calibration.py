"""The isotonic calibration and its evidence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alam_ros.errors import ConfigurationError
from alam_ros.learning.calibration import auroc, expected_calibration_error, fit_calibration, risk_samples
from alam_ros.learning.evaluation import EpisodeRecord


def _record(cost: list[float], score: list[float], *, terminated: bool = False, seed: int = 0) -> EpisodeRecord:
    length = len(cost)
    zeros = np.zeros(length)
    return EpisodeRecord(
        seed=seed,
        terminated=terminated,
        observation=np.zeros((length, 1), np.float32),
        action=np.zeros((length, 1), np.float32),
        reward=zeros,
        cost=np.array(cost),
        clearance=zeros,
        cost_value=np.array(score, np.float32),
        multiplier=zeros.astype(np.float32),
        effective_multiplier=zeros.astype(np.float32),
    )


def _random_episodes(count: int, seed: int) -> list[EpisodeRecord]:
    """Episodes in which the true chance of a cost in the next step is sigmoid(score)."""
    rng = np.random.default_rng(seed)
    episodes = []
    for index in range(count):
        score = rng.normal(-1.5, 1.5, 200)
        cost = (rng.random(200) < 1 / (1 + np.exp(-score))).astype(float)
        episodes.append(_record(cost.tolist(), score.tolist(), seed=index))
    return episodes


def test_labels_look_exactly_the_horizon_ahead() -> None:
    samples = risk_samples([_record([0, 0, 0, 1, 0, 0, 0], [0, 1, 2, 3, 4, 5, 6])], horizon=2)
    # State t sees the costs of the transitions t and t + 1; the last state's window is cut by truncation and holds no cost.
    assert samples.label.tolist() == [False, False, True, True, False, False]
    assert samples.score.tolist() == [0, 1, 2, 3, 4, 5]
    assert samples.in_violation.tolist() == [False, False, False, False, True, False]


def test_a_cut_window_that_already_holds_a_cost_is_kept() -> None:
    samples = risk_samples([_record([0, 0, 1], [0, 1, 2])], horizon=3)
    assert samples.label.tolist() == [True, True, True]


def test_termination_ends_the_future_and_truncation_hides_it() -> None:
    costs, scores = [0.0, 0.0, 0.0], [0.0, 1.0, 2.0]
    assert risk_samples([_record(costs, scores, terminated=True)], horizon=3).label.size == 3
    assert risk_samples([_record(costs, scores)], horizon=3).label.size == 1


def test_the_map_recovers_known_probabilities() -> None:
    calibration = fit_calibration(_random_episodes(100, seed=0), horizon=1)
    scores = np.linspace(-4, 1, 30)
    mapped = np.interp(scores, calibration.scores, calibration.probabilities)
    assert np.abs(mapped - 1 / (1 + np.exp(-scores))).max() < 0.08
    assert (np.diff(calibration.probabilities) >= 0).all()
    assert (np.diff(calibration.scores) > 0).all()
    assert calibration.evidence.expected_calibration_error < 0.02
    assert calibration.evidence.brier_skill > 0.2


def test_evidence_is_out_of_fold() -> None:
    """A score that says nothing must not look skilful, however flexible the map is."""
    rng = np.random.default_rng(1)
    episodes = [_record((rng.random(50) < 0.3).astype(float).tolist(), rng.normal(size=50).tolist(), seed=i) for i in range(20)]
    evidence = fit_calibration(episodes, horizon=1).evidence
    assert evidence.brier_skill < 0.02
    assert abs(evidence.auroc - 0.5) < 0.06


def test_without_violations_there_is_no_map() -> None:
    episodes = [_record([0.0] * 20, list(range(20)), seed=i) for i in range(10)]
    with pytest.raises(ConfigurationError, match="0 of 190 states with a violation ahead"):
        fit_calibration(episodes, horizon=2)


def test_expected_calibration_error_of_a_constant_statement() -> None:
    label = np.arange(1500) % 4 == 0
    assert expected_calibration_error(np.full(1500, 0.25), label) == pytest.approx(0.0, abs=0.01)
    assert expected_calibration_error(np.full(1500, 0.75), label) == pytest.approx(0.5, abs=0.01)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=40))
def test_auroc_counts_pairs(pairs: list[tuple[int, bool]]) -> None:
    score, label = np.array([p[0] for p in pairs], float), np.array([p[1] for p in pairs])
    positive, negative = score[label], score[~label]
    value = auroc(score, label)
    if not positive.size or not negative.size:
        assert np.isnan(value)
        return
    wins = (positive[:, None] > negative).mean() + 0.5 * (positive[:, None] == negative).mean()
    assert value == pytest.approx(wins)
