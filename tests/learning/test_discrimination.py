"""AUROC and AUPRC of weighted states."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alam_ros.learning.discrimination import Ranking

STATES = st.lists(st.tuples(st.integers(-3, 3), st.booleans(), st.integers(0, 3)), min_size=1, max_size=30)


@settings(max_examples=100)
@given(STATES)
def test_auroc_counts_pairs_as_often_as_the_weights_say(states: list[tuple[int, bool, int]]) -> None:
    score, label, weight = (np.array(column) for column in zip(*states, strict=True))
    value = Ranking(score.astype(float), label).judge(weight.astype(float)).auroc
    repeated, labels = np.repeat(score, weight), np.repeat(label, weight)
    positive, negative = repeated[labels], repeated[~labels]
    if not positive.size or not negative.size:
        assert np.isnan(value)
        return
    wins = (positive[:, None] > negative).mean() + 0.5 * (positive[:, None] == negative).mean()
    assert value == pytest.approx(wins)


@settings(max_examples=100)
@given(STATES)
def test_auprc_is_the_mean_precision_at_each_positive(states: list[tuple[int, bool, int]]) -> None:
    score, label, weight = (np.array(column) for column in zip(*states, strict=True))
    value = Ranking(score.astype(float), label).judge(weight.astype(float)).auprc
    repeated, labels = np.repeat(score, weight), np.repeat(label, weight)
    if not labels.any():
        assert np.isnan(value)
        return
    assert value == pytest.approx(np.mean([labels[repeated >= threshold].mean() for threshold in repeated[labels]]))


def test_a_score_without_information_has_the_base_rate_as_auprc() -> None:
    figures = Ranking(np.zeros(100), np.arange(100) < 7).judge()
    assert figures.auroc == pytest.approx(0.5)
    assert figures.auprc == pytest.approx(0.07)
