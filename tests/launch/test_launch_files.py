"""The launch files bring the nodes to work, and never leave a robot without its monitor."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

pytest.importorskip("rclpy", reason="tests over real ROS need the packages of `make venv`")

from geometry_msgs.msg import Twist, TwistStamped
from lifecycle_msgs.srv import GetState
from rcl_interfaces.srv import GetParameters
from rclpy.parameter import parameter_value_to_python
from rosgraph_msgs.msg import Clock
from visualization_msgs.msg import MarkerArray

from alam_ros.msg import GateState, RiskEstimate
from alam_ros.nodes.qos import CLOCK, LATCHED
from alam_ros.runtime import PolicyRuntime
from tests.launch.conftest import Launch
from tests.support.policies import write_sample_policy
from tests.support.processes import is_running
from tests.support.ros import NodeProcess, RosGraph

ARGUMENTS = {"namespace", "use_sim_time", "params_file", "policy", "robot", "autostart", "markers", "log_level"}

FLEET = """
from launch import LaunchDescription
from launch.actions import GroupAction, IncludeLaunchDescription
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import PushRosNamespace
from launch_ros.substitutions import FindPackageShare

def generate_launch_description():
    robot = PathJoinSubstitution([FindPackageShare("alam_ros"), "launch", "robot.launch.py"])
    arguments = [(name, LaunchConfiguration(name)) for name in ("policy", "params_file")]
    include = IncludeLaunchDescription(robot, launch_arguments=arguments)
    return LaunchDescription([GroupAction([PushRosNamespace("fleet"), include])])
"""

HOUSE = """
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, SetLaunchConfiguration
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare

def generate_launch_description():
    robot = PathJoinSubstitution([FindPackageShare("alam_ros"), "launch", "robot.launch.py"])
    passed = ["policy", "params_files", "rooms", {misspelt}]
    include = IncludeLaunchDescription(robot, launch_arguments=[(name, LaunchConfiguration(name)) for name in passed])
    return LaunchDescription([
        DeclareLaunchArgument("params_files", default_value=""),
        DeclareLaunchArgument("rooms", default_value="2"),
        SetLaunchConfiguration("robots", "3"),
        SetLaunchConfiguration("robo", ""),
        include,
    ])
"""
"""A launch file with arguments and configurations of its own, some of them named much as this package's."""


@pytest.fixture
def policy(tmp_path: Path) -> str:
    return f"policy:={write_sample_policy(tmp_path / 'sample.alam')}"


def reached(ros: RosGraph, node: str, state: str) -> None:
    """Wait until a node says that it is in a state."""
    said: list[str] = []
    client = ros.node.create_client(GetState, f"{node}/get_state")
    ros.wait_for(client.service_is_ready, f"the service of {node}")

    def ask() -> None:  # again and again: an answer is lost whose way back is not discovered yet
        client.call_async(GetState.Request()).add_done_callback(lambda future: said.append(future.result().current_state.label))

    timer = ros.node.create_timer(0.5, ask)
    ros.wait_for(lambda: state in said[-1:], f"{node} to be {state}")
    ros.node.destroy_timer(timer)
    ros.node.destroy_client(client)


def children_of(process_id: int) -> Iterator[tuple[int, str]]:
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int(re.search(r"^PPid:\s+(\d+)$", (entry / "status").read_text(), re.MULTILINE)[1])
            command = (entry / "cmdline").read_text()
        except FileNotFoundError:  # it ended meanwhile
            continue
        if parent == process_id:
            yield int(entry.name), command


def test_the_monitor_alone_stops_a_robot_that_nobody_commands(ros: RosGraph, launch: Launch, policy: str) -> None:
    launch("monitor.launch.py", policy)
    reached(ros, "/safety_monitor", "active")
    states = ros.collect(GateState, "/alam/gate")
    ros.wait_for(lambda: states, "the state of the gate")
    assert (states[-1].state, states[-1].command_missing) == (GateState.STOP, True)


def test_robot_brings_policy_and_monitor_to_work_in_a_namespace(ros: RosGraph, launch: Launch, policy: str) -> None:
    launch("robot.launch.py", policy, "namespace:=/robot1/")
    reached(ros, "/robot1/safety_monitor", "active")
    reached(ros, "/robot1/policy", "active")


def test_without_autostart_the_nodes_wait(ros: RosGraph, launch: Launch, policy: str) -> None:
    process = launch("robot.launch.py", policy, "autostart:=false")
    ros.configure_and_activate("/safety_monitor")
    assert ros.state("/policy") == "unconfigured"
    assert process.is_running()


