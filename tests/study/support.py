"""Studies small enough for tests, on the real navigation task, and results made by hand."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml

from alam_ros.cli.configuration import load_configuration, read_mapping
from alam_ros.learning.config import FAMILY, training_config
from alam_ros.learning.metrics import read_metrics
from alam_ros.resources import config_path
from alam_ros.study.config import FinalEvaluation, StudyConfig
from alam_ros.study.plan import PlannedRun, fingerprint, plan_runs
from alam_ros.study.result import SCHEMA, Episodes, RunResult
from alam_ros.typed import from_mapping, to_mapping

ALAM = [sys.executable, "-m", "tests.cli.alam"]


def smoke_mapping(folder: Path, *overrides: str, **changes: Any) -> dict[str, Any]:
    """Return `config/study/smoke.yaml` with its folders inside `folder`, overrides for its task, and other keys changed."""
    mapping = read_mapping(config_path("study/smoke.yaml"))
    mapping["tasks"][0]["overrides"] += overrides
    return {**mapping, "directory": str(folder / "results"), "runs": str(folder / "runs"), **changes}


def write_study(folder: Path, *overrides: str, **changes: Any) -> Path:
    """Write such a study and return its file."""
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(smoke_mapping(folder, *overrides, **changes)))
    return path


def planned(path: Path) -> list[PlannedRun]:
    """Return the runs of a study file."""
    return plan_runs(from_mapping(StudyConfig, read_mapping(path)), load_configuration)


def has_learned(run: PlannedRun) -> bool:
    """Return whether a run is past its first evaluation."""
    return bool(read_metrics(run.directory / "metrics.jsonl"))


@contextmanager
def session(path: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Start `alam study` in a process group of its own; whatever is left of it at the end is killed."""
    process = subprocess.Popen(
        [*ALAM, "study", str(path), *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        yield process
    finally:
        kill_all([*descendants(process.pid), process.pid])
        process.communicate()


def descendants(pid: int) -> list[int]:
    """Return the processes below this one."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # ended meanwhile
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    found = list(children.get(pid, []))
    for child in found:
        found += children.get(child, [])
    return found


def workers(pid: int) -> list[int]:
    """Return the processes below this one that perform runs."""
    return [child for child in descendants(pid) if "alam_ros.cli.study_run" in command_of(child)]


def command_of(pid: int) -> str:
    """Return the command line of a process, empty when it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def is_alive(pid: int) -> bool:
    """Return whether a process still runs, in contrast to waiting for its parent to notice its end."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill_all(pids: Sequence[int]) -> None:
    """End processes as a failing machine would."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def make_result(
    algorithm: str,
    seed: int,
    *,
    task: str = "navigation",
    episode_return: float = 10.0,
    cost: float = 0.5,
    multiplier: float | None = 0.2,
    steps: Sequence[int] = (100, 200, 300),
) -> RunResult:
    """Return a result with the given scores, whose budget is the 10 of the default configuration."""
    member = algorithm if algorithm in FAMILY else "sac_alam"
    config = training_config({"environment": {"id": "alam/Navigation-v0"}, "algorithm": {"name": member}})
    evaluation = FinalEvaluation(episodes=2)
    figures = {
        "return_mean": episode_return,
        "return_std": 0.0,
        "cost_mean": cost,
        "cost_std": 0.0,
        "multiplier_mean": multiplier,
        "multiplier_max": multiplier,
    }
    return RunResult(
        schema=SCHEMA,
        study="made",
        task=task,
        algorithm=algorithm,
        seed=seed,
        fingerprint=fingerprint(config, evaluation),
        configuration=to_mapping(config),
        evaluation=evaluation,
        commands=(f"alam train {task}", "alam evaluate runs/made"),
        libraries={"python": "3.11.0", "mujoco": "3.3.7", "pybullet": "3.2.7"},
        code="0123456789ab",
        machine={"processor": "a processor"},
        steps=steps[-1],
        updates=steps[-1],
        wall_seconds=2.0 * steps[-1],
        updates_per_second=0.5,
        summary=figures,
        episodes=Episodes(episode_return=(episode_return,) * 2, cost=(cost,) * 2, length=(400, 400), terminated=(False, False)),
        progress=tuple({"steps": step, "updates": step, "wall_seconds": 2.0 * step, "evaluation": figures} for step in steps),
    )
