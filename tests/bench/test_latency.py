"""What is said of latencies follows from the answers that the probe saw."""

from __future__ import annotations

from typing import Any

import pytest

from alam_ros.bench.latency import comparisons
from alam_ros.bench.latency_case import Case
from alam_ros.errors import BenchmarkError

CASE = Case(role="policy", executor="events", rate=100.0, turns=2, turn_s=1.0, settle_s=0.0)


def turn(*milliseconds: float | None) -> dict[str, Any]:
    answers = [(number, 1e-3 * value) for number, value in enumerate(milliseconds) if value is not None]
    return {"questions": len(milliseconds), "answers": {"action": answers}, "cpu_s": 0.1, "wall_s": 2.0}


def test_added_is_the_difference_of_medians_in_neighbouring_turns() -> None:
    ours, echo = [turn(1.0, 1.2, 5.0), turn(3.0, 3.2, 3.4)], [turn(0.8, 0.9, 1.0), turn(2.0, 2.2, 9.0)]
    (found,) = comparisons(CASE, {"ours": ours, "echo": echo})
    assert (found.added_median.low, found.added_median.high) == pytest.approx((475.0, 825.0))
    assert found.ours.worst == pytest.approx(5000.0)
    assert found.added_p99 == pytest.approx(found.ours.p99 - found.echo.p99)
    assert found.ours.cpu_percent == pytest.approx(5.0)
    assert found.missed_alone is None


def test_a_late_answer_and_none_at_all_are_missed_deadlines() -> None:
    (found,) = comparisons(CASE, {"ours": [turn(9.9, 10.1, None)], "echo": [turn(1.0, 1.0, 1.0)]})
    assert (found.ours.questions, found.ours.answers, found.ours.missed, found.echo.missed) == (3, 2, 2, 0)


def test_only_what_the_bare_node_did_not_miss_near_is_missed_alone() -> None:
    case = Case(role="policy", executor="events", rate=100.0, turns=1, turn_s=1.0, settle_s=0.0, is_loaded=True)
    ours = [turn(None, 1.0, 1.0, None, 1.0, 1.0, 1.0, 1.0)]
    echo = [turn(1.0, None, 1.0, 1.0, 1.0, 1.0, 1.0, None)]
    (found,) = comparisons(case, {"ours": ours, "echo": echo})
    assert (found.missed_alone, found.echo_missed_alone) == (1, 1)


def test_a_node_that_never_answers_is_no_figure_but_an_error() -> None:
    with pytest.raises(BenchmarkError, match=r"answers on `action` in every turn.*none of 2"):
        comparisons(CASE, {"ours": [turn(None, None)], "echo": [turn(1.0, 1.0)]})
