"""Every parameter in config/ is one the node has; ROS itself would ignore a misspelt one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

pytest.importorskip("rclpy", reason="tests over real ROS need the packages of `make venv`")

from rcl_interfaces.srv import ListParameters

from alam_ros.onboard.gate_settings import WITHOUT_DEFAULT
from alam_ros.replay.settings import NAMES_OF
from tests.packaging.project import ROOT
from tests.support.ros import RosGraph

FILES = sorted((ROOT / "config").glob("*.yaml"))


def parameters_of(file: Path, node: str) -> set[str]:
    """Return the dotted names the file sets for a node."""
    mapping = yaml.safe_load(file.read_text()).get(f"/**/{node}", {}).get("ros__parameters", {})
    return set(flat(mapping))


def flat(mapping: dict, prefix: str = "") -> Iterator[str]:
    for name, value in mapping.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def test_there_is_a_file_for_each_launch_file() -> None:
    assert {file.stem for file in FILES} == {file.name.partition(".")[0] for file in (ROOT / "launch").glob("*.launch.py")}


@pytest.mark.parametrize("node", ["policy", "safety_monitor", "simulator"])
def test_a_node_has_every_parameter_the_files_set(ros: RosGraph, node: str) -> None:
    ros.start(f"{node}_node")
    known = set(ros.call(ListParameters, f"/{node}/list_parameters", ListParameters.Request()).result.names)
    assert {"use_sim_time"} < known
    for file in FILES:
        assert parameters_of(file, node) <= known, file.name
    names = {name for name in known if not name.startswith("qos_overrides.")}
    unset = WITHOUT_DEFAULT if node == "safety_monitor" else ()
    assert NAMES_OF.get(node, names) == names.union(unset), "`alam replay --params` refuses others"


def test_the_files_set_parameters_of_known_nodes_only() -> None:
    for file in FILES:
        assert yaml.safe_load(file.read_text()).keys() <= {"/**/policy", "/**/safety_monitor", "/**/simulator"}
