"""Launch files run as a user runs them: by `ros2 launch`, in a process of its own, in an isolated domain."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.nodes.conftest import ros
from tests.support.ros import NodeProcess, RosGraph

__all__ = ["ros"]

Launch = Callable[..., NodeProcess]


@pytest.fixture
def ros2() -> str:
    """Return the path of the `ros2` command, or skip."""
    for package in ("launch_ros", "ros2launch"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed: only a ROS installation brings it")
    path = shutil.which("ros2", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    assert path is not None
    return path


@pytest.fixture
def launch(ros: RosGraph, ros2: str, tmp_path: Path) -> Iterator[Launch]:
    """Yield a function that launches a file of this package, or another one by its path; Ctrl-C ends what it started."""
    environment = {"AMENT_PREFIX_PATH": sys.prefix, **ros.environment()}
    with ExitStack() as stack:

        def start(launch_file: str | Path, *arguments: str) -> NodeProcess:
            file = [str(launch_file)] if isinstance(launch_file, Path) else ["alam_ros", launch_file]
            log = tmp_path / f"{Path(launch_file).name}.{len(list(tmp_path.glob('*.launch.py.*.log')))}.log"
            process = NodeProcess([ros2, "launch", *file, *arguments], environment, log)
            stack.callback(process.interrupt)
            stack.callback(lambda: print(f"--- {launch_file}\n{process.output()}"))
            return process

        yield start
