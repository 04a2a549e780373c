"""ECE and Brier skill of weighted states."""

from __future__ import annotations

import numpy as np
import pytest

from alam_ros.learning.reliability import Reliability


def test_a_constant_statement_is_off_by_its_distance_from_the_base_rate() -> None:
    label = np.arange(1500) % 4 == 0
    assert Reliability(np.full(1500, 0.25), label).judge().expected_calibration_error == pytest.approx(0.0)
    assert Reliability(np.full(1500, 0.75), label).judge().expected_calibration_error == pytest.approx(0.5)


def test_equal_statements_share_a_bin_however_their_labels_are_ordered() -> None:
    label = np.arange(1500) < 375  # all positives first: bins by position would see shares of 1 and of 0
    assert Reliability(np.full(1500, 0.25), label).judge().expected_calibration_error == pytest.approx(0.0)


def test_errors_of_opposite_sign_in_different_bins_add_up() -> None:
    probability = np.repeat([0.2, 0.6], 1000)
    label = np.concatenate((np.arange(1000) < 400, np.arange(1000) < 400))
    assert Reliability(probability, label).judge().expected_calibration_error == pytest.approx(0.2)


def test_skill_is_one_for_certainty_and_zero_for_the_base_rate() -> None:
    label = np.arange(100) < 30
    assert Reliability(label.astype(float), label).judge().brier_skill == pytest.approx(1.0)
    assert Reliability(np.full(100, 0.3), label).judge().brier_skill == pytest.approx(0.0)
    assert Reliability(np.full(100, 0.5), label).judge().brier_skill < 0
    assert np.isnan(Reliability(np.full(100, 0.5), np.zeros(100, bool)).judge().brier_skill)


def test_weights_count_states_several_times() -> None:
    rng = np.random.default_rng(0)
    probability = rng.random(200).round(1)
    label, weight = rng.random(200) < probability, rng.integers(0, 4, 200)
    weighted = Reliability(probability, label).judge(weight.astype(float))
    repeated = Reliability(np.repeat(probability, weight), np.repeat(label, weight)).judge()
    assert weighted.brier_score == pytest.approx(repeated.brier_score)
    assert weighted.brier_skill == pytest.approx(repeated.brier_skill)


def test_weights_move_what_is_in_the_bins_and_not_their_borders() -> None:
    rng = np.random.default_rng(0)
    probability = np.sort(rng.random(150))  # ten states in each of 15 bins
    label, weight = rng.random(150) < probability, rng.integers(0, 4, 150)
    place, stated, happened = (np.repeat(column, weight) for column in (np.arange(150) // 10, probability, label.astype(float)))
    members = [place == index for index in range(15)]
    expected = sum(abs(stated[one].mean() - happened[one].mean()) * one.sum() for one in members if one.any()) / weight.sum()
    found = Reliability(probability, label).judge(weight.astype(float)).expected_calibration_error
    assert found == pytest.approx(expected)
    # With borders of their own, the repeated states would fall into other bins.
    assert Reliability(stated, happened > 0).judge().expected_calibration_error != pytest.approx(expected, rel=1e-3)