def test_simulation_closes_the_loop(ros: RosGraph, launch: Launch, policy: str) -> None:
    launch("simulation.launch.py", policy)
    risks = ros.collect(RiskEstimate, "/alam/risk")
    commands = ros.collect(TwistStamped, "/cmd_vel")
    states = ros.collect(GateState, "/alam/gate")
    ros.wait_for(lambda: len(risks) > 10, "risk estimates", 60.0)
    ros.wait_for(lambda: commands, "commands")
    ros.wait_for(
        lambda: any(not state.risk_missing and not state.command_missing for state in states), "a gate that has all it needs"
    )


def test_the_death_of_the_monitor_ends_everything(ros: RosGraph, launch: Launch, policy: str) -> None:
    process = launch("robot.launch.py", policy)
    reached(ros, "/safety_monitor", "active")
    reached(ros, "/policy", "active")
    children = dict(children_of(process.process_id))
    (monitor,) = [child for child, command in children.items() if "safety_monitor" in command]
    os.kill(monitor, signal.SIGKILL)
    assert process.wait() == 1
    assert "expected safety_monitor-1 to go on; found its end with status -9" in process.output()
    assert not any(Path(f"/proc/{child}").exists() for child in children)


def test_ctrl_c_ends_the_simulation_cleanly_and_leaves_a_robot_at_rest(ros: RosGraph, launch: Launch, policy: str) -> None:
    process = launch("simulation.launch.py", policy)
    commands = ros.collect(TwistStamped, "/cmd_vel")
    ros.wait_for(lambda: commands, "commands")
    ros.wait_for(lambda: process.output().count("process has finished cleanly") == 2, "the end of what brings nodes to work")
    children = dict(children_of(process.process_id))
    assert process.interrupt() == 0
    print(process.output())
    assert "[ERROR]" not in process.output()
    assert process.output().count("process has finished cleanly") == 5  # two of them brought the others to work
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    ros.wait_for(lambda: commands[-1].twist == Twist(), "a last command of zero", 5.0)


@pytest.mark.parametrize("end", [NodeProcess.terminate, NodeProcess.kill])
def test_a_launch_that_does_not_end_its_nodes_leaves_none_and_a_robot_at_rest(
    ros: RosGraph, launch: Launch, policy: str, tmp_path: Path, end: Callable[[NodeProcess], int]
) -> None:
    process = launch("simulation.launch.py", policy)
    commands = ros.collect(TwistStamped, "/cmd_vel")
    ros.wait_for(lambda: any(command.twist != Twist() for command in commands), "a robot that drives")
    children = dict(children_of(process.process_id))
    try:
        assert end(process) != 0
        ros.wait_for(lambda: not any(map(is_running, children)), "the end of all nodes")
    finally:
        for child in filter(is_running, children):
            os.kill(child, signal.SIGKILL)
    ros.wait_for(lambda: commands[-1].twist == Twist(), "a last command of zero", 5.0)
    logs = "".join(log.read_text() for log in tmp_path.glob("*_*.log"))
    told = f"the launch that started this node, process {process.process_id}, is gone; stopping"
    assert logs.count(told) == 3  # simulator, monitor and policy
    assert "unexpected exception" not in logs


def test_a_launch_that_is_killed_while_it_starts_leaves_nothing(ros: RosGraph, launch: Launch, policy: str) -> None:
    process = launch("monitor.launch.py", policy)
    started: dict[int, str] = {}
    ros.wait_for(lambda: started.update(children_of(process.process_id)) or len(started) == 2, "monitor and bring_up")
    try:
        process.kill()
        ros.wait_for(lambda: not any(map(is_running, started)), "the end of both")
    finally:
        for child in filter(is_running, started):
            os.kill(child, signal.SIGKILL)


def test_a_missing_policy_is_named_before_anything_starts(launch: Launch) -> None:
    process = launch("robot.launch.py")
    assert process.wait() != 0
    assert "policy" in process.output()
    assert "process started" not in process.output()


@pytest.mark.parametrize("launch_file", ["monitor", "robot", "simulation"])
@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("param_file", "did you mean `params_file`?"),
        ("robo", "did you mean `robot`?"),
        ("name_space", "did you mean `namespace`?"),
        ("use_simtime", "did you mean `use_sim_time`?"),
        ("log-level", "did you mean `log_level`?"),
        ("speed", "leave it out"),
    ],
)
def test_an_argument_that_there_is_not_is_refused_before_anything_starts(
    launch: Launch, policy: str, launch_file: str, given: str, meant: str
) -> None:
    process = launch(f"{launch_file}.launch.py", policy, f"{given}:=true")
    assert process.wait() == 1
    assert f"found `{given}`, which nobody would take; {meant}" in process.output()
    assert "process started" not in process.output()


