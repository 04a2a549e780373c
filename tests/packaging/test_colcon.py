"""`colcon build` makes a package that a plain ROS environment can run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.project import copy_of_the_sources, package_version

pytest.importorskip("rclpy", reason="building the package needs ROS; `make venv` brings it")

# Set up by the test's own interpreter, and to be found anew by another environment's.
INHERITED = ("PYTHONPATH", "LD_LIBRARY_PATH", "_ROS_WHEELS_BOOTSTRAP_COMPLETE")
PROGRAM = """
import alam_ros, alam_ros.msg, alam_sim
from alam_ros.resources import config_path
print(alam_ros.__version__, alam_ros.__file__, alam_ros.msg.__file__, alam_sim.__file__, config_path("contracts/navigation.yaml"))
"""


def colcon() -> str | None:
    return shutil.which("colcon", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in INHERITED}
    path = os.pathsep.join([str(Path(sys.executable).parent), inherited["PATH"]])
    return {**inherited, "PATH": path, "AMENT_PREFIX_PATH": inherited.get("AMENT_PREFIX_PATH", sys.prefix)}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Path:
    """Build a copy of the sources in a workspace of its own and return the installed prefix."""
    if colcon() is None:
        pytest.skip("colcon is not installed")
    workspace = tmp_path_factory.mktemp("workspace")
    copy_of_the_sources(workspace / "src" / "alam_ros")
    command = [colcon(), "build"]
    result = subprocess.run(command, cwd=workspace, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return workspace / "install" / "alam_ros"


def test_the_installation_holds_modules_messages_simulators_and_configuration(
    installation: Path, environment: dict[str, str]
) -> None:
    command = f". {installation.parent}/setup.sh && exec {sys.executable} -c '{PROGRAM}'"
    output = subprocess.run(
        ["/bin/sh", "-c", command], env=environment, cwd=installation, capture_output=True, text=True, check=True
    )
    version, *files = output.stdout.split()
    assert version == package_version()
    assert all(Path(file).is_relative_to(installation) for file in files), files


def test_the_installation_holds_the_nodes_and_the_launch_files(installation: Path) -> None:
    nodes = installation / "lib" / "alam_ros"
    assert {path.name for path in nodes.iterdir() if os.access(path, os.X_OK)} == {
        "bring_up",
        "markers",
        "policy",
        "safety_monitor",
        "simulator",
    }
    launch_files = {path.name for path in (installation / "share" / "alam_ros" / "launch").iterdir()}
    assert launch_files == {"simulation.launch.py", "robot.launch.py", "monitor.launch.py"}
