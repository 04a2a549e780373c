"""The codec maps [-1, 1] to physical limits and back."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alam_ros.contract import ActionCodec, ActionComponent, ActionSpec
from alam_ros.errors import ContractError
from tests.support.policies import navigation_contract

CODEC = ActionCodec(navigation_contract().action)
unit = st.floats(-1.0, 1.0)
anything = st.floats(-1e6, 1e6)
limits = st.tuples(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3)).map(lambda pair: (pair[0], pair[0] + pair[1]))


def codec(low: float, high: float) -> ActionCodec:
    component = ActionComponent(name="a", unit="1", low=low, high=high)
    return ActionCodec(ActionSpec(topic="cmd", type="std_msgs/msg/Float64MultiArray", components=(component,)))


@given(bounds=limits, value=unit)
def test_there_and_back_is_the_same(bounds: tuple[float, float], value: float) -> None:
    both_ways = codec(*bounds)
    assert both_ways.to_normalised(both_ways.to_physical([value]))[0] == pytest.approx(value, abs=1e-6)


@given(linear=anything, angular=anything)
def test_commands_never_leave_the_limits(linear: float, angular: float) -> None:
    physical = CODEC.to_physical([linear, angular])
    assert (CODEC.low <= physical).all()
    assert (physical <= CODEC.high).all()
    assert (np.abs(CODEC.to_normalised([linear, angular])) <= 1.0).all()


@given(bounds=limits)
def test_the_largest_action_is_the_limit_and_not_a_rounding_more(bounds: tuple[float, float]) -> None:
    for physical in (codec(*bounds).to_physical([1.0]), codec(*bounds).to_physical([[1.0]])[0]):
        assert physical[0] <= bounds[1]
    assert codec(-0.3, 0.1).to_physical([1.0])[0] == 0.1


def test_the_ends_of_the_range_are_the_limits() -> None:
    np.testing.assert_allclose(CODEC.to_physical([-1.0, -1.0]), [-0.3, -2.0])
    np.testing.assert_allclose(CODEC.to_physical([1.0, 1.0]), [0.7, 2.0])


def test_rest_is_not_the_middle_of_an_uneven_range() -> None:
    rest = CODEC.to_normalised([0.0, 0.0])
    assert rest == pytest.approx([-0.4, 0.0])
    np.testing.assert_allclose(CODEC.to_physical(rest), [0.0, 0.0], atol=1e-7)


@pytest.mark.parametrize("bad", [[0.0], [0.0, 0.0, 0.0], [math.nan, 0.0], [0.0, math.inf]])
def test_what_is_no_command_is_refused(bad: list[float]) -> None:
    with pytest.raises(ContractError, match=r"linear\.x"):
        CODEC.to_physical(bad)
    with pytest.raises(ContractError, match=r"linear\.x"):
        CODEC.to_normalised(bad)


def test_no_slew_limit_is_infinite() -> None:
    assert codec(0.0, 1.0).slew[0] == math.inf


@given(rows=st.lists(st.tuples(anything, anything), min_size=1, max_size=5))
def test_one_action_becomes_what_it_becomes_among_others(rows: list[tuple[float, float]]) -> None:
    np.testing.assert_array_equal(CODEC.to_physical(rows), [CODEC.to_physical(row) for row in rows])
