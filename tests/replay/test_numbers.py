"""The four numbers of drives whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from alam_ros.replay.numbers import GRACE_S, MOVING, STOPPED, FourNumbers, four_numbers, speed_of

PERIOD_S = 0.02
TIMES = np.arange(0.0, 20.0, PERIOD_S)
WINDOW = (5.0, 8.0)
FAST = np.full(TIMES.size, 0.5)


def stopped_between(*spans: tuple[float, float]) -> np.ndarray:
    sent, times = FAST.copy(), TIMES + 1e-9
    for begin, end in spans:
        sent[(times >= begin) & (times < end)] = 0.0
    return sent


def judged(sent: np.ndarray, windows: tuple[tuple[float, float], ...] = (WINDOW,), asked: np.ndarray = FAST) -> FourNumbers:
    return four_numbers(TIMES, asked, sent, windows)


def test_a_perfect_gate_stops_at_once_holds_and_lets_go() -> None:
    found = judged(stopped_between(WINDOW))
    assert (found.windows, found.stops, found.resumes) == (1, 1, 1)
    assert found.time_to_stop == pytest.approx(0.0, abs=PERIOD_S)
    assert found.hold_stop_share == pytest.approx(1.0)
    assert found.time_to_resume == pytest.approx(0.0, abs=PERIOD_S)
    assert found.false_stop_share == 0.0


def test_delays_are_measured_from_the_borders_of_the_window() -> None:
    found = judged(stopped_between((5.4, 8.3)))
    assert found.time_to_stop == pytest.approx(0.4, abs=PERIOD_S)
    assert found.time_to_resume == pytest.approx(0.3, abs=PERIOD_S)
    assert found.hold_stop_share == pytest.approx(1.0)
    assert found.false_stop_share == 0.0


def test_motion_within_a_hazard_lowers_the_hold_share() -> None:
    found = judged(stopped_between((5.0, 6.0), (7.5, 8.0)))
    assert found.hold_stop_share == pytest.approx(0.5, abs=0.01)


def test_a_hazard_without_a_stop_counts_whole() -> None:
    found = judged(FAST)
    assert (found.windows, found.stops, found.time_to_stop, found.hold_stop_share) == (1, 0, None, 0.0)


def test_one_or_two_samples_are_no_stop() -> None:
    assert judged(stopped_between((6.0, 6.0 + 2 * PERIOD_S))).stops == 0
    assert judged(stopped_between((6.0, 6.0 + 3 * PERIOD_S))).stops == 1


def test_the_longest_of_several_windows_is_told_and_their_mean() -> None:
    found = judged(stopped_between((2.2, 3.0), (10.6, 12.0)), ((2.0, 3.0), (10.0, 12.0)))
    assert found.time_to_stop == pytest.approx(0.6, abs=PERIOD_S)
    assert found.time_to_stop_mean == pytest.approx(0.4, abs=PERIOD_S)


@pytest.mark.parametrize("no_motion", [0.0, MOVING - 0.01, np.nan], ids=["rest", "hardly any motion", "no command yet"])
def test_stops_without_a_hazard_are_false_only_while_motion_is_asked_for(no_motion: float) -> None:
    sent = stopped_between(WINDOW, (12.0, 14.0))
    free = 20.0 - 3.0 - GRACE_S
    assert judged(sent).false_stop_share == pytest.approx(2.0 / free, abs=0.01)
    resting = FAST.copy()
    resting[TIMES >= 12.0] = no_motion
    assert judged(sent, asked=resting).false_stop_share == 0.0


def test_slow_motion_is_neither_stop_nor_resumption() -> None:
    creeping = np.full(TIMES.size, (STOPPED + MOVING) / 2)
    found = judged(creeping)
    assert (found.stops, found.resumes, found.false_stop_share) == (0, 0, 0.0)


def test_without_a_window_only_needless_stops_are_known() -> None:
    found = judged(stopped_between((1.0, 3.0)), ())
    assert (found.windows, found.time_to_stop, found.hold_stop_share, found.time_to_resume) == (0, None, None, None)
    assert found.false_stop_share == pytest.approx(0.1, abs=0.01)


def test_a_resumption_after_the_next_hazard_began_does_not_count() -> None:
    found = judged(stopped_between((5.0, 12.0)), (WINDOW, (10.0, 11.0)))
    assert found.resumes == 1  # of the second window
    assert found.time_to_resume == pytest.approx(1.0, abs=PERIOD_S)


def test_speed_is_that_of_the_base_or_of_the_fastest_joint() -> None:
    assert speed_of(np.array([3.0, 4.0, 9.0]), ("linear.x", "linear.y", "angular.z")) == 5.0
    assert speed_of(np.array([0.1, -0.4]), ("shoulder", "elbow")) == 0.4
    assert np.isnan(speed_of(None, ("shoulder",)))
    assert np.isnan(speed_of(np.array([1.0]), ("shoulder", "elbow")))


def test_the_time_without_a_gate_belongs_to_nothing() -> None:
    times = np.append(TIMES, TIMES[-1] + PERIOD_S)
    sent = np.append(FAST, 0.0)  # the last of a gate that was then away for half a minute
    times, sent = np.append(times, times[-1] + 30.0), np.append(sent, 0.5)
    found = four_numbers(times, np.full(times.size, 0.5), sent, ())
    assert found.false_stop_share == pytest.approx(0.5 / 20.5, abs=0.005)
