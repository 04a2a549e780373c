"""`pip install .` serves people who only train: modules, type markers and configuration files, without ROS."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.packaging.project import ROOT, copy_of_the_sources, package_version


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Build the wheel of a copy of the sources and return the names in it."""
    folder = tmp_path_factory.mktemp("wheel")
    sources = copy_of_the_sources(folder / "sources")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        folder,
        sources,
    ]
    subprocess.run(command, check=True, cwd=folder)
    (path,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(path).namelist())


def test_the_wheel_holds_every_module_of_both_packages(wheel: set[str]) -> None:
    modules = {path.relative_to(ROOT) for path in (ROOT / "alam_ros").rglob("*.py")}
    modules |= {path.relative_to(ROOT / "sim") for path in (ROOT / "sim" / "alam_sim").rglob("*.py")}
    assert {str(module) for module in modules} <= wheel
    assert {"alam_ros/py.typed", "alam_sim/py.typed"} <= wheel


def test_the_wheel_holds_every_configuration_file_where_the_modules_look_for_it(wheel: set[str]) -> None:
    share = Path(f"alam_ros-{package_version()}.data/data/share/alam_ros")
    files = {str(share / path.relative_to(ROOT)) for path in (ROOT / "config").rglob("*.yaml")}
    assert str(share / "config/contracts/navigation.yaml") in files
    assert files <= wheel


def test_the_wheel_holds_nothing_else(wheel: set[str]) -> None:
    prefixes = ("alam_ros/", "alam_sim/", f"alam_ros-{package_version()}.")
    assert not [name for name in wheel if not name.startswith(prefixes)]
