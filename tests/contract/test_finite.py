"""A shortcut that must never be wrong about a number."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alam_ros.contract.finite import all_finite


@given(values=st.lists(st.floats(), max_size=9))
def test_it_says_what_numpy_says(values: list[float]) -> None:
    assert all_finite(np.array(values)) == np.isfinite(values).all()


@pytest.mark.parametrize("value", [3e38, -3e38])
def test_an_overflow_of_the_sum_is_no_infinity(value: float) -> None:
    assert all_finite(np.full((3, 2), value, np.float32))
