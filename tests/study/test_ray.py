"""Studies on a real Ray, started here."""

from __future__ import annotations

import os
import signal
import socket
from importlib.util import find_spec
from pathlib import Path

import pytest

from alam_ros.learning.restore import restore_run
from alam_ros.study.plan import PlannedRun
from alam_ros.study.result import read_result
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

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: `pip install --editable '.[ray]'`")
STEPS = 500


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a study of two runs, and keep Ray to this test."""
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    return write_study(tmp_path, f"trainer.steps={STEPS}", seeds=[0])


def has_checkpoint(run: PlannedRun) -> bool:
    return any((run.directory / "checkpoints").glob("*.pt"))


def check_finished(path: Path) -> None:
    for run in planned(path):
        result = read_result(Path(run.result))
        assert result is not None
        assert (result.steps, result.fingerprint) == (STEPS, run.fingerprint)


@needs_ray
def test_a_study_runs_on_ray_and_survives_the_end_of_an_actor_and_of_everything(path: Path) -> None:
    runs = planned(path)
    with session(path, "--executor", "ray", "--ray-address", "local", "--jobs", "2") as process:
        wait_for(lambda: all(map(has_checkpoint, runs)), process)
    # Leaving the block killed the driver, its Ray, the actors and the runs.
    with session(path, "--executor", "ray", "--ray-address", "local", "--jobs", "2") as process:
        wait_for(lambda: len(workers(process.pid)) == 2, process)
        victim = workers(process.pid)[0]
        actor = parent_of(victim)
        kill_all([actor])
        wait_for(lambda: not is_alive(actor))
        below = descendants(process.pid)
        _, error = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0, error
    assert "going on from its newest checkpoint" in error
    check_finished(path)
    wait_for(lambda: not any(map(is_alive, below)))  # our own Ray ends with us


@needs_ray
def test_ctrl_c_saves_runs_on_ray(path: Path) -> None:
    write_study(path.parent, f"trainer.steps={STEPS}", f"trainer.checkpoint_every={STEPS}", seeds=[0])
    runs = planned(path)
    with session(path, "--executor", "ray", "--ray-address", "local", "--jobs", "2") as process:
        wait_for(lambda: all(map(has_learned, runs)), process)
        os.killpg(process.pid, signal.SIGINT)
        _, error = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 130, error
    for run in runs:
        assert restore_run(run.directory).steps >= run.config.trainer.evaluate_every
        assert "Traceback" not in (run.directory / "process.log").read_text()


@needs_ray
def test_an_address_without_a_cluster_is_refused_at_once(path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = f"127.0.0.1:{server.getsockname()[1]}"
    with session(path, "--executor", "ray", "--ray-address", free) as process:
        _, error = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 2
    assert f"expected a Ray cluster at `{free}`" in error


@pytest.mark.skipif(find_spec("ray") is not None, reason="Ray is installed")
def test_without_ray_the_remedy_is_said(path: Path) -> None:
    with session(path, "--executor", "ray") as process:
        _, error = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 2
    assert "pip install --editable '.[ray]'" in error


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
