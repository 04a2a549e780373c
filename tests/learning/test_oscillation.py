"""Oscillation of multipliers over training."""

from __future__ import annotations

import numpy as np
import pytest

from alam_ros.learning.oscillation import FLOOR, oscillation

MOMENTS = np.arange(41)[:, None]


def test_what_stays_does_not_oscillate() -> None:
    found = oscillation(np.full((20, 5), 3.0))
    assert (found.variation, found.excess_total_variation) == (0.0, 0.0)
    assert np.isnan(found.reversal_rate)


def test_multipliers_of_zero_do_not_oscillate() -> None:
    assert oscillation(np.random.default_rng(0).random((50, 9)) * 1e-6).variation < 1e-3


def test_a_trend_varies_but_travels_nothing_in_vain() -> None:
    found = oscillation(1.0 + 0.1 * MOMENTS)
    assert found.variation > 0.3
    assert found.excess_total_variation == pytest.approx(0.0)
    assert found.reversal_rate == 0.0


def test_a_zigzag_reverses_always() -> None:
    found = oscillation(2.0 + np.where(MOMENTS % 2, 1.0, -1.0))
    assert found.variation == pytest.approx(1.0 / (2.0 + FLOOR), rel=0.05)
    assert found.excess_total_variation == pytest.approx(2.0 / (2.0 + FLOOR), rel=0.05)
    assert found.reversal_rate == 1.0


def test_figures_are_means_over_states_relative_to_each_states_mean() -> None:
    zigzag = np.where(MOMENTS % 2, 1.0, -1.0)
    calm, wild = 2.0 + 0.0 * MOMENTS, 2.0 + zigzag
    together = oscillation(np.concatenate((calm, wild), axis=1))
    assert together.variation == pytest.approx(oscillation(wild).variation / 2)
    assert oscillation(100.0 * wild).variation == pytest.approx(oscillation(wild).variation, rel=1e-3)


def test_two_moments_say_nothing() -> None:
    assert np.isnan(oscillation(np.ones((2, 3))).variation)
