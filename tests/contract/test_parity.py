"""What the robot's path assembles is what training saw, bit for bit, for every example in config/contracts.

An episode of the task is played at the robot's path as a robot would: as messages that went over the wire, by the robot's own
topics, frames, joint order and layout of beams, arriving late and in any order.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import gymnasium
import numpy as np
import pytest

import alam_sim  # noqa: F401  registers the environments
from alam_ros.contract import Contract, ControlTick, JointStateSample, LaserScanSample, Sample
from alam_ros.onboard.observations import ObservationStream
from alam_ros.resources import config_path
from tests.support import ros as _  # noqa: F401  skips the module where ROS is absent
from tests.support.simulators import needs_safety_gymnasium

from alam_ros.nodes.conversions import sample_message  # isort: skip
from alam_ros.nodes.stamps import time_message  # isort: skip
from rclpy.serialization import deserialize_message, serialize_message  # isort: skip

STEPS = 80
START_NS = 1_700_000_000_123_456_789
Robot = Callable[[Mapping[str, Sample]], dict[str, Sample]]


@dataclass(frozen=True)
class Example:
    """A contract that comes with the package, the task it was trained in, and the robot that stands for the simulator.

    Attributes:
        robot: samples of the simulator by its topics → those that the robot's own sensors would give, by the contract's.
    """

    contract: str
    environment: str
    robot: Robot
    options: tuple[tuple[str, Any], ...] = ()


def as_it_is(samples: Mapping[str, Sample]) -> dict[str, Sample]:
    return dict(samples)


def turtlebot(samples: Mapping[str, Sample]) -> dict[str, Sample]:
    """Return a lidar of 360 beams that turns clockwise, mounted turned by a quarter, with limits, gaps and no returns."""
    scan = samples["scan"]
    assert isinstance(scan, LaserScanSample)
    width = scan.angle_increment
    fine = width / 10
    ranges = np.repeat(np.minimum(scan.ranges + 1.0, 20.0), 10)
    ranges[5::10] = scan.ranges  # of ten beams in a sector, the one in its middle sees what is nearest
    ranges[::10], ranges[1::10] = np.nan, 0.0
    # The sector's beams lie half a sector to either side of its centre; the sensor's zero points to the left.
    first = scan.angle_min - width / 2 + fine / 2 - math.pi / 2
    last = first + fine * (ranges.size - 1)
    mounted = LaserScanSample(ranges[::-1].copy(), last, -fine, "rplidar_link", 0.05, 12.0)
    return {"scan": mounted, "odom": samples["odom"], "goal_pose": samples["goal"]}


def shuffled_joints(samples: Mapping[str, Sample]) -> dict[str, Sample]:
    """Return joint states in another order, with a gripper among them."""
    states = samples["joint_states"]
    assert isinstance(states, JointStateSample)
    order = [3, 0, 6, 1, 5, 2, 4]
    names = ("finger", *(states.names[index] for index in order))
    positions, velocities = (np.array([0.02, *values[order]]) for values in (states.positions, states.velocities))
    return {**samples, "joint_states": JointStateSample(names, positions, velocities)}


EXAMPLES = [
    pytest.param(Example("navigation", "alam/Navigation-v0", as_it_is), id="navigation"),
    pytest.param(Example("turtlebot", "alam/Navigation-v0", turtlebot), id="turtlebot"),
    pytest.param(Example("arm_reach", "alam/ArmReach-v0", shuffled_joints), id="arm_reach"),
    pytest.param(
        Example("point_goal", "alam/SafetyPointGoal1-v0", as_it_is, (("interface", "robot"),)),
        marks=needs_safety_gymnasium,
        id="point_goal",
    ),
]


class RobotPath:
    """Messages over the wire → observations, as in the policy node."""

    def __init__(self, contract: Contract, seed: int) -> None:
        self._contract = contract
        self._kinds = dict(contract.topics())
        self._latched = {channel.topic for channel in contract.observation if channel.timeout is None}
        self._known: dict[str, Any] = {}
        self._stream = ObservationStream(contract)
        self._generator = np.random.default_rng(seed)
        self.ticks: list[ControlTick] = []
        self.stamps: list[int] = []

    def take(self, step: int, samples: Mapping[str, Sample]) -> None:
        """Let a step's messages arrive in any order, each some milliseconds late; a latched one only when it is new."""
        period = self._contract.control_period
        stamp_ns = START_NS + round(step * period * 1e9)
        messages = {topic: sample_message(samples[topic], time_message(stamp_ns)) for topic in self._kinds}
        new = [topic for topic in messages if topic in self._latched and self._is_new(topic, samples[topic])]
        moving = [topic for topic in messages if topic not in self._latched]
        late = 0.0
        for topic in (*new, *self._generator.permutation(moving)):
            late += self._generator.uniform(0.0, 0.02) * period
            now = step * period + late
            ros_ns = partial(int, stamp_ns + round(late * 1e9))
            data, library = serialize_message(messages[topic]), partial(deserialize_message, message_type=type(messages[topic]))
            self._stream.receive_serialised(topic, self._kinds[topic], data, received=now, now_ns=ros_ns, library=library)
            while (tick := self._stream.poll(now)) is not None:
                self.ticks.append(tick)
                self.stamps.append(self._stream.stamp_ns(tick))

    def _is_new(self, topic: str, sample: Sample) -> bool:
        content = sample_message(sample, time_message(0))
        is_new = self._known.get(topic) != content
        self._known[topic] = content
        return is_new


def episode(example: Example) -> Iterator[tuple[np.ndarray, dict[str, Any]]]:
    """Yield observation and info of training's steps, with actions that change every few of them."""
    environment = gymnasium.make(example.environment, max_episode_steps=-1, **dict(example.options))
    try:
        generator = np.random.default_rng(7)
        yield environment.reset(seed=7)
        for step in itertools.count():
            if step % 5 == 0:
                action = generator.uniform(-1.0, 1.0, environment.action_space.shape).astype(np.float32)
            observation, _, terminated, _, info = environment.step(action)
            assert not terminated
            yield observation, info
    finally:
        environment.close()


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_robot_assembles_what_training_saw(example: Example) -> None:
    contract = Contract.load(config_path(f"contracts/{example.contract}.yaml"))
    path = RobotPath(contract, seed=3)
    seen = []
    for step, (observation, info) in enumerate(itertools.islice(episode(example), STEPS)):
        seen.append(observation)
        path.take(step, example.robot(info["samples"]))
    assert len(path.ticks) == STEPS
    assert all(tick.unpaired == () for tick in path.ticks)
    np.testing.assert_array_equal(np.array([tick.observation for tick in path.ticks]), np.array(seen))
    assert np.ptp(np.array(seen), axis=0).max() > 0.1, "something happened"


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_example_is_the_contract_of_its_task(example: Example) -> None:
    contract = Contract.load(config_path(f"contracts/{example.contract}.yaml"))
    environment = gymnasium.make(example.environment, **dict(example.options))
    trained: Contract = environment.unwrapped.contract
    environment.close()
    assert trained.differences(contract) == ()
    if example.robot is not turtlebot:
        assert replace(trained, name=contract.name) == contract


def test_every_example_is_held_against_its_task() -> None:
    held = {parameter.values[0].contract for parameter in EXAMPLES}
    assert held == {path.stem for path in config_path("contracts/navigation.yaml").parent.glob("*.yaml")}
