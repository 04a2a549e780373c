"""Returns and costs are of any scale: what is small is not printed as nothing, what is large not digit by digit."""

from __future__ import annotations

import math

import pytest

from alam_ros.number_text import number_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (0.3, "0.3"),
        (-0.0372, "-0.037"),
        (3.2e-6, "3.2e-06"),
        (0.999, "1"),
        (1.0, "1.0"),
        (113.46, "113.5"),
        (-47.66, "-47.7"),
        (2718.4, "2718"),
        (-2.16836e20, "-2.168e+20"),
        (math.nan, "nan"),
        (math.inf, "inf"),
    ],
)
def test_a_number_has_the_digits_that_say_something(value: float, text: str) -> None:
    assert number_text(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.03721, "0.0372"), (5.0, "5.00"), (2718.4, "2718.40"), (27184.1, "27184")])
def test_more_decimals_are_more_digits(value: float, text: str) -> None:
    assert number_text(value, 2) == text
