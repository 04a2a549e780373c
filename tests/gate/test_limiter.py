from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alam_ros.gate import CommandLimits
from alam_ros.gate.limiter import CommandLimiter

LOW, HIGH, SLEW = (-0.3, -2.0, 0.0), (0.7, 2.0, 0.0), (1.2, 5.0, 1.0)
LIMITER = CommandLimiter(CommandLimits(names=("x", "yaw", "z"), low=LOW, high=HIGH, slew=SLEW))

components = st.tuples(st.floats(-0.3, 0.7), st.floats(-2.0, 2.0), st.just(0.0)).map(np.array)


@given(command=components, previous=components, scale=st.floats(0.0, 1.0), dt=st.floats(-1.0, 10.0))
def test_one_factor_keeps_direction_limits_and_slew(command, previous, scale, dt):
    sent, factor = LIMITER.apply(command, scale, previous, dt)
    assert 0.0 <= factor <= scale
    np.testing.assert_allclose(sent, factor * command, rtol=1e-12, atol=0.0)
    assert (sent >= LOW).all()
    assert (sent <= HIGH).all()
    same_side = np.where(sent * previous > 0.0, np.abs(previous), 0.0)
    gained = np.abs(sent) - same_side
    assert (gained <= np.array(SLEW) * min(max(dt, 0.0), 0.1) + 1e-12).all()


def test_speed_is_taken_away_at_once_and_given_back_slowly():
    rest, full = np.zeros(3), np.array([0.7, 0.0, 0.0])
    assert LIMITER.apply(rest, 1.0, full, 0.02)[0].tolist() == [0.0, 0.0, 0.0]
    assert LIMITER.apply(full, 1.0, rest, 0.02)[0][0] == pytest.approx(1.2 * 0.02)
    assert LIMITER.apply(-full * 0.4, 1.0, full, 0.02)[0][0] == pytest.approx(-1.2 * 0.02)


def test_the_tolerance_is_a_fraction_of_the_range():
    assert LIMITER.violation(np.array([0.709, 0.0, 0.0])) == ""
    assert "x 0.711 not in [-0.3, 0.7]" in LIMITER.violation(np.array([0.711, 0.0, 0.0]))


def test_a_number_beyond_all_measure_is_told_in_a_few_digits():
    assert LIMITER.violation(np.array([1e308, 0.0, 0.0])) == "x 1e+308 not in [-0.3, 0.7]"


def test_a_component_that_must_not_be_commanded_may_hold_noise_only():
    command = np.array([0.1, 0.0, 1e-9])
    assert LIMITER.violation(command) == ""
    assert LIMITER.apply(command, 1.0, command, 0.02)[0].tolist() == [0.1, 0.0, 0.0]
    assert "z" in LIMITER.violation(np.array([0.1, 0.0, 1e-3]))


def test_a_component_without_slew_limit_leaves_that_of_the_others_in_force_where_no_time_has_passed():
    limiter = CommandLimiter(CommandLimits(names=("x", "yaw"), low=(-1.0, -2.0), high=(1.0, 2.0), slew=(1.2, math.inf)))
    command, rest = np.array([1.0, 1.0]), np.zeros(2)
    assert limiter.apply(command, 1.0, rest, 0.0)[1] == 0.0
    assert limiter.apply(command, 1.0, rest, 0.02)[0][0] == pytest.approx(1.2 * 0.02)
    assert limiter.apply(np.array([0.0, 2.0]), 1.0, rest, 0.0)[0][1] == 2.0


@pytest.mark.parametrize("noise", [-1e-12, -0.003])
def test_what_lies_a_little_below_a_bound_of_zero_stops_nothing_else(noise):
    limiter = CommandLimiter(CommandLimits(names=("x", "yaw"), low=(0.0, -2.0), high=(0.7, 2.0), slew=None))
    command = np.array([noise, 1.0])
    assert limiter.violation(command) == ""
    sent, factor = limiter.apply(command, 1.0, np.zeros(2), 0.02)
    assert sent.tolist() == [0.0, 1.0]
    assert factor == 1.0


@pytest.mark.parametrize(
    ("size", "told"),
    [
        (0, "nothing for x, yaw, z"),
        (2, "2 components instead of those of x, yaw, z"),
        (4, "more than 3 components instead of those of x, yaw, z"),
    ],
)
def test_a_command_of_another_size_is_told_with_what_should_be_there(size: int, told: str):
    assert told in LIMITER.violation(np.zeros(size))
