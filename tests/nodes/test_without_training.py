"""The robot needs no PyTorch: the nodes at work in an environment with rclpy, messages, NumPy and PyYAML alone."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from alam_ros.gate import GateStatus
from tests.packaging.project import ROOT
from tests.support.ros import OF_THIS_ENVIRONMENT, RosGraph

from alam_ros.msg import RiskEstimate  # isort: skip
from alam_ros.nodes.qos import MARKERS, RISK  # isort: skip
from tests.nodes.commanded import POLICY, Commanded  # isort: skip
from visualization_msgs.msg import MarkerArray  # isort: skip

ABSENT = ("torch", "gymnasium", "pybullet", "mujoco", "matplotlib", "scipy", "rosbags")


def installed(python: Path) -> set[str]:
    """Return the distributions of an environment."""
    environment = {name: value for name, value in os.environ.items() if name not in OF_THIS_ENVIRONMENT}
    output = subprocess.run(
        [python, "-m", "pip", "list", "--format=freeze"], env=environment, capture_output=True, text=True, check=True
    ).stdout
    return {line.partition("==")[0].lower() for line in output.splitlines()}


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the robot's environment: the package's own requirements and its extra `ros`; modules and messages are copied."""
    robot = tmp_path_factory.mktemp("robot")
    subprocess.run([sys.executable, "-m", "venv", robot], check=True)
    requirements = importlib.metadata.requires("alam_ros") or []
    extra = re.compile(r"""extra == ['"]ros['"]""")
    wanted = [text.partition(";")[0].strip() for text in requirements if "extra ==" not in text or extra.search(text)]
    command = [robot / "bin" / "python", "-m", "pip", "install", "--quiet", "--constraint", ROOT / "constraints.txt", *wanted]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if "from versions: none" in result.stderr:
        pytest.skip("no package index can be reached")
    assert result.returncode == 0, result.stderr
    _copy_package(Path(sys.prefix), robot)
    return robot / "bin" / "python"


def _copy_package(source: Path, target: Path) -> None:
    """Copy the installed package, its compiled messages and its entries in the index, but no simulators."""
    places = [f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages/alam_ros", "share/alam_ros"]
    for place in places:
        shutil.copytree(source / place, target / place, ignore=shutil.ignore_patterns("__pycache__"))
    files = [*source.glob("lib/libalam_ros__*.so"), *source.glob("share/ament_index/resource_index/*/alam_ros")]
    assert len(files) > 1
    for file in files:
        copy = target / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)


def test_policy_monitor_and_markers_work_without_what_only_training_needs(ros: RosGraph, python: Path) -> None:
    assert not installed(python) & set(ABSENT)
    markers = ros.collect(MarkerArray, "/alam/markers", MARKERS)
    ros.start("markers_node", python=python)
    bench = Commanded(ros, python=python)
    bench.wait_for(GateStatus.PASS)
    bench.danger()
    bench.wait_for(GateStatus.FALLBACK)
    ros.wait_for(lambda: markers, "markers")
    risks = ros.collect(RiskEstimate, "/robot/alam/risk", RISK)
    remappings = {topic: f"/{topic}" for topic in ("scan", "odom", "goal")}
    ros.start("policy_node", parameters={"policy": POLICY}, namespace="/robot", remappings=remappings, python=python)
    ros.configure_and_activate("/robot/policy")
    ros.wait_for(lambda: risks, "the policy's estimates")
