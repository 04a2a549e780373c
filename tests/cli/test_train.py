"""`alam train` as a process: killed, interrupted, resumed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from alam_ros.cli.main import main
from alam_ros.learning import metrics
from alam_ros.learning.metrics import read_metrics
from alam_ros.learning.restore import restore_run
from alam_ros.learning.run_directory import RunDirectory
from tests.support.processes import TIMEOUT_S, wait_for
from tests.support.training import tiny_mapping

ALAM = [sys.executable, "-m", "tests.cli.alam"]


def start(tmp_path: Path) -> tuple[subprocess.Popen[str], RunDirectory]:
    """Start a run far too long to finish, in a process group of its own, and wait for a checkpoint after an evaluation."""
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(tiny_mapping(tmp_path / "run", steps=1_000_000, checkpoint_every=50)))
    process = subprocess.Popen(
        [*ALAM, "train", str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    run = RunDirectory(tmp_path / "run")
    try:
        wait_for(lambda: any(int(path.stem) > 150 for path in run.checkpoints.glob("*.pt")), process)
    except BaseException:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        raise
    return process, run


def resume(run: RunDirectory, steps: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Continue to `steps` and check what the run then holds."""
    assert main(["train", "--resume", str(run.root), f"trainer.steps={steps}"]) == 0
    assert f"finished {steps:,} steps" in capsys.readouterr().err
    assert restore_run(run.root).steps == steps
    evaluated = [row["steps"] for row in read_metrics(run.metrics)]
    assert evaluated == sorted({*range(100, steps + 1, 100), steps})


def test_a_killed_run_resumes_and_finishes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    process, run = start(tmp_path)
    process.kill()
    process.communicate()
    with run.metrics.open("a") as stream:
        stream.write('{"steps": 99999999, "updates": 1}\n{"steps": 1')  # later than any checkpoint, and torn
    steps = restore_run(run.root).steps + 130
    resume(run, steps, capsys)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_to_the_whole_group_saves_and_says_how_to_go_on(
    tmp_path: Path, number: signal.Signals, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    process, run = start(tmp_path)
    os.killpg(process.pid, number)
    _, error = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == code, error
    assert "Traceback" not in error
    steps = restore_run(run.root).steps  # those of the newest checkpoint; the message counts those that were done
    assert f"stopped at {steps:,} steps; continue with `alam train --resume {run.root}`" in error
    resume(run, steps + 130, capsys)


def test_a_budget_of_other_episodes_than_the_environments_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(tiny_mapping(tmp_path / "run", steps=100)))
    budget = ["algorithm.constraint.episode_cost_limit=25", "algorithm.constraint.episode_steps=1000"]
    assert main(["train", str(path), *budget]) == 0
    assert "an episode of alam/Navigation-v0 has 40, so that it may cost 1" in capsys.readouterr().err
    assert main(["train", str(path), "--directory", str(tmp_path / "again")]) == 0
    assert "the budget is" not in capsys.readouterr().err


UNLIMITED = """
import gymnasium

gymnasium.register("Unlimited-v0", entry_point=lambda: gymnasium.make("alam/Navigation-v0", max_episode_steps=40))
"""


def test_an_environment_without_a_limit_of_steps_is_told_that_evaluations_wait_for_an_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "unlimited.py").write_text(UNLIMITED)
    monkeypatch.syspath_prepend(str(tmp_path))
    mapping = tiny_mapping(tmp_path / "run", steps=100) | {"environment": {"id": "unlimited:Unlimited-v0", "copies": 2}}
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(mapping))
    assert main(["train", str(path)]) == 0
    assert "unlimited:Unlimited-v0 is registered without `max_episode_steps`: its episodes have to" in capsys.readouterr().err


def test_a_cost_that_collecting_hides_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(tiny_mapping(tmp_path / "run", steps=100)))
    monkeypatch.setattr(metrics, "hidden_cost", lambda *_: (45.2, 7.0))
    told = "the policy cost 45.2 an episode in the last evaluation, while collecting cost 7.0; a copy of the environment"
    assert main(["train", str(path)]) == 0
    assert told in capsys.readouterr().err
    assert main(["train", str(path), "--directory", str(tmp_path / "again"), "trainer.exported_share=0.5"]) == 0
    assert told not in capsys.readouterr().err
