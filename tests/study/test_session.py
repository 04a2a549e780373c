"""Whole studies as processes: finished, killed, interrupted, continued."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from alam_ros.cli.main import main
from alam_ros.learning.metrics import read_metrics
from alam_ros.learning.restore import restore_run
from alam_ros.study.plan import PlannedRun
from alam_ros.study.progress import read_progress
from alam_ros.study.result import read_result
from alam_ros.study.session import alone
from tests.study.support import (
    descendants,
    has_learned,
    is_alive,
    kill_all,
    planned,
    session,
    workers,
    write_study,
)
from tests.support.processes import TIMEOUT_S, wait_for

STEPS = 700
ROWS = [100, 200, 300, 400, 500, 600, 700]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a study of two runs that are long enough to be killed in the middle."""
    return write_study(tmp_path, f"trainer.steps={STEPS}", seeds=[0])


@pytest.fixture
def unsaved(tmp_path: Path) -> Path:
    """Return such a study whose runs are saved where they end, and nowhere else."""
    return write_study(tmp_path, f"trainer.steps={STEPS}", f"trainer.checkpoint_every={STEPS}", seeds=[0])


def is_in_the_middle(run: PlannedRun) -> bool:
    """Return whether there is a checkpoint with learning behind it."""
    return any(int(file.stem) >= 150 for file in (run.directory / "checkpoints").glob("*.pt"))


def dated_checkpoints(run: PlannedRun) -> dict[str, int]:
    """Return the run's checkpoints with the times of their writing."""
    return {file.name: file.stat().st_mtime_ns for file in (run.directory / "checkpoints").glob("*.pt")}


