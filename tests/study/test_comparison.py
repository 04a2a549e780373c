from __future__ import annotations

import math
from dataclasses import replace

import pytest

from alam_ros.study.comparison import compare
from alam_ros.study.grid import return_and_cost, standing
from tests.study.support import make_result

BUDGET = 10.0


def runs(algorithm: str, returns: list[float], costs: list[float], task: str = "navigation") -> list:
    pairs = zip(returns, costs, strict=True)
    return [make_result(algorithm, seed, task=task, episode_return=r, cost=c) for seed, (r, c) in enumerate(pairs)]


def test_every_seed_has_to_be_within_the_budget() -> None:
    safe, unsafe, edge = (
        runs("safe", [1, 1], [9, 8]),
        runs("unsafe", [9, 9], [0, 10.01]),
        runs("edge", [2, 2], [BUDGET, BUDGET]),
    )
    comparison = compare({"navigation": {"safe": safe, "unsafe": unsafe, "edge": edge}}, "none")
    assert [(cell.within_budget, cell.is_safe) for cell in comparison.cells] == [(2, True), (1, False), (2, True)]
    assert comparison.cells[1].highest_cost == 10.01
    assert comparison.best("navigation") is comparison.cells[2]  # the highest return of all is not safe


def test_who_has_fewer_seeds_than_others_is_marked() -> None:
    lucky, both = runs("lucky", [9], [0]), runs("both", [1, 2], [9, 8])
    comparison = compare({"navigation": {"lucky": lucky, "both": both}}, "none")
    assert "| **9.0** / 0.0 / 0.0 (of 1) | 1.5 ± 0.71 / 9.0 / 8.5 |" in return_and_cost(comparison)
    assert "has lucky on 1 of 1; not all have run on the same seeds" in standing(comparison)
    even = compare({"navigation": {"both": both}}, "none")
    assert "(of" not in return_and_cost(even)
    assert standing(even).endswith("has both on 1 of 1.")


def test_scores_and_their_spread_are_over_seeds() -> None:
    (cell,) = compare({"navigation": {"a": runs("a", [1, 2, 6], [0, 3, 3])}}, "none").cells
    assert cell.episode_return.value == pytest.approx(3.0)
    assert cell.return_spread == pytest.approx(7.0**0.5)  # ((−2)² + (−1)² + 3²) / 2 = 7
    assert cell.cost.value == pytest.approx(2.0)
    assert cell.seeds == (0, 1, 2)
    assert cell.wall_seconds == 600.0


def test_the_tail_is_the_worst_tenth_of_the_episodes_of_each_run() -> None:
    first, second = runs("a", [1, 1], [5, 5])
    costs = [tuple(float(cost) for cost in range(25)), (0.0, 9.0)]  # three of 25 episodes, and one of two
    first, second = (
        replace(run, episodes=replace(run.episodes, cost=cost)) for run, cost in zip((first, second), costs, strict=True)
    )
    (cell,) = compare({"navigation": {"a": [first, second]}}, "none").cells
    assert cell.tail_cost == pytest.approx((23.0 + 9.0) / 2)


def test_an_episode_whose_learning_diverged_is_not_hidden_by_the_tail() -> None:
    (run,) = runs("a", [1], [5])
    run = replace(run, episodes=replace(run.episodes, cost=(3.0, None, *[1.0] * 8)))
    assert math.isnan(run.tail_cost)


def test_one_seed_has_no_spread() -> None:
    (cell,) = compare({"navigation": {"a": runs("a", [1], [0])}}, "none").cells
    assert cell.return_spread is None
    assert cell.episode_return.low is None


def test_tasks_are_normalised_by_the_reference_on_the_same_task() -> None:
    results = {
        "small": {"sac": runs("sac", [1, 3], [20, 40], "small"), "ours": runs("ours", [1, 1], [5, 5], "small")},
        "large": {"sac": runs("sac", [100, 300], [20, 40], "large"), "ours": runs("ours", [180, 180], [20, 5], "large")},
    }
    sac, ours = compare(results, "sac").aggregates
    assert sac.return_share.value == pytest.approx(1.0)
    assert ours.return_share.value == pytest.approx((0.5 + 0.9) / 2)  # of 0.5, 0.5, 0.9, 0.9 the middle two
    assert ours.budget_share.value == pytest.approx(0.5)  # of 0.5, 0.5, 0.5, 2.0 the middle two
    assert (ours.safe_runs, ours.runs, ours.safe_tasks, ours.tasks) == (3, 4, 1, ("small", "large"))


def test_a_task_with_more_seeds_does_not_count_for_more() -> None:
    results = {
        "easy": {"sac": runs("sac", [1], [0], "easy"), "ours": runs("ours", [1, 5, 5], [0, 20, 20], "easy")},
        "hard": {"sac": runs("sac", [1], [0], "hard"), "ours": runs("ours", [0.2], [5], "hard")},
    }
    results["easy"]["ours"].reverse()  # whatever their order, the lowest seeds count
    _, ours = compare(results, "sac").aggregates
    assert (ours.runs, ours.safe_runs, ours.safe_tasks) == (2, 2, 2)
    assert (ours.return_share.value, ours.return_share.low) == (pytest.approx(0.6), None)
    assert ours.budget_share.value == pytest.approx(0.25)


def test_a_task_whose_reference_earns_nothing_is_left_out_with_the_reason() -> None:
    results = {
        "good": {"sac": runs("sac", [2], [0], "good"), "ours": runs("ours", [1], [0], "good")},
        "bad": {"sac": runs("sac", [-2], [0], "bad"), "ours": runs("ours", [1], [0], "bad")},
        "unknown": {"ours": runs("ours", [1], [0], "unknown")},
    }
    comparison = compare(results, "sac")
    assert [aggregate.tasks for aggregate in comparison.aggregates] == [("good",), ("good",)]
    assert "-2" in comparison.excluded["bad"]
    assert comparison.excluded["unknown"] == "no finished run of sac"
    assert [cell.return_share for cell in comparison.of_task("bad")] == [None, None]


def test_runs_of_different_length_are_told_apart() -> None:
    results = [make_result("a", 0, steps=(100, 200)), make_result("a", 1, steps=(100,))]
    (cell,) = compare({"navigation": {"a": results}}, "none").cells
    assert (cell.steps_low, cell.steps_high) == (100, 200)


def test_the_oscillation_of_the_multiplier_is_the_mean_of_the_runs_that_recorded_it() -> None:
    swinging, calm, silent = (make_result("a", seed) for seed in range(3))
    measured = [replace(run, oscillation={"multiplier": {"variation": value}}) for run, value in ((swinging, 0.5), (calm, 0.1))]
    (cell,) = compare({"navigation": {"a": [*measured, silent]}}, "none").cells
    assert cell.multiplier_variation == pytest.approx(0.3)
    assert compare({"navigation": {"a": [silent]}}, "none").cells[0].multiplier_variation is None
