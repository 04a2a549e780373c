"""KKT residuals."""

from __future__ import annotations

import numpy as np
import pytest

from alam_ros.learning.agents import Assessment
from alam_ros.risk_evaluation.optimality import kkt_residuals, probe_states
from tests.support.episodes import episode


class Stated:
    """An agent whose multiplier and cost value are the two elements of the observation."""

    threshold, cost_discount = 0.5, 0.9

    def act(self, observation: np.ndarray, noise: np.ndarray | None = None) -> np.ndarray:
        return np.zeros((len(observation), 1), np.float32)

    def assess(self, observation: np.ndarray, action: np.ndarray) -> Assessment:
        multiplier, cost_value = observation.T
        return Assessment(cost_value, multiplier, multiplier, multiplier)


def residuals(*pairs: tuple[float, float]):
    return kkt_residuals(Stated(), np.array(pairs, np.float32))


def test_a_kkt_point_has_none() -> None:
    found = residuals((0.0, 0.1), (0.0, 0.5), (3.0, 0.5))
    assert (found.complementary_slackness, found.natural, found.primal, found.infeasible_share) == (0.0, 0.0, 0.0, 0.0)


def test_a_multiplier_where_the_constraint_rests() -> None:
    found = residuals((2.0, 0.4))
    assert found.complementary_slackness == pytest.approx(0.2)
    assert found.natural == pytest.approx(0.1)
    assert found.primal == 0.0
    # The natural residual cannot exceed the multiplier itself.
    assert residuals((0.01, -3.0)).natural == pytest.approx(0.01)


def test_a_violated_constraint() -> None:
    found = residuals((0.0, 0.75), (0.0, 0.5))
    assert found.complementary_slackness == 0.0
    assert found.natural == pytest.approx(0.125)
    assert found.primal == pytest.approx(0.125)
    assert found.infeasible_share == 0.5


def test_probe_states_are_different_and_repeatable() -> None:
    records = [episode([0] * 50, observation=np.arange(50 * k, 50 * k + 50)[:, None]) for k in range(4)]
    states = probe_states(records, 100)
    assert len(np.unique(states)) == 100
    np.testing.assert_array_equal(states, probe_states(records, 100))
    assert len(probe_states(records, 1000)) == 200
