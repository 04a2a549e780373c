"""A node ends with the launch that started it, however that ended, and no other end of a parent concerns it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from alam_ros.errors import ConfigurationError
from alam_ros.nodes.launched_by import INTERRUPTED, LAUNCH_PROCESS, LaunchProcess
from tests.support.processes import is_running
from tests.support.ros import NodeProcess, RosGraph

from tests.nodes.test_safety_monitor_node import LIMITS, Bench, is_forward, is_zero  # isort: skip

LAUNCH = """
import os, subprocess, sys
os.environ[sys.argv[1]] = str(os.getpid())
started = subprocess.Popen(sys.argv[2:], start_new_session=True)
print("started", started.pid, flush=True)
sys.exit(started.wait())
"""
"""Starts a command, with its own process id in the variable named first."""

SHELL = ("sh", "-c", '"$@"; echo "ended with status $?"', "sh")
"""Stands between the launch and the node, as a prefix of the command does, and tells how the node ended."""


def launched(variable: str = LAUNCH_PROCESS) -> list[str]:
    """Return the prefix of a command that is started by a launch."""
    return [sys.executable, "-c", LAUNCH, variable]


def started_by(process: NodeProcess) -> int | None:
    found = re.search(r"^started (\d+)$", process.output(), re.MULTILINE)
    return int(found[1]) if found else None


@pytest.fixture
def leave(ros: RosGraph) -> Iterator[Callable[[NodeProcess], int]]:
    """Yield a function that kills a launch and returns which process it left; after the test nothing of that is left."""
    left: list[int] = []

    def kill(launch: NodeProcess) -> int:
        ros.wait_for(lambda: started_by(launch), "what the launch starts")
        left.append(started_by(launch) or 0)
        launch.kill()
        return left[-1]

    yield kill
    for session in left:
        with suppress(ProcessLookupError):
            os.killpg(session, signal.SIGKILL)


def test_a_monitor_whose_launch_was_killed_ends_and_leaves_the_robot_at_rest(
    ros: RosGraph, leave: Callable[[NodeProcess], int]
) -> None:
    bench = Bench(ros, prefix=launched())
    bench.wait_for_command(is_forward, "a passed command")
    node = leave(bench.process)
    ros.wait_for(lambda: not is_running(node), "the end of the node")
    ros.wait_for(lambda: is_zero(bench.sent[-1]), "a last zero")
    assert bench.process.output().count("[WARN]") == bench.process.output().count("is gone; stopping") == 1


def test_a_node_that_a_prefix_started_for_a_launch_ends_with_the_launch(
    ros: RosGraph, leave: Callable[[NodeProcess], int]
) -> None:
    process = ros.start("safety_monitor_node", parameters=LIMITS, prefix=[*launched(), *SHELL])
    ros.wait_for(lambda: "safety_monitor" in ros.node.get_node_names(), "the node")
    assert "is gone" not in process.output()
    leave(process)
    ros.wait_for(lambda: "ended with status 0" in process.output(), "an orderly end")
    assert process.output().count("is gone; stopping") == 1


def test_a_node_that_no_launch_started_outlives_its_parent(ros: RosGraph, leave: Callable[[NodeProcess], int]) -> None:
    process = ros.start("safety_monitor_node", parameters=LIMITS, prefix=launched("ANOTHER_VARIABLE"))
    ros.wait_for(lambda: "safety_monitor" in ros.node.get_node_names(), "the node")
    node = leave(process)
    killed = time.monotonic()
    ros.wait_for(lambda: time.monotonic() > killed + 2.0, "what a launch's end would need to be noticed")
    assert is_running(node)


def test_what_brings_nodes_to_work_gives_up_without_its_launch(
    ros: RosGraph, leave: Callable[[NodeProcess], int], tmp_path: Path
) -> None:
    command = [*launched(), *SHELL, sys.executable, "-m", "alam_ros.nodes.bring_up", "nobody", "--timeout", "30"]
    process = NodeProcess(command, ros.environment(), tmp_path / "bring_up.log")
    leave(process)
    ros.wait_for(lambda: "ended with status 1" in process.output(), "its end")
    assert re.search(r"^bring_up: the launch that started this, process \d+, is gone$", process.output(), re.MULTILINE)


def test_ctrl_c_while_nodes_are_brought_to_work_has_a_status_of_its_own(ros: RosGraph, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "alam_ros.nodes.bring_up", "nobody", "--timeout", "60"]
    process = NodeProcess(command, ros.environment(), tmp_path / "bring_up.log")
    ros.wait_for(lambda: any(name.startswith("_bring_up_") for name in ros.node.get_node_names()), "bring_up")
    assert process.interrupt() == INTERRUPTED == 130
    assert process.output() == "bring_up: stopped\n"


def test_a_launch_that_was_gone_before_the_node_looked_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    assert ended.wait() == 0
    monkeypatch.setenv(LAUNCH_PROCESS, str(ended.pid))
    assert LaunchProcess().has_ended()


def test_a_launch_of_another_user_is_no_launch_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    monkeypatch.setenv(LAUNCH_PROCESS, str(os.getpid()))
    assert not LaunchProcess().has_ended()


def test_what_a_node_starts_is_not_the_launchs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LAUNCH_PROCESS, str(os.getppid()))
    assert not LaunchProcess().has_ended()
    assert LAUNCH_PROCESS not in os.environ
    assert LaunchProcess().process_id is None


@pytest.mark.parametrize("value", ["", "0", "-1", "robot"])
def test_what_is_no_process_id_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(LAUNCH_PROCESS, value)
    with pytest.raises(ConfigurationError, match=f"process id in the environment variable {LAUNCH_PROCESS}; found '{value}'"):
        LaunchProcess()


def test_a_node_refuses_what_is_no_process_id(ros: RosGraph) -> None:
    process = ros.start("markers_node", prefix=["env", f"{LAUNCH_PROCESS}=robot"])
    assert process.wait() == 1
    assert f"expected a process id in the environment variable {LAUNCH_PROCESS}" in process.output()
