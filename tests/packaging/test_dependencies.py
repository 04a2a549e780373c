"""What the robot's code imports is declared, for rosdep and for pip alike, and nothing needs a package ROS does not have."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator

from tests.packaging.project import ROOT, package_xml

# The trees a robot runs, as files and folders.
ROBOT = (
    "contract",
    "gate",
    "host",
    "nodes",
    "onboard",
    "policy_file",
    "runtime",
    "errors.py",
    "parameter_file.py",
    "resources.py",
    "typed.py",
    "yaml_text.py",
)
NOT_ON_THE_ROBOT = ("simulator_node.py", "bag_recorder_node.py")  # need what `alam_sim` needs, and rosbags
ROSDEP_NAMES = {"numpy": "python3-numpy", "yaml": "python3-yaml"}


def imported_packages() -> set[str]:
    """Return the top-level packages the robot's modules import, without ours and the standard library's."""
    packages = {name.partition(".")[0] for path in robot_modules() for name in imports_of(path.read_text())}
    return packages - set(sys.stdlib_module_names) - {"alam_ros", "alam_sim"}


def packages_of_everything() -> set[str]:
    """Return the top-level packages that any of our modules or launch files imports."""
    modules = [*(ROOT / "alam_ros").rglob("*.py"), *(ROOT / "launch").glob("*.py")]
    return {name.partition(".")[0] for path in modules for name in imports_of(path.read_text())}


def robot_modules() -> list:
    places = [ROOT / "alam_ros" / name for name in ROBOT]
    paths = [path for place in places for path in ([place] if place.is_file() else sorted(place.rglob("*.py")))]
    return [path for path in paths if path.name not in NOT_ON_THE_ROBOT]


def imports_of(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def declared() -> set[str]:
    return {element.text for kind in ("depend", "exec_depend") for element in package_xml().iter(kind)}


def test_every_import_of_the_robot_is_a_dependency_of_the_ros_package() -> None:
    imported = {ROSDEP_NAMES.get(name, name) for name in imported_packages()}
    assert imported >= {"python3-numpy", "python3-yaml"}
    assert imported <= declared()


def test_every_dependency_of_the_ros_package_is_imported_somewhere() -> None:
    imported = {ROSDEP_NAMES.get(name, name) for name in packages_of_everything()}
    by_name_only = {"rosidl_default_runtime", "tf2_msgs"}  # the messages need the one; the other is imported where it is found
    assert declared() - imported == by_name_only


def test_no_dependency_comes_from_pip() -> None:
    assert not [name for name in declared() if name.endswith("-pip")]


def test_every_dependency_is_declared_once() -> None:
    declarations = (ROOT / "pyproject.toml").read_text().partition("dependencies = ")[2].partition("[project.scripts]")[0]
    lines = [line for line in declarations.splitlines() if not line.startswith("#")]
    names = [re.match(r"[\w-]+", text).group() for line in lines for text in re.findall(r'"([^"]+)"', line)]
    others = [name for name in names if name != "alam_ros"]  # `alam_ros[analysis]` names another extra
    assert {"numpy", "gymnasium", "matplotlib", "scipy", "torch", "ruff"} <= set(others)
    assert len(others) == len(set(others))


def test_every_ros_import_of_the_robot_is_in_the_extra_for_machines_without_ros() -> None:
    extra = (ROOT / "pyproject.toml").read_text()
    dependencies_of_others = {"builtin_interfaces", "rcl_interfaces", "rosgraph_msgs"}  # rclpy's own
    for name in imported_packages() - set(ROSDEP_NAMES) - dependencies_of_others:
        assert f'"ros-jazzy-{name.replace("_", "-")}"' in extra
