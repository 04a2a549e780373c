"""Novelty: how far an observation lies outside its training range, also where clipping would hide it."""

from __future__ import annotations

import numpy as np
import pytest

from alam_ros.policy_file.manifest import NoveltySpec
from alam_ros.runtime.novelty import NARROWEST_RANGE, Novelty

NOVELTY = Novelty(NoveltySpec(low=(-1.0, -0.5, 0.2), high=(1.0, 0.5, 0.2)))


def vector(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


def test_inside_the_range_nothing_is_new() -> None:
    assert NOVELTY(vector(-1.0, 0.5, 0.2)) == 0.0
    assert NOVELTY(vector(1.0, -0.5, 0.2), vector(0.0, 0.0, 0.0)) == 0.0


def test_the_farthest_element_counts_in_units_of_its_range() -> None:
    assert NOVELTY(vector(0.0, 0.9, 0.2)) == pytest.approx(0.4)
    assert NOVELTY(vector(0.0, -0.8, 0.2)) == pytest.approx(0.3)
    assert NOVELTY(vector(0.0, 0.0, 0.21)) == pytest.approx(0.01 / NARROWEST_RANGE, rel=1e-3)


def test_the_farthest_element_is_told() -> None:
    for index, observation in enumerate([(-1.5, 0.0, 0.2), (0.0, 0.9, 0.201), (1.1, 0.0, 0.3)]):
        NOVELTY(vector(*observation))
        assert NOVELTY.farthest() == index
    NOVELTY(vector(0.0, 1.0, 0.2), vector(0.0, 2.5, 0.0))
    assert NOVELTY.farthest() == 1


def test_elements_that_never_moved_in_training_are_told() -> None:
    assert NOVELTY.unvaried() == [2]


def test_what_clipping_hid_counts_where_training_never_came_to_that_end() -> None:
    assert NOVELTY(vector(0.0, 1.0, 0.2), vector(0.0, 2.5, 0.0)) == pytest.approx(3.0)
    assert NOVELTY(vector(0.0, -1.0, 0.2), vector(0.0, -2.5, 0.0)) == pytest.approx(3.0)


def test_what_training_saw_clipped_is_not_new_when_clipped() -> None:
    assert NOVELTY(vector(1.0, 0.0, 0.2), vector(7.0, 0.0, 0.0)) == 0.0
    assert NOVELTY(vector(-1.0, 0.0, 0.2), vector(-7.0, 0.0, 0.0)) == 0.0


@pytest.mark.parametrize(
    ("clipped", "beyond", "expected"), [((1.0, 0.0), (2.0, 0.0), 2.5 / 1.5), ((0.0, -1.0), (0.0, -2.0), 2.5 / 1.5)]
)
def test_each_end_of_a_range_hides_for_itself(clipped: tuple[float, float], beyond: tuple[float, float], expected: float) -> None:
    one_sided = Novelty(NoveltySpec(low=(-1.0, -0.5), high=(0.5, 1.0)))
    assert one_sided(vector(*clipped), vector(*beyond)) == pytest.approx(expected)
    opposite = vector(*(-value for value in clipped)), vector(*(-value for value in beyond))
    assert one_sided(*opposite) == 0.0
