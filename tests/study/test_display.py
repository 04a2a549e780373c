from __future__ import annotations

import io
from pathlib import Path

import pytest

from alam_ros.study.display import Display
from alam_ros.study.plan import PlannedRun
from alam_ros.study.progress import Progress
from alam_ros.study.state import RunState
from tests.study.support import make_result, planned, write_study


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def runs(tmp_path: Path) -> list[PlannedRun]:
    return planned(write_study(tmp_path))[:2]


def display_of(runs: list[PlannedRun], stream: io.StringIO) -> Display:
    finished = RunState(run=runs[1], condition="finished", result=make_result("sac_alam", 0))  # 2 s a step
    return Display([RunState(run=runs[0], condition="new"), finished], 1, stream)


def at(steps: int, evaluated_at: int) -> Progress:
    return Progress(
        stage="training", steps=steps, evaluated_at=evaluated_at, episode_return=12.34, cost=5.0, multiplier=0.5, elapsed_s=1.0
    )


def test_without_a_terminal_there_is_a_line_for_each_event(runs: list[PlannedRun]) -> None:
    stream = io.StringIO()
    display = display_of(runs, stream)
    display.started(runs[0])
    for progress in (at(50, 0), at(110, 100), at(150, 100), at(210, 200)):
        display.advanced(runs[0], progress)
    display.finished(runs[0], make_result("sac", 0, cost=33.0))
    display.close()
    assert stream.getvalue().splitlines() == [
        "[1/2] navigation/sac-0 started | study 10:00 left",
        "[1/2] navigation/sac-0 100/300 steps, 06:20 left | return 12.3, cost 5.0, multiplier 0.50 | study 06:20 left",
        "[1/2] navigation/sac-0 200/300 steps, 03:00 left | return 12.3, cost 5.0, multiplier 0.50 | study 03:00 left",
        (
            "[2/2] navigation/sac-0 finished 300 steps in 10:00, 0 updates/s | 2 fresh episodes: return 10.0, cost 33.0,"
            " above the budget 10 | study 00:00 left"
        ),
    ]


def test_on_a_terminal_bars_show_the_run_and_the_study(runs: list[PlannedRun]) -> None:
    stream = Terminal()
    display = display_of(runs, stream)
    display.started(runs[0])
    display.advanced(runs[0], at(150, 100))
    display.close()
    text = stream.getvalue()
    assert "navigation/sac-0  50%" in text
    assert "training return 12.3, cost 5.0" in text
    assert "study  75%" in text
    assert "1/2 runs, 05:00 left" in text


def test_a_run_that_is_given_up_is_no_longer_waited_for(runs: list[PlannedRun]) -> None:
    stream = io.StringIO()
    display = display_of(runs, stream)
    display.started(runs[0])
    display.ended(runs[0], "failed: exit status 2")
    display.given_up(runs[0])
    display.started(runs[0])
    assert stream.getvalue().splitlines()[-1] == "[1/2] navigation/sac-0 started | study 00:00 left"
