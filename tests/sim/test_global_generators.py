"""The global random generators, lent and given back."""

from __future__ import annotations

import contextlib
import random

import numpy as np

from alam_sim.global_generators import GlobalGenerators, generators_kept


def draw() -> tuple[float, float, float]:
    return random.gauss(0.0, 1.0), float(np.random.uniform()), float(np.random.normal())  # noqa: NPY002


def seed_all(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002


def draws_after(seed: int, count: int) -> list[tuple[float, float, float]]:
    with generators_kept():
        seed_all(seed)
        return [draw() for _ in range(count)]


def test_draws_are_those_that_follow_seeding_the_global_generators():
    with GlobalGenerators(3).installed():
        assert [draw() for _ in range(5)] == draws_after(3, 5)


def test_two_private_states_take_turns_without_touching_each_other_or_the_callers():
    one, other = GlobalGenerators(1), GlobalGenerators(2)
    drawn: dict[str, list[tuple[float, float, float]]] = {"one": [], "other": [], "caller": []}
    with generators_kept():
        seed_all(9)
        for _ in range(3):
            with one.installed():
                drawn["one"].append(draw())
            drawn["caller"].append(draw())
            with other.installed():
                drawn["other"].append(draw())
    assert drawn == {"one": draws_after(1, 3), "other": draws_after(2, 3), "caller": draws_after(9, 3)}


def test_the_callers_state_comes_back_after_an_error_too():
    with generators_kept():
        seed_all(9)
        with contextlib.suppress(ZeroDivisionError), GlobalGenerators(1).installed():
            draw()
            raise ZeroDivisionError
        assert draw() == draws_after(9, 1)[0]
