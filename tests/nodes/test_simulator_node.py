"""The simulator node over real ROS: its messages carry exactly what training sees, and its base stops by itself."""

from __future__ import annotations

import math
import os
from pathlib import Path

import gymnasium
import numpy as np
import pytest

import alam_sim  # noqa: F401  registers the environments
from alam_ros.contract import ActionCodec, Contract
from alam_ros.resources import config_path
from alam_ros.runtime import PolicyRuntime
from tests.support.policies import answer, write_sample_policy
from tests.support.ros import RosGraph

from alam_ros.msg import RiskEstimate  # isort: skip
from alam_ros.nodes.qos import CLOCK, COMMAND, LATCHED, RISK, SENSOR, TRUTH  # isort: skip
from geometry_msgs.msg import PoseStamped, Twist, TwistStamped  # isort: skip
from nav_msgs.msg import Odometry  # isort: skip
from rosgraph_msgs.msg import Clock  # isort: skip
from std_msgs.msg import Float32  # isort: skip

CONTRACT = Contract.load(config_path("contracts/navigation.yaml"))
PERIOD = CONTRACT.control_period
SUPPORT = Path(__file__).parents[1] / "support"


def seconds(message: TwistStamped | RiskEstimate | Odometry) -> float:
    return float(message.header.stamp.sec + message.header.stamp.nanosec * 1e-9)


def training_observations(seed: int, commands: list[TwistStamped]) -> list[np.ndarray]:
    """Step the environment as in training, with the commands that the simulator node applied."""
    environment, codec = gymnasium.make("alam/Navigation-v0", max_episode_steps=-1), ActionCodec(CONTRACT.action)
    observation, _ = environment.reset(seed=seed)
    observations = [observation]
    for command in commands:
        action = codec.to_normalised([command.twist.linear.x, command.twist.angular.z])
        observations.append(environment.step(action)[0])
    environment.close()
    return observations


def test_the_policy_sees_over_ros_what_training_sees(ros: RosGraph, tmp_path: Path) -> None:
    """Close the loop policy → simulator without a monitor, then repeat the same actions in the environment alone."""
    policy = write_sample_policy(tmp_path / "policy.alam", contract=CONTRACT)
    risks = ros.collect(RiskEstimate, "/alam/risk", RISK)
    applied = ros.collect(TwistStamped, "/simulator/applied_command", TRUTH)
    ros.start("policy_node", parameters={"policy": str(policy)}, remappings={"~/action": "cmd_vel"})
    ros.configure_and_activate("/policy")
    ros.wait_for(lambda: ros.node.count_subscribers("/odom") and ros.node.count_publishers("/cmd_vel"), "the policy")
    simulator = ros.start("simulator_node", parameters={"seed": 5})
    ros.wait_for(lambda: len(risks) >= 40, "forty answers")
    assert simulator.terminate() == 0
    start = round(seconds(applied[0]) / PERIOD)
    assert start == 10, "the commands are known from the first on"
    runtime = PolicyRuntime.load(policy)
    expected = training_observations(5, applied)
    assert any(abs(command.twist.linear.x) > 0.01 for command in applied), "the policy drives"
    answers = {round(seconds(risk) / PERIOD) - start: risk for risk in risks}
    # Best-effort data may be lost on a busy machine: compare where the policy saw all that its history holds.
    complete = [step for step in answers if step < len(expected) and {step - 1, step - 2, step - 3} <= answers.keys()]
    assert len(complete) >= 20
    for step in complete:
        _, scores, _ = answer(runtime, expected[step])
        assert answers[step].cost_value == scores.cost_value, f"step {step}"


def test_the_base_stops_by_itself_after_the_last_command(ros: RosGraph) -> None:
    applied = ros.collect(TwistStamped, "/simulator/applied_command", TRUTH)
    odometry = ros.collect(Odometry, "/odom", SENSOR)
    ros.start("simulator_node", parameters={"seed": 1})
    commander = ros.publisher(TwistStamped, "/cmd_vel", COMMAND)
    command = TwistStamped()
    command.twist.angular.z = 1.0

    def is_driving() -> bool:
        commander.publish(command)
        return bool(applied) and applied[-1].twist.angular.z == 1.0

    ros.wait_for(is_driving, "the command to be applied")
    ros.wait_for(lambda: applied[-1].twist.angular.z == 0.0, "the base to stop by itself")
    last = max(seconds(message) for message in applied if message.twist.angular.z == 1.0)
    first_rest = min(seconds(message) for message in applied if seconds(message) > last)
    moved = [message for message in applied if message.twist.angular.z == 1.0]
    assert first_rest - seconds(moved[0]) >= 0.5 - 1e-6, "a command is obeyed for its time"
    ros.wait_for(lambda: abs(odometry[-1].twist.twist.angular.z) < 0.05, "the wheels to stand still")


