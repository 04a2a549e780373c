"""The arm over real ROS: joint states, tool pose, goal and zone arrive as training sees them, velocities as commanded."""

from __future__ import annotations

from pathlib import Path

import gymnasium
import numpy as np

import alam_sim  # noqa: F401  registers the environments
from alam_ros.contract import ActionCodec, Contract
from alam_ros.resources import config_path
from alam_ros.runtime import PolicyRuntime
from tests.support.policies import answer, write_sample_policy
from tests.support.ros import RosGraph

from alam_ros.msg import RiskEstimate  # isort: skip
from alam_ros.nodes.qos import CLOCK, DIAGNOSTICS, RISK, SENSOR, TRUTH  # isort: skip
from diagnostic_msgs.msg import DiagnosticArray  # isort: skip
from rclpy.publisher import Publisher  # isort: skip
from rclpy.timer import Timer  # isort: skip
from rosgraph_msgs.msg import Clock  # isort: skip
from sensor_msgs.msg import JointState  # isort: skip
from std_msgs.msg import Float64MultiArray  # isort: skip

CONTRACT = Contract.load(config_path("contracts/arm_reach.yaml"))
PERIOD = CONTRACT.control_period
SEED = 5


def training_observations(commands: list[Float64MultiArray]) -> list[np.ndarray]:
    """Step the environment as in training, with the commands that the simulator node applied."""
    environment, codec = gymnasium.make("alam/ArmReach-v0", max_episode_steps=-1), ActionCodec(CONTRACT.action)
    observations = [environment.reset(seed=SEED)[0]]
    observations += [environment.step(codec.to_normalised(command.data))[0] for command in commands]
    environment.close()
    return observations


def test_the_policy_sees_of_the_arm_over_ros_what_training_sees(ros: RosGraph, tmp_path: Path) -> None:
    policy = write_sample_policy(tmp_path / "policy.alam", contract=CONTRACT)
    risks = ros.collect(RiskEstimate, "/alam/risk", RISK)
    applied = ros.collect(Float64MultiArray, "/simulator/applied_command", TRUTH)
    ros.start("policy_node", parameters={"policy": str(policy)}, remappings={"~/action": CONTRACT.action.topic})
    ros.configure_and_activate("/policy")
    ros.wait_for(lambda: ros.node.count_subscribers("/joint_states") and ros.node.count_publishers("/alam/risk"), "the policy")
    parameters = {"environment": "alam/ArmReach-v0", "seed": SEED, "real_time_factor": 0.5}
    simulator = ros.start("simulator_node", parameters=parameters)
    ros.wait_for(lambda: len(risks) >= 40, "forty answers")
    assert simulator.terminate() == 0
    assert any(np.abs(command.data).max() > 0.01 for command in applied), "the policy moves the arm"
    expected, runtime = training_observations(applied), PolicyRuntime.load(policy)
    first = 2 * 0.25 / PERIOD  # the simulator's clock starts at twice the longest timeout
    compared = 0
    for risk in risks:
        step = round((risk.header.stamp.sec + risk.header.stamp.nanosec * 1e-9) / PERIOD - first)
        if step < len(expected):
            _, scores, _ = answer(runtime, expected[step])
            assert risk.cost_value == scores.cost_value, f"step {step}"
            compared += 1
    assert compared >= 20


class Beside:
    """A policy node at work on a simulated arm, and a second publisher on the arm's joint states."""

    def __init__(self, ros: RosGraph, folder: Path) -> None:
        self.ros = ros
        self.other = ros.node.create_publisher(JointState, "/joint_states", SENSOR)
        self._arrays = ros.collect(DiagnosticArray, "/diagnostics", DIAGNOSTICS)
        policy = write_sample_policy(folder / "policy.alam", contract=CONTRACT)
        parameters = {"policy": str(policy)}
        self.process = ros.start("policy_node", parameters=parameters, remappings={"~/action": CONTRACT.action.topic})
        ros.configure_and_activate("/policy")
        ros.wait_for(self.other.get_subscription_count, "the policy on the joint states")
        self._clock = ros.collect(Clock, "/clock", CLOCK)

    def simulate(self) -> None:
        self.ros.start("simulator_node", parameters={"environment": "alam/ArmReach-v0", "seed": SEED})

    def repeat(self, *names: str, publisher: Publisher | None = None) -> Timer:
        """Publish joint states ten times a second by the simulation's clock; best effort, any one of them may be lost."""

        def publish() -> None:
            if self._clock:
                message = JointState(name=names, position=[0.01] * len(names), velocity=[0.0] * len(names))
                message.header.stamp = self._clock[-1].clock
                (publisher or self.other).publish(message)

        return self.ros.node.create_timer(0.1, publish)

    def wait_for(self, summary: str) -> None:
        """Wait for what the diagnostics are to begin with from now on."""
        self._arrays.clear()
        told = lambda: [s.message for array in self._arrays for s in array.status if s.name.startswith("policy")]  # noqa: E731
        self.ros.wait_for(lambda: told() and told()[-1].startswith(summary), f"diagnostics with `{summary}`")


JOINTS = next(channel.joints for channel in CONTRACT.observation if channel.joints)
SECOND_ARM = "several nodes publish on /joint_states: a robot has one of each"


def test_a_gripper_that_has_only_announced_its_joint_states_does_not_stop_the_arm(ros: RosGraph, tmp_path: Path) -> None:
    beside = Beside(ros, tmp_path)
    beside.simulate()
    ros.wait_for(lambda: ros.node.count_publishers("/joint_states") == 2, "both publishers")
    for _ in range(3):
        beside.wait_for("acting")
    gripper = beside.repeat("finger")
    for _ in range(3):
        beside.wait_for("acting")
    gripper.destroy()
    assert SECOND_ARM not in beside.process.output()


def test_a_second_arm_on_its_joint_states_is_told_and_a_gripper_is_not(ros: RosGraph, tmp_path: Path) -> None:
    beside = Beside(ros, tmp_path)
    arm = beside.repeat(*JOINTS)
    beside.simulate()
    beside.wait_for(SECOND_ARM)
    for _ in range(3):  # and not now and then
        beside.wait_for(SECOND_ARM)
    assert f"no action: {SECOND_ARM}" in beside.process.output()
    arm.destroy()
    beside.repeat("finger")
    beside.wait_for("acting")


def test_a_second_arm_beside_a_gripper_is_told(ros: RosGraph, tmp_path: Path) -> None:
    beside = Beside(ros, tmp_path)
    beside.simulate()
    beside.repeat("finger")
    beside.wait_for("acting")
    second = ros.node.create_publisher(JointState, "/joint_states", SENSOR)
    arm = beside.repeat(*JOINTS, publisher=second)
    beside.wait_for(SECOND_ARM)
    arm.destroy()
    ros.node.destroy_publisher(second)
    beside.wait_for("acting")
