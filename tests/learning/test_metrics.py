"""The metrics file."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from alam_ros.errors import CheckpointError
from alam_ros.learning.metrics import MetricsFile, MetricsRow, read_metrics


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