def check_that_unstamped_commands_are_applied(ros: RosGraph, topic: str, **parameters: object) -> None:
    applied = ros.collect(Twist, "/simulator/applied_command", TRUTH)
    ros.start("simulator_node", parameters=parameters)
    commander = ros.publisher(Twist, topic, COMMAND)
    command = Twist()
    command.linear.x = 0.2

    def is_driving() -> bool:
        commander.publish(command)
        return bool(applied) and applied[-1].linear.x == 0.2

    ros.wait_for(is_driving, "the command to be applied")


def test_unstamped_commands_are_taken_on_request(ros: RosGraph) -> None:
    check_that_unstamped_commands_are_applied(ros, "/drive", enable_stamped_cmd_vel=False, cmd_vel_in_topic="drive")


def test_a_contract_says_whether_commands_are_stamped(ros: RosGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the safety monitor goes by the contract where the parameter is not set: what it publishes must be heard."""
    monkeypatch.setenv("PYTHONPATH", str(SUPPORT), prepend=os.pathsep)
    check_that_unstamped_commands_are_applied(ros, "/cmd_vel", environment="twist_navigation:TwistNavigation-v0")


def test_a_command_that_is_not_finite_is_refused(ros: RosGraph) -> None:
    applied = ros.collect(TwistStamped, "/simulator/applied_command", TRUTH)
    process = ros.start("simulator_node", parameters={})
    commander = ros.publisher(TwistStamped, "/cmd_vel", COMMAND)
    command = TwistStamped()
    command.twist.linear.x = math.nan

    def is_refused() -> bool:
        commander.publish(command)
        return "command refused" in process.output()

    ros.wait_for(is_refused, "the refusal")
    ros.wait_for(lambda: applied, "a step")
    assert all(message.twist.linear.x == 0.0 for message in applied)


def test_time_goes_forward_and_a_late_subscriber_sees_the_goal(ros: RosGraph) -> None:
    clocks, costs = ros.collect(Clock, "/clock", CLOCK), ros.collect(Float32, "/simulator/cost", TRUTH)
    ros.start("simulator_node", parameters={"real_time_factor": 4.0, "episode_duration": 1.0})
    ros.wait_for(lambda: len(clocks) > 30, "thirty steps")
    stamps = [message.clock.sec + message.clock.nanosec * 1e-9 for message in clocks]
    intervals = np.diff(stamps)
    assert (intervals > 0).all()
    assert intervals.max() >= 1.0, "episodes lie further apart than histories reach"
    assert {message.data for message in costs} <= {0.0, 1.0}
    goals = ros.collect(PoseStamped, "/goal", LATCHED)
    ros.wait_for(lambda: goals, "the latched goal")


@pytest.mark.parametrize("signal", ["terminate", "interrupt"])
def test_a_signal_ends_the_simulator_in_order(ros: RosGraph, signal: str) -> None:
    clocks = ros.collect(Clock, "/clock", CLOCK)
    process = ros.start("simulator_node", parameters={})
    ros.wait_for(lambda: clocks, "the simulator")
    assert getattr(process, signal)() == 0
    assert "Traceback" not in process.output()


def test_an_unknown_environment_ends_the_node_with_the_known_ones(ros: RosGraph) -> None:
    process = ros.start("simulator_node", parameters={"environment": "alam/Nowhere-v0"})
    assert process.wait(60.0) == 1
    assert "expected an environment such as alam/" in process.output()
    assert "alam/Navigation-v0" in process.output()
    assert "Traceback" not in process.output()


def test_an_environment_without_a_contract_is_refused(ros: RosGraph) -> None:
    process = ros.start("simulator_node", parameters={"environment": "Pendulum-v1"})
    assert process.wait(60.0) == 1
    assert "expected an environment with a `contract`; found none in PendulumEnv" in process.output()
    assert "Traceback" not in process.output()


FORGETFUL = """
import gymnasium
from alam_sim.navigation.environment import NavigationEnv

class Forgetful(NavigationEnv):
    def step(self, action):
        *outcome, info = super().step(action)
        del info["samples"]["odom"]
        return *outcome, info

gymnasium.register("Forgetful-v0", entry_point=Forgetful)
"""


def test_a_simulator_without_a_sample_of_a_topic_is_told_so(
    ros: RosGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "forgetful.py").write_text(FORGETFUL)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    process = ros.start("simulator_node", parameters={"environment": "forgetful:Forgetful-v0"})
    ros.wait_for(lambda: not process.is_running(), "its end")
    assert process.wait() == 1
    assert 'a sample of each of the contract\'s topics in `info["samples"]`; found none of odom' in process.output()
    assert "Traceback" not in process.output()
