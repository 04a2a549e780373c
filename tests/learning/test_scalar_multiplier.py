"""One multiplier for all states: dual ascent, PID and augmented Lagrangian, by their closed forms."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from alam_ros.learning.scalar_multiplier import SMOOTHING, ScalarMultiplier
from tests.support.learners import member_multiplier

THRESHOLD = 0.5
OBSERVATION = torch.zeros(8, 3)
ERRORS = st.lists(st.floats(-5, 5), min_size=1, max_size=30)
SCALAR = ("sac_lag", "sac_lag_episode", "sac_pid", "cal")


def make(name: str, ramp: float = 1.0, **changes: Any) -> ScalarMultiplier:
    multiplier = ScalarMultiplier(member_multiplier(name, **changes), THRESHOLD)
    multiplier.ramp = ramp
    return multiplier


def feel(multiplier: ScalarMultiplier, error: float) -> torch.Tensor:
    """Let it hear an error, as a share of the budget, by whatever signal it follows."""
    gap = torch.full((8,), error * THRESHOLD, dtype=torch.float64)
    other = -error if multiplier.config.signal == "cost_value" else error  # the other signal says the opposite
    gap = gap if multiplier.config.signal == "cost_value" else -gap
    return multiplier.update(OBSERVATION, gap, other)


def level(multiplier: ScalarMultiplier) -> float:
    values = multiplier.value(OBSERVATION.double())
    assert values.shape == (8,)
    assert (values == values[0]).all()
    return float(values[0])


@pytest.mark.parametrize("name", ["sac_lag", "sac_lag_episode", "cal"])
@given(errors=ERRORS, ramp=st.sampled_from([0.25, 1.0]))
def test_dual_ascent_adds_up_errors_and_stays_in_its_range(name: str, errors: list[float], ramp: float) -> None:
    subject, expected = make(name, ramp, learning_rate=0.1, maximum=0.7, dual_gap=5.0), 0.0
    for error in errors:
        assert float(feel(subject, error)) == pytest.approx(error, abs=1e-6)
        expected = min(max(expected + 0.1 * ramp * error, 0.0), 0.7)
        assert level(subject) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("signal", ["episode_cost", "cost_value"])
@given(errors=ERRORS, ramp=st.sampled_from([0.25, 1.0]))
def test_pid_sums_its_three_terms(signal: str, errors: list[float], ramp: float) -> None:
    gains = {"proportional_gain": 0.4, "integral_gain": 0.1, "derivative_gain": 2.0}
    subject = make("sac_pid", ramp, signal=signal, maximum=1.5, dual_gap=5.0, **gains)
    average, integral = errors[0], 0.0
    for error in errors:
        average += SMOOTHING * (error - average)
        integral = min(max(integral + ramp * 0.1 * error, 0.0), 1.5)
        rise = max(error - average, 0.0)
        feel(subject, error)
        expected = min(max(ramp * 0.4 * error + integral + ramp * 2.0 * rise, 0.0), 1.5)
        assert level(subject) == pytest.approx(expected, abs=1e-6)


def test_the_derivative_answers_a_rise_and_never_a_fall() -> None:
    gains = {"proportional_gain": 0.0, "integral_gain": 0.0, "derivative_gain": 1.0}
    rising, falling = make("sac_pid", **gains), make("sac_pid", **gains)
    for error in (0.0, 1.0):
        feel(rising, error)
        feel(falling, -error)
    assert level(rising) == pytest.approx(1.0 - SMOOTHING)
    assert level(falling) == 0.0


@pytest.mark.parametrize("name", ["sac_lag", "cal"])
def test_a_mean_is_clipped_as_a_mean(name: str) -> None:
    subject = make(name, learning_rate=0.1, dual_gap=1.0)
    few = torch.tensor([20.0, *[-1.0] * 19]) * THRESHOLD
    assert float(subject.update(OBSERVATION, few)) == pytest.approx((20.0 - 19.0) / 20.0)
    assert float(subject.update(OBSERVATION, torch.full((8,), 20.0 * THRESHOLD))) == 1.0
    assert level(subject) == pytest.approx(0.1 * (0.05 + 1.0))


@pytest.mark.parametrize("name", SCALAR)
@given(errors=ERRORS, maximum=st.floats(0.01, 3.0))
def test_it_is_never_negative_or_beyond_its_maximum(name: str, errors: list[float], maximum: float) -> None:
    subject = make(name, maximum=maximum, learning_rate=0.5, integral_gain=0.5)
    for error in errors:
        feel(subject, error)
        assert 0.0 <= level(subject) <= maximum


@pytest.mark.parametrize("name", SCALAR)
def test_it_rests_while_the_ramp_is_zero(name: str) -> None:
    subject = make(name, ramp=0.0, learning_rate=0.5)
    for _ in range(20):
        feel(subject, 3.0)
    assert level(subject) == 0.0
    assert subject.penalty == 0.0
    assert subject.felt(subject.value(OBSERVATION), torch.ones(8)).abs().max() == 0.0


@given(gaps=st.lists(st.floats(-2, 2), min_size=8, max_size=8), multiplier=st.floats(0, 5), ramp=st.sampled_from([0.25, 1.0]))
def test_with_the_penalty_the_whole_batch_feels_its_mean_gap(gaps: list[float], multiplier: float, ramp: float) -> None:
    subject = make("cal", ramp, penalty=0.8)
    levels = torch.full((8,), multiplier, dtype=torch.float64)
    effective = max(multiplier + 0.8 * ramp * sum(gaps) / 8, 0.0)
    seen = levels, torch.tensor(gaps, dtype=torch.float64)
    assert subject.effective(*seen).tolist() == pytest.approx([effective] * 8, abs=1e-9)
    assert subject.felt(*seen).tolist() == pytest.approx([min(effective, max(multiplier, 3.0))] * 8, abs=1e-9)


@pytest.mark.parametrize("name", ["sac_lag", "sac_lag_episode", "sac_pid"])
def test_without_the_penalty_the_actor_feels_the_multiplier_itself(name: str) -> None:
    subject = make(name)
    levels = torch.full((8,), 0.3)
    for gap in (-9.0, 9.0):
        assert torch.equal(subject.felt(levels, torch.full((8,), gap)), levels)


@pytest.mark.parametrize("name", SCALAR)
def test_a_restored_one_continues_equally(name: str) -> None:
    subject, restored = make(name, learning_rate=0.1), make(name, learning_rate=0.1)
    for error in (1.0, 2.0, 0.5):
        feel(subject, error)
    restored.load_state_dict(subject.state_dict())
    for error in (0.7, 0.2, 1.1):
        feel(subject, error)
        feel(restored, error)
        assert level(restored) == level(subject) > 0.0
