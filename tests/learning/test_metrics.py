"""The metrics file."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from alam_ros.errors import CheckpointError
from alam_ros.learning.config import TrainingConfig, training_config
from alam_ros.learning.metrics import MetricsFile, MetricsRow, hidden_cost, other_cost, read_metrics


def row(steps: int, value: float = 1.0) -> MetricsRow:
    return MetricsRow(steps=steps, updates=0, wall_seconds=0.0, evaluation={"return_mean": value}, training={}, learner={})


def test_lines_after_the_checkpoint_and_a_torn_one_are_dropped(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    file = MetricsFile(path)
    for steps in (10, 20, 30):
        file.append(row(steps))
    with path.open("a") as stream:
        stream.write('{"steps": 40, "upd')
    assert [line["steps"] for line in read_metrics(path)] == [10, 20, 30]
    file.truncate_after(20)
    file.append(row(30, 2.0))
    assert [(line["steps"], line["evaluation"]["return_mean"]) for line in read_metrics(path)] == [
        (10, 1.0),
        (20, 1.0),
        (30, 2.0),
    ]


def test_what_json_does_not_know_becomes_null(tmp_path: Path) -> None:
    MetricsFile(tmp_path / "metrics.jsonl").append(row(1, math.nan))
    assert "NaN" not in (tmp_path / "metrics.jsonl").read_text()
    assert read_metrics(tmp_path / "metrics.jsonl")[0]["evaluation"]["return_mean"] is None


@pytest.mark.parametrize("line", ["5", "{}", "{"])
def test_a_damaged_line_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text(f"{line}\n")
    with pytest.raises(CheckpointError, match="in each line of"):
        read_metrics(path)


def test_a_run_without_evaluations_has_no_lines(tmp_path: Path) -> None:
    assert read_metrics(tmp_path / "metrics.jsonl") == []


def limited(name: str = "sac_alam") -> TrainingConfig:
    constraint = {"episode_cost_limit": 25.0, "episode_steps": 1000}
    environment = {"id": "alam/Navigation-v0"}
    return training_config({"environment": environment, "algorithm": {"name": name, "constraint": constraint}})


@pytest.mark.parametrize(
    ("exported", "collected", "steps", "is_hidden"),
    [
        (26.0, 12.0, 1000.0, True),
        (24.0, 2.0, 1000.0, False),  # within the budget
        (40.0, 30.0, 1000.0, False),  # collecting shows it
        (13.0, 2.0, 500.0, True),
        (None, 2.0, 1000.0, False),
        (40.0, None, 1000.0, False),
    ],
)
def test_a_cost_that_collecting_hides_is_found(
    exported: float | None, collected: float | None, steps: float, is_hidden: bool
) -> None:
    evaluation = {"cost_mean": exported, "violation_rate": None if exported is None else exported / steps}
    found = hidden_cost(limited(), evaluation, {"cost": collected})
    assert found == ((exported, collected) if is_hidden else None)
    assert hidden_cost(limited("sac"), evaluation, {"cost": collected}) is None


@pytest.mark.parametrize(
    ("cost", "rate", "length", "is_other"),
    [
        (20.0, 0.020, 1000.0, False),
        (100.0, 0.020, 1000.0, True),  # graded: five a violation
        (4.0, 0.020, 200.0, True),  # its episodes end early
        (20.0, 0.020, 200.0, False),  # each step is five of the benchmark's, which the budget counts
        (1.0, 0.0, 1000.0, False),  # too little of either to tell apart
        (None, 0.020, 1000.0, False),
        (100.0, None, 1000.0, False),
    ],
)
def test_a_cost_that_is_not_what_the_budget_counts_is_found(
    cost: float | None, rate: float | None, length: float, is_other: bool
) -> None:
    evaluation = {"cost_mean": cost, "violation_rate": rate, "length_mean": length}
    found = other_cost(limited(), evaluation)
    assert found == ((pytest.approx(rate * 1000), cost, length) if is_other and rate is not None else None)
    assert other_cost(limited("sac"), evaluation) is None