def test_what_launch_itself_takes_is_no_stray_argument(ros: RosGraph, launch: Launch, policy: str) -> None:
    launch("monitor.launch.py", policy, "sigterm_timeout:=8", "--launch-prefix", "env")
    reached(ros, "/safety_monitor", "active")


def test_a_launch_file_of_users_keeps_its_own_arguments(ros: RosGraph, launch: Launch, policy: str, tmp_path: Path) -> None:
    path = tmp_path / "house.launch.py"
    path.write_text(HOUSE.replace("{misspelt}", ""))
    launch(path, policy, "params_files:=no.yaml", "rooms:=5", "colour:=red")
    reached(ros, "/safety_monitor", "active")
    reached(ros, "/policy", "active")


def test_what_a_launch_file_of_users_passes_misspelt_is_refused(launch: Launch, policy: str, tmp_path: Path) -> None:
    path = tmp_path / "house.launch.py"
    path.write_text(HOUSE.replace("{misspelt}", '"robo"'))
    process = launch(path, policy)
    assert process.wait() == 1
    assert "found `robo`, which nobody would take; did you mean `robot`?" in process.output()
    assert "process started" not in process.output()


def test_a_misspelling_that_would_pass_through_a_launch_file_of_users_is_refused(
    launch: Launch, policy: str, tmp_path: Path
) -> None:
    path = tmp_path / "house.launch.py"
    path.write_text(HOUSE.replace("{misspelt}", ""))
    process = launch(path, policy, "param_file:=off.yaml")
    assert process.wait() == 1
    assert "found `param_file`, which nobody would take; did you mean `params_file`?" in process.output()
    assert "process started" not in process.output()


@pytest.mark.parametrize("name", ["policy", "robot", "params_file"])
def test_a_file_that_is_not_there_is_named_before_anything_starts(launch: Launch, policy: str, name: str) -> None:
    process = launch("robot.launch.py", policy, f"{name}:=nowhere.file")
    assert process.wait() == 1
    assert f"expected a file in the launch argument `{name}`; found nothing at nowhere.file" in process.output()
    assert "process started" not in process.output()


def test_a_folder_in_place_of_a_policy_is_told_as_such(launch: Launch, tmp_path: Path) -> None:
    process = launch("monitor.launch.py", f"policy:={tmp_path}")
    assert process.wait() == 1
    assert f"expected a file in the launch argument `policy`; found a folder at {tmp_path}" in process.output()


@pytest.mark.parametrize("name", ["autostart", "markers", "use_sim_time"])
def test_a_flag_that_is_none_is_refused_before_anything_starts(launch: Launch, policy: str, name: str) -> None:
    process = launch("robot.launch.py", policy, f"{name}:=maybe")
    assert process.wait() == 1
    assert name in process.output()
    assert "process started" not in process.output()


