"""What followed each state."""

from __future__ import annotations

import numpy as np
import pytest

from alam_ros.learning.discrimination import Ranking
from alam_ros.learning.futures import NEVER, futures
from tests.support.episodes import episode


def test_labels_look_exactly_the_horizon_ahead() -> None:
    what_followed = futures([episode([0, 0, 0, 1, 0, 0, 0])])
    # The cost of transition 3 belongs to state 4, which is 4 steps after state 0.
    assert what_followed.lead.tolist() == [4, 3, 2, 1, NEVER, NEVER, NEVER]
    assert what_followed.label(2).tolist() == [False, False, True, True, False, False, False]
    assert what_followed.in_violation.tolist() == [False, False, False, False, True, False, False]
    # The window of the last state is cut by truncation and holds no cost so far.
    assert what_followed.is_known(2).tolist() == [True] * 6 + [False]
    assert what_followed.headline(2).tolist() == [True] * 4 + [False, True, False]


def test_where_truncation_cuts_a_window_the_time_in_an_episode_foretells_nothing() -> None:
    what_followed = futures([episode([0, 0, 1])])
    assert what_followed.label(3).all()
    assert what_followed.is_known(3).tolist() == [True, False, False]
    rng = np.random.default_rng(0)
    at_random = futures([episode((rng.random(100) < 0.01).astype(float)) for _ in range(400)])
    kept, label, time = at_random.headline(50), at_random.label(50), np.tile(np.arange(100), 400)
    assert Ranking(time[kept].astype(float), label[kept]).judge().auroc == pytest.approx(0.5, abs=0.05)


def test_termination_ends_the_future_and_truncation_hides_it() -> None:
    assert futures([episode([0, 0, 0], terminated=True)]).is_known(3).all()
    assert futures([episode([0, 0, 0])]).is_known(3).tolist() == [True, False, False]


def test_a_window_never_reaches_into_the_next_episode() -> None:
    what_followed = futures([episode([0, 0], terminated=True), episode([1, 0])])
    assert what_followed.label(4).tolist() == [False, False, True, False]
    assert what_followed.episode.tolist() == [0, 0, 1, 1]
    assert not what_followed.in_violation[:3].any()


def test_labels_grow_with_the_horizon() -> None:
    rng = np.random.default_rng(0)
    what_followed = futures([episode((rng.random(60) < 0.05).astype(float)) for _ in range(5)])
    for shorter, longer in ((1, 2), (2, 10), (10, 50)):
        assert not (what_followed.label(shorter) & ~what_followed.label(longer)).any()
        assert not (what_followed.is_known(longer) & ~what_followed.is_known(shorter)).any()
