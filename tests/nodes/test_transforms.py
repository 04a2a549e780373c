"""Goals on a map, over real ROS: the policy node sees them through TF, where it is installed."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from alam_ros.contract import Contract, ObservationAssembler
from alam_ros.runtime import PolicyRuntime
from tests.contract.samples import goal, odometry, scan
from tests.support.policies import answer, navigation_contract, write_sample_policy
from tests.support.ros import RosGraph

pytest.importorskip("tf2_msgs", reason="transforms need tf2_msgs, which a ROS installation brings")

from alam_ros.msg import RiskEstimate  # isort: skip
from alam_ros.nodes.qos import RISK  # isort: skip
from alam_ros.nodes.transforms import MOVING, STATIC, TRANSFORM_TOPICS, transform_type  # isort: skip
from geometry_msgs.msg import TransformStamped  # isort: skip
from rclpy.time import Time  # isort: skip
from tests.nodes.driver import SensorDriver  # isort: skip


def map_contract() -> Contract:
    contract = navigation_contract()
    channels = (replace(channel, frame="map") if channel.name == "goal" else channel for channel in contract.observation)
    return replace(contract, observation=tuple(channels))


def test_a_goal_on_the_map_is_seen_through_transforms_that_were_broadcast(ros: RosGraph, tmp_path: Path) -> None:
    policy, robot = write_sample_policy(tmp_path / "policy.alam"), tmp_path / "robot.yaml"
    robot.write_text(yaml.safe_dump(map_contract().to_mapping()))
    kind = transform_type(map_contract())
    assert kind is not None
    transforms = ros.node.create_publisher(kind, STATIC, TRANSFORM_TOPICS[STATIC])
    shift = TransformStamped(child_frame_id="odom")
    shift.header.frame_id, shift.transform.translation.x = "map", 3.0
    transforms.publish(kind(transforms=[shift]))  # latched: the node comes later

    ros.start("policy_node", parameters={"policy": str(policy), "robot": str(robot)})
    risks: list[RiskEstimate] = ros.collect(RiskEstimate, "/alam/risk", RISK)
    ros.configure_and_activate("/policy")
    driver = SensorDriver(ros, map_contract())
    samples: dict[str, Any] = {"scan": scan(), "odom": odometry(x=0.5), "goal": goal(5.0, frame="map")}
    driver.connect(samples, lambda: risks)
    risk = driver.answer(risks, driver.publish(0, samples))

    assembler, runtime = ObservationAssembler(navigation_contract()), PolicyRuntime.load(policy)
    for topic, sample in (samples | {"goal": goal(2.0)}).items():
        assembler.update(topic, sample)
    observation = assembler.advance()
    assert risk.cost_value == answer(runtime, observation)[1].cost_value


def test_by_transforms_of_two_robots_nothing_is_done(ros: RosGraph, tmp_path: Path) -> None:
    policy, robot = write_sample_policy(tmp_path / "policy.alam"), tmp_path / "robot.yaml"
    robot.write_text(yaml.safe_dump(map_contract().to_mapping()))
    kind = transform_type(map_contract())
    assert kind is not None
    process = ros.start("policy_node", parameters={"policy": str(policy), "robot": str(robot)})
    risks: list[RiskEstimate] = ros.collect(RiskEstimate, "/alam/risk", RISK)
    ros.configure_and_activate("/policy")
    driver, steps = SensorDriver(ros, map_contract()), itertools.count()
    robots = [ros.node.create_publisher(kind, MOVING, TRANSFORM_TOPICS[MOVING]) for _ in range(2)]

    def broadcast(robot: int) -> None:
        transform = TransformStamped(child_frame_id="odom")
        transform.header.frame_id, transform.transform.translation.x = "map", 5.0 * robot
        robots[robot].publish(kind(transforms=[transform]))

    def drive(*present: int) -> Any:
        for robot in present:
            broadcast(robot)
        return driver.publish(next(steps), {"scan": scan(), "odom": odometry(x=0.5), "goal": goal(5.0, frame="map")})

    ros.wait_for(lambda: (drive(0), risks)[1], "a risk by one robot's transforms")
    expected = "no action: several nodes publish on /tf of `odom`: a robot has one of each"
    ros.wait_for(lambda: (drive(0, 1), expected in process.output())[1], "the second robot to be noticed")
    late = drive(0, 1)
    for _ in range(20):
        drive(0, 1)
        ros.spin_once()
    assert all(Time.from_msg(risk.header.stamp) < Time.from_msg(late) for risk in risks)
    ros.node.destroy_publisher(robots[1])
    ros.wait_for(lambda: (drive(0), Time.from_msg(risks[-1].header.stamp) > Time.from_msg(late))[1], "the first robot alone")
