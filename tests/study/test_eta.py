from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from alam_ros.study.eta import MEASURABLE_S, Estimator
from alam_ros.study.plan import PlannedRun
from alam_ros.study.progress import Progress
from tests.study.support import make_result, planned, write_study


@pytest.fixture
def run(tmp_path: Path) -> PlannedRun:
    return planned(write_study(tmp_path, "trainer.steps=1000"))[0]


def test_nothing_is_known_at_first(run: PlannedRun) -> None:
    estimator = Estimator(2)
    assert estimator.run_seconds(run, 0) is None
    assert estimator.study_seconds([(run, 0)]) is None


def test_a_finished_run_tells_the_pace_of_its_task(run: PlannedRun) -> None:
    estimator = Estimator(2)
    estimator.add_result(make_result("sac", 0))  # 2 s a step
    assert estimator.run_seconds(run, 400) == pytest.approx(1200.0)
    assert estimator.study_seconds([(run, 400), (run, 0), (run, 0)]) == pytest.approx((1200 + 2000 + 2000) / 2)


def test_the_last_run_takes_its_own_time_however_many_slots_there_are(run: PlannedRun) -> None:
    estimator = Estimator(8)
    estimator.add_result(make_result("sac", 0))
    assert estimator.study_seconds([(run, 0)]) == pytest.approx(2000.0)


def test_before_that_a_training_run_tells_it_from_its_own_session(run: PlannedRun) -> None:
    estimator = Estimator(1)
    estimator.add_progress(run, Progress(stage="training", steps=600, initial_steps=500, elapsed_s=MEASURABLE_S / 2))
    assert estimator.run_seconds(run, 600) is None  # too early to say
    estimator.add_progress(run, Progress(stage="training", steps=600, initial_steps=500, elapsed_s=50.0))
    assert estimator.run_seconds(run, 600) == pytest.approx(200.0)


def test_an_unknown_task_is_taken_for_the_mean_of_the_known(run: PlannedRun) -> None:
    estimator = Estimator(1)
    estimator.add_result(make_result("sac", 0))
    assert estimator.run_seconds(replace(run, task="other"), 0) == pytest.approx(2000.0)


def test_a_run_beyond_its_steps_takes_no_negative_time(run: PlannedRun) -> None:
    estimator = Estimator(1)
    estimator.add_result(make_result("sac", 0))
    assert estimator.run_seconds(run, 1008) == 0.0
    assert estimator.study_seconds([]) == 0.0