def test_a_parameter_file_that_is_no_yaml_is_named_before_anything_starts(launch: Launch, policy: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("/**/policy: {ros__parameters: [")
    process = launch("robot.launch.py", policy, f"params_file:={path}")
    assert process.wait() == 1
    assert f"expected YAML in the parameter file {path}" in process.output()
    assert "process started" not in process.output()


def test_parameters_for_other_nodes_are_refused_before_anything_starts(launch: Launch, policy: str, tmp_path: Path) -> None:
    path = tmp_path / "parameters.yaml"
    path.write_text("/safety_monitor: {ros__parameters: {acceptable_probability: 0.5}}")
    process = launch("monitor.launch.py", policy, f"params_file:={path}", "namespace:=r2")
    assert process.wait() == 1
    assert "expected a section for `/r2/safety_monitor` in" in process.output()
    assert "process started" not in process.output()


@pytest.mark.parametrize(("given", "right"), [("robot-1", "robot_1"), ("/hall/2nd robot/", "hall/_2nd_robot"), ("a//b", "a/b")])
def test_a_namespace_that_is_none_is_named_before_anything_starts(launch: Launch, policy: str, given: str, right: str) -> None:
    process = launch("robot.launch.py", policy, f"namespace:={given}")
    assert process.wait() == 1
    found = f"the launch argument `namespace`; found `{given.rstrip('/')}`; write `{right}`"
    assert found in process.output()
    assert "process started" not in process.output()


def test_a_parameter_file_says_what_the_launch_does_not(ros: RosGraph, launch: Launch, policy: str, tmp_path: Path) -> None:
    path, robot, file = tmp_path / "parameters.yaml", tmp_path / "robot.yaml", policy.partition(":=")[2]
    robot.write_text(yaml.safe_dump(PolicyRuntime.load(file).contract.to_mapping()))
    said = {"policy": file, "robot": str(robot), "use_sim_time": True}
    path.write_text(yaml.safe_dump({"/**/safety_monitor": {"ros__parameters": said}}))
    launch("monitor.launch.py", f"params_file:={path}")
    reached(ros, "/safety_monitor", "active")
    names = list(said)
    answer = ros.call(GetParameters, "/safety_monitor/get_parameters", GetParameters.Request(names=names))
    assert dict(zip(names, map(parameter_value_to_python, answer.values), strict=True)) == said


def test_a_parameter_file_that_contradicts_itself_is_refused(launch: Launch, policy: str, tmp_path: Path) -> None:
    path = tmp_path / "parameters.yaml"
    path.write_text("{/**: {ros__parameters: {use_sim_time: true}}, /**/policy: {ros__parameters: {use_sim_time: false}}}")
    process = launch("robot.launch.py", policy, f"params_file:={path}")
    assert process.wait() == 1
    assert "expected one `use_sim_time` for all nodes in" in process.output()


def test_a_node_that_refuses_to_work_ends_the_launch(launch: Launch, tmp_path: Path) -> None:
    (tmp_path / "broken.alam").write_text("no policy file")
    process = launch("monitor.launch.py", f"policy:={tmp_path / 'broken.alam'}")
    assert process.wait() == 1
    assert "`safety_monitor` refused to configure; its log says why" in process.output()
    assert "expected a safety_monitor that works as it was started; found one that does not; see the log" in process.output()


def test_a_second_launch_of_the_same_names_says_so_and_leaves_the_first_alone(ros: RosGraph, launch: Launch, policy: str) -> None:
    first = launch("robot.launch.py", policy)
    reached(ros, "/safety_monitor", "active")
    reached(ros, "/policy", "active")
    said = first.output()
    second = launch("robot.launch.py", policy)
    assert second.wait(60.0) == 1
    assert re.search(
        r"expected `/(\w+)` unconfigured, as a node is that has just started; found active; .* already", second.output()
    )
    assert first.is_running()
    assert "no transition" not in first.output().removeprefix(said)
    reached(ros, "/safety_monitor", "active")


def test_a_launch_file_of_users_may_put_all_in_a_namespace(ros: RosGraph, launch: Launch, policy: str, tmp_path: Path) -> None:
    path = tmp_path / "fleet.launch.py"
    path.write_text(FLEET)
    parameters = tmp_path / "parameters.yaml"
    parameters.write_text("/fleet/safety_monitor: {ros__parameters: {acceptable_probability: 0.5}}")
    launch(path, policy, f"params_file:={parameters}")
    reached(ros, "/fleet/safety_monitor", "active")
    reached(ros, "/fleet/policy", "active")


def test_the_shipped_parameters_and_arguments_are_all_taken(ros: RosGraph, launch: Launch, policy: str) -> None:
    process = launch("simulation.launch.py", policy, "markers:=true")
    risks, drawn = ros.collect(RiskEstimate, "/alam/risk"), ros.collect(MarkerArray, "/alam/markers")
    ros.wait_for(lambda: risks, "a risk estimate")
    ros.wait_for(lambda: any(marker.ns == "judged_motion" for array in drawn for marker in array.markers), "a base's arrow")
    assert "is ignored" not in process.output()


def test_simulations_in_two_namespaces_do_not_disturb_one_another(ros: RosGraph, launch: Launch, policy: str) -> None:
    launch("simulation.launch.py", policy, "namespace:=first")
    clocks = ros.collect(Clock, "/first/clock", CLOCK)
    ros.wait_for(lambda: len(clocks) > 30, "three seconds of the first one")
    launch("simulation.launch.py", policy, "namespace:=second")
    states = ros.collect(GateState, "/second/alam/gate", LATCHED)
    risks = {robot: ros.collect(RiskEstimate, f"/{robot}/alam/risk") for robot in ("first", "second")}
    ros.wait_for(lambda: all(len(found) > 20 for found in risks.values()), "two seconds of both")
    assert ros.node.count_publishers("/clock") == 0
    ros.wait_for(lambda: states and not (states[-1].risk_stale or states[-1].risk_missing), "risks of the second one's own time")
    stamps = {robot: [risk.header.stamp.sec for risk in found] for robot, found in risks.items()}
    assert all(found == sorted(found) for found in stamps.values())


@pytest.mark.parametrize("name", ["monitor", "robot", "simulation"])
def test_every_argument_is_described(launch: Launch, name: str) -> None:
    process = launch(f"{name}.launch.py", "--show-args")
    assert process.wait() == 0
    described = dict(re.findall(r"^ +'(\w+)':\n +(\S.*)$", process.output(), re.MULTILINE))
    assert described.keys() == ARGUMENTS
    assert "no description given" not in process.output()
