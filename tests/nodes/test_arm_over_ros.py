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
from alam_ros.nodes.qos import DIAGNOSTICS, RISK, SENSOR, TRUTH  # isort: skip
from diagnostic_msgs.msg import DiagnosticArray  # isort: skip
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


def test_a_second_arm_on_its_joint_states_is_told_and_a_gripper_is_not(ros: RosGraph, tmp_path: Path) -> None:
    policy = write_sample_policy(tmp_path / "policy.alam", contract=CONTRACT)
    arrays = ros.collect(DiagnosticArray, "/diagnostics", DIAGNOSTICS)
    other = ros.node.create_publisher(JointState, "/joint_states", SENSOR)
    ros.start("policy_node", parameters={"policy": str(policy)}, remappings={"~/action": CONTRACT.action.topic})
    ros.configure_and_activate("/policy")
    ros.start("simulator_node", parameters={"environment": "alam/ArmReach-v0", "seed": SEED})
    told = "several nodes publish on /joint_states: a robot has one of each"

    def last_summary() -> str:
        summaries = [status.message for array in arrays for status in array.status if status.name.startswith("policy")]
        return summaries[-1] if summaries else ""

    ros.wait_for(lambda: last_summary() == told, "the second publisher in the diagnostics")
    finger = JointState(name=["finger"], position=[0.01], velocity=[0.0])
    ros.node.create_timer(0.1, lambda: other.publish(finger))  # best effort: any one of them may be lost
    ros.wait_for(lambda: last_summary().startswith("acting"), "the gripper to be accepted")
