"""What drives a robot does not work by parameters that it did not understand."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

pytest.importorskip("rclpy", reason="tests over real ROS need the packages of `make venv`")

from alam_ros.resources import shipped_policy
from tests.support.ros import NodeProcess, RosGraph, Transition

NODES = ["safety_monitor", "policy"]


def start(ros: RosGraph, folder: Path, node: str, section: str, *arguments: str, **given: object) -> NodeProcess:
    """Start a node with a parameter file, of which one section gives it what is asked for."""
    path = folder / "parameters.yaml"
    policy = {"ros__parameters": {"policy": str(shipped_policy("navigation"))}}
    path.write_text(yaml.safe_dump({"/**": policy, section: {"ros__parameters": {**policy["ros__parameters"], **given}}}))
    return ros.start(f"{node}_node", arguments=["--params-file", str(path), *arguments])


@pytest.mark.parametrize("node", NODES)
@pytest.mark.parametrize("section", ["/**/{node}", "/{node}", "/**"])
def test_a_misspelt_parameter_is_refused_with_the_name_that_was_meant(
    ros: RosGraph, tmp_path: Path, node: str, section: str
) -> None:
    process = start(ros, tmp_path, node, section.format(node=node), danger_probabilty=0.3)
    assert not ros.change_state(f"/{node}", Transition.TRANSITION_CONFIGURE)
    assert ros.state(f"/{node}") == "unconfigured"
    assert f"expected parameters that {node} has; found `danger_probabilty`; write `danger_probability`" in process.output()
    assert "is ignored" not in process.output()


@pytest.mark.parametrize("node", NODES)
def test_a_misspelling_on_the_command_line_is_refused(ros: RosGraph, tmp_path: Path, node: str) -> None:
    process = start(ros, tmp_path, node, f"/{node}", "-p", "danger_probabilty:=0.3")
    assert not ros.change_state(f"/{node}", Transition.TRANSITION_CONFIGURE)
    assert "write `danger_probability`" in process.output()


def test_a_misspelling_of_what_has_no_default_is_refused(ros: RosGraph, tmp_path: Path) -> None:
    process = start(ros, tmp_path, "safety_monitor", "/**", enable_stamped_cmdvel=False)
    assert not ros.change_state("/safety_monitor", Transition.TRANSITION_CONFIGURE)
    assert "write `enable_stamped_cmd_vel`" in process.output()


@pytest.mark.parametrize("node", NODES)
def test_what_is_like_no_parameter_is_refused_in_a_section_of_the_node_alone(ros: RosGraph, tmp_path: Path, node: str) -> None:
    process = start(ros, tmp_path, node, f"/**/{node}", colour="red")
    assert not ros.change_state(f"/{node}", Transition.TRANSITION_CONFIGURE)
    assert "found `colour`; remove it" in process.output()


@pytest.mark.parametrize("node", NODES)
def test_parameters_of_other_nodes_in_a_shared_section_and_qualities_are_only_told(
    ros: RosGraph, tmp_path: Path, node: str
) -> None:
    others = {
        "model": "turtlebot",
        "limits": {"slew": [1.0]},
        "max_speed": 1.0,
        "enable_stamped_cmd_vel": True,
        "use_sim_time": False,
    }
    process = start(ros, tmp_path, node, "/**", "-p", "qos_overrides./alam/risk.publisher.depth:=5", **others)
    ros.configure_and_activate(f"/{node}")
    for name in ("model", "max_speed", "qos_overrides./alam/risk.publisher.depth"):
        assert f"`{name}` is no parameter of this node and is ignored" in process.output()