def check_finished(path: Path) -> None:
    """Check that every result of the study is there and complete."""
    for run in planned(path):
        result = read_result(Path(run.result))
        assert result is not None
        assert result.fingerprint == run.fingerprint
        assert [row["steps"] for row in result.progress] == ROWS
        assert (result.steps, result.updates) == (STEPS, (STEPS - 40) // 2)
        assert len(result.episodes.cost) == run.evaluation.episodes
        assert result.summary["cost_mean"] == pytest.approx(sum(result.episodes.cost) / run.evaluation.episodes)


def test_a_finished_study_has_everything_a_report_may_ask_for(finished_study: Path) -> None:
    runs = planned(finished_study / "study.yaml")
    for run in runs:
        document = json.loads(Path(run.result).read_text())
        assert document["fingerprint"] == run.fingerprint
        assert {"mujoco", "pybullet", "torch", "numpy", "python"} <= document["libraries"].keys()
        evaluation = document["progress"][-1]["evaluation"]
        assert {"return_mean", "cost_mean", "multiplier_mean", "multiplier_max", "q_cost_bias"} <= evaluation.keys()
        assert "critic/cost_loss" in document["progress"][-1]["learner"]
        logged = read_metrics(run.directory / "metrics.jsonl")
        assert [row["evaluation"].keys() for row in document["progress"]] == [row["evaluation"].keys() for row in logged]
        assert document["wall_seconds"] > 0
        assert len(document["episodes"]["episode_return"]) == 4
        assert (run.directory / "process.log").read_text().count("evaluation at ") == 3
    assert Path(runs[0].result).stat().st_size < 20_000


def test_a_finished_study_starts_nothing_also_without_its_runs(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(study.parent / "runs")
    assert main(["study", str(study)]) == 0
    assert "4 of 4 runs are finished, 0 of them now" in capsys.readouterr().err
    assert not list((study.parent / "runs").rglob("*.pt"))


def test_only_the_missing_evaluation_is_repeated_and_gives_the_same(study: Path) -> None:
    run = planned(study)[1]
    before = read_result(Path(run.result))
    checkpoints = dated_checkpoints(run)
    for file in (Path(run.result), run.directory / "result.json"):
        file.unlink()
    assert main(["study", str(study)]) == 0
    after = read_result(Path(run.result))
    assert after is not None
    assert before is not None
    assert (after.episodes, after.summary, after.progress) == (before.episodes, before.summary, before.progress)
    assert (after.fingerprint, after.wall_seconds) == (before.fingerprint, before.wall_seconds)
    assert dated_checkpoints(run) == checkpoints


def test_a_result_that_was_not_filed_is_collected(study: Path) -> None:
    run = planned(study)[0]
    expected = Path(run.result).read_bytes()
    Path(run.result).unlink()
    assert main(["study", str(study)]) == 0
    assert Path(run.result).read_bytes() == expected


def test_another_configuration_is_reported_and_only_repeated_on_demand(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changed = write_study(study.parent, evaluation={"episodes": 3})
    files = {run.result: Path(run.result).read_bytes() for run in planned(changed)}
    assert main(["study", str(changed)]) == 1
    error = capsys.readouterr().err
    assert error.count("has other values of evaluation.episodes") == 4
    assert "--rerun-changed" in error
    assert {name: Path(name).read_bytes() for name in files} == files
    checkpoints = dated_checkpoints(planned(changed)[0])
    assert main(["study", str(changed), "--rerun-changed", "--only", "*/sac-0"]) == 0
    assert dated_checkpoints(planned(changed)[0]) == checkpoints  # evaluated again, not trained again
    repeated, untouched = read_result(Path(planned(changed)[0].result)), read_result(Path(planned(changed)[1].result))
    assert repeated is not None
    assert untouched is not None
    assert (len(repeated.episodes.cost), len(untouched.episodes.cost)) == (3, 4)


def test_a_killed_session_loses_nothing(unsaved: Path) -> None:
    runs = planned(unsaved)
    with session(unsaved) as process:
        wait_for(lambda: all(map(has_learned, runs)), process)
        left_behind = descendants(process.pid)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        wait_for(lambda: not any(map(is_alive, left_behind)))  # they notice it and save
    saved = {run.key: restore_run(run.directory).steps for run in runs}
    assert all(steps >= ROWS[0] for steps in saved.values())
    with session(unsaved) as process:
        _, error = process.communicate(timeout=TIMEOUT_S)
        assert process.returncode == 0, error
    check_finished(unsaved)
    interrupted = [run for run in runs if saved[run.key] < STEPS]  # on a busy machine one may have ended while the other began
    assert interrupted
    for run in interrupted:
        told = read_progress(run.directory)
        assert told is not None
        assert told.initial_steps == saved[run.key]  # and went on from there


def test_killed_runs_are_started_again_by_the_session(path: Path) -> None:
    runs = planned(path)
    with session(path) as process:
        wait_for(lambda: all(map(is_in_the_middle, runs)), process)
        victims = workers(process.pid)
        simulators = [child for victim in victims for child in descendants(victim)]
        assert len(victims) == 2
        kill_all(victims)
        wait_for(lambda: not any(map(is_alive, simulators)))  # no simulator outlives its run
        _, error = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0, error
    assert error.count("ended by signal 9; going on from its newest checkpoint") == 2
    check_finished(path)


def begun(run: PlannedRun) -> bool:
    return (run.directory / "config.yaml").exists()


def in_the_final_evaluation(run: PlannedRun) -> bool:
    told = read_progress(run.directory)
    return told is not None and told.stage == "evaluating"


def test_a_study_survives_the_end_of_everything_at_any_moment(path: Path) -> None:
    first, last = planned(path)
    moments: list[Callable[[], bool]] = [
        first.directory.exists,
        lambda: begun(first),
        lambda: is_in_the_middle(last),
        lambda: in_the_final_evaluation(first) or in_the_final_evaluation(last),
        lambda: Path(first.result).exists() or Path(last.result).exists(),
    ]
    for moment in moments:
        with session(path) as process:
            wait_for(moment, process)
        # Leaving the block kills the session, its runs and their simulators.
    with session(path) as process:
        _, error = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0, error
    check_finished(path)
    assert not list((path.parent / "results").rglob(".*"))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_every_run_and_says_how_to_go_on(unsaved: Path, number: signal.Signals, code: int) -> None:
    runs = planned(unsaved)
    with session(unsaved) as process:
        wait_for(lambda: all(map(has_learned, runs)), process)
        os.killpg(process.pid, number)
        _, error = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == code, error
    assert "Traceback" not in error
    assert f"alam study {unsaved}" in error
    for run in runs:
        assert restore_run(run.directory).steps >= ROWS[0]  # no checkpoint but of this end
        assert "Traceback" not in (run.directory / "process.log").read_text()


def test_a_run_that_fails_does_not_keep_the_others_from_finishing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    algorithms = {"impossible": ["environment.arguments.no_such_argument=1"], "sac": ["algorithm.name=sac"]}
    path = write_study(tmp_path, algorithms=algorithms, seeds=[0])
    assert main(["study", str(path)]) == 1
    error = capsys.readouterr().err
    assert "failed navigation/impossible-0: exit status 2" in error
    assert "no_such_argument" in error  # its last words
    assert "1 of 2 runs are finished" in error
    assert Path(planned(path)[1].result).exists()


def test_a_time_limit_ends_a_run_early_and_the_result_says_so(tmp_path: Path) -> None:
    path = write_study(
        tmp_path,
        "trainer.steps=1000000",
        "trainer.evaluate_every=1000000",  # an evaluation just before the time is up would be the last
        algorithms={"sac": ["algorithm.name=sac"]},
        seeds=[0],
        run_time_limit_s=3,
    )
    assert main(["study", str(path)]) == 0
    result = read_result(Path(planned(path)[0].result))
    assert result is not None
    assert result.wall_seconds >= 3.0
    assert 0 < result.steps < 1_000_000
    assert f"{result.steps:,}" in (tmp_path / "results" / "report" / "report.md").read_text()


def test_two_sessions_do_not_share_their_runs(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with alone(study.parent / "runs"):
        assert main(["study", str(study)]) == 2
    assert "expected no other session of the study" in capsys.readouterr().err


def test_the_status_of_every_run_is_said(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = planned(study)
    for file in (Path(runs[0].result), runs[0].directory / "result.json", Path(runs[1].result)):
        file.unlink()
    Path(runs[2].result).write_text("<<<<<<<")
    shutil.rmtree(runs[3].directory)
    Path(runs[3].result).unlink()
    assert main(["study", str(study), "--status"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["begun", "finished", "damaged", "new"]


def test_a_pattern_without_a_run_is_refused(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", str(study), "--only", "nowhere/*"]) == 2
    assert "such as `navigation/sac-0`" in capsys.readouterr().err
