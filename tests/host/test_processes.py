from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from alam_ros.errors import ProcessError
from alam_ros.host.processes import ChildProcess, ProcessGroup

IGNORE_SIGINT = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"
HANDLE_SIGINT = """
import signal, sys
signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
print('ready', flush=True)
while True:
    signal.pause()
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def group_in(folder: Path, **options: float) -> ProcessGroup:
    return ProcessGroup(folder / "logs", os.environ, **options)


def test_child_that_dies_is_reported_with_its_last_words(tmp_path: Path) -> None:
    with group_in(tmp_path) as group:
        group.start("steady", python(HANDLE_SIGINT))
        group.start("unlucky", python("import sys; sys.exit('the disk is full')"))
        with pytest.raises(ProcessError, match=r"`unlucky`.*status 1(.|\n)*the disk is full"):
            group.wait_for(lambda: False, "anything", 60.0)


def test_children_stop_in_order_whatever_happens(tmp_path: Path) -> None:
    children: list[ChildProcess] = []

    def fail_after_start() -> None:
        with group_in(tmp_path) as group:
            children.append(group.start("steady", python(HANDLE_SIGINT)))
            group.wait_for(lambda: "ready" in children[0].tail(), "its start", 60.0)
            raise ValueError("surprise")

    with pytest.raises(ValueError, match="surprise"):
        fail_after_start()
    assert children[0].status == 0


def test_child_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    with group_in(tmp_path, stop_timeout_s=0.1) as group:
        child = group.start("deaf", python(IGNORE_SIGINT))
        group.wait_for(lambda: "ready" in child.tail(), "its start", 60.0)
    assert child.status == -signal.SIGKILL


def test_child_killed_on_purpose_is_no_failure(tmp_path: Path) -> None:
    with group_in(tmp_path) as group:
        child = group.start("victim", python(HANDLE_SIGINT))
        group.kill(child)
        group.check()
    assert child.status == -signal.SIGKILL


def test_helper_that_fails_is_reported(tmp_path: Path) -> None:
    with group_in(tmp_path) as group:
        group.run("fine", python("print('done')"), 60.0)
        with pytest.raises(ProcessError, match="refused"):
            group.run("helper", python("import sys; sys.exit('refused')"), 60.0)


def test_what_does_not_come_in_time_is_named(tmp_path: Path) -> None:
    with group_in(tmp_path) as group, pytest.raises(ProcessError, match="a miracle"):
        group.wait_for(lambda: False, "a miracle", 0.0)


def test_waiting_ends_when_told_to_stop(tmp_path: Path) -> None:
    with ProcessGroup(tmp_path, os.environ, lambda: True) as group, pytest.raises(KeyboardInterrupt):
        group.wait_for(lambda: False, "anything", 60.0)
