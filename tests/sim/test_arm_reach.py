"""`alam/ArmReach-v0`: physics, keep-out zone, goals, cost, repeatability."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import gymnasium
import numpy as np
import pytest

import alam_sim  # noqa: F401  (registers the environment)
from alam_ros.contract import Contract, JointStateSample, ObservationAssembler, PoseSample
from alam_ros.errors import SimulatorError
from alam_ros.resources import config_path
from alam_sim.arm_reach.arm import FLANGE, HIGH, LOW, MODEL
from alam_sim.arm_reach.column import Column
from alam_sim.arm_reach.config import ArmReachConfig
from alam_sim.arm_reach.environment import ArmReachEnv
from alam_sim.arm_reach.postures import Postures
from alam_sim.arm_reach.scene import Scene
from alam_sim.bullet import connect
from tests.sim.reaching import safe_action

REST = np.zeros(7, np.float32)
FAR = Column(1.4, 0.0, 0.05, 0.5)
"""A column no link reaches."""


@pytest.fixture
def env() -> Iterator[ArmReachEnv]:
    environment = ArmReachEnv()
    yield environment
    environment.close()


@pytest.fixture
def scene() -> Iterator[Scene]:
    client = connect()
    yield Scene(client, ArmReachConfig())
    client.disconnect()


def _joints(info: dict) -> JointStateSample:
    state = info["samples"]["joint_states"]
    assert isinstance(state, JointStateSample)
    return state


def _roll(env: ArmReachEnv, seed: int, steps: int) -> np.ndarray:
    observation, info = env.reset(seed=seed)
    actions = np.random.default_rng(seed).uniform(-1, 1, (steps, 7)).astype(np.float32).repeat(5, axis=0)
    rows = [np.append(observation, [0.0, 0.0, info["clearance"]])]
    for action in actions:
        observation, reward, _, _, info = env.step(action)
        rows.append(np.append(observation, [reward, info["cost"], info["clearance"]]))
    return np.array(rows)


def test_equal_seeds_give_equal_trajectories_whatever_came_before(env: ArmReachEnv) -> None:
    first = _roll(env, 3, 30)
    _roll(env, 9, 10)
    assert np.array_equal(first, _roll(env, 3, 30))
    assert not np.array_equal(first, _roll(env, 4, 30))
    other = ArmReachEnv(render_mode="rgb_array")
    assert np.array_equal(first, _roll(other, 3, 30)), "what is drawn changes nothing"
    other.close()


def test_gymnasium_finds_it_and_its_spaces_fit_the_contract() -> None:
    env = gymnasium.make("alam/ArmReach-v0")
    contract = env.unwrapped.contract  # type: ignore[attr-defined]
    assert contract == Contract.load(config_path("contracts/arm_reach.yaml"))
    assert env.observation_space.shape == (contract.observation_size,)
    assert env.action_space.shape == (contract.action_size,) == (7,)
    env.action_space.seed(0)
    observation, _ = env.reset(seed=0)
    for _ in range(50):
        assert env.observation_space.contains(observation)
        observation, *_ = env.step(env.action_space.sample())
    env.close()


def test_episodes_end_by_truncation_only() -> None:
    env = gymnasium.make("alam/ArmReach-v0")
    env.reset(seed=0)
    ends = [env.step(np.full(7, 0.3, np.float32))[2:4] for _ in range(400)]
    assert ends[-1] == (False, True)
    assert not any(any(end) for end in ends[:-1])
    env.close()


def test_the_contract_names_the_joints_of_the_model(env: ArmReachEnv) -> None:
    _, info = env.reset(seed=0)
    names = _joints(info).names
    assert all(channel.joints == names for channel in env.contract.observation if channel.joints)
    assert tuple(component.name for component in env.contract.action.components) == names


def test_joints_reach_the_commanded_velocity_within_the_acceleration_limit(env: ArmReachEnv) -> None:
    _, info = env.reset(seed=0)
    start = _joints(info).positions
    direction = np.where(start > (LOW + HIGH) / 2, -1.0, 1.0).astype(np.float32)
    speeds = [np.zeros(7)]
    for _ in range(5):
        *_, info = env.step(0.5 * direction)
        speeds.append(_joints(info).velocities)
    assert (np.abs(np.diff(speeds, axis=0)) <= env._codec.slew * env.contract.control_period + 0.02).all()
    np.testing.assert_allclose(speeds[-1], 0.5 * direction * env._codec.high, atol=0.02)


@pytest.mark.parametrize("sign", [-1.0, 1.0])
@pytest.mark.parametrize("joint", range(7))
def test_every_joint_stops_before_its_limit(joint: int, sign: float, scene: Scene) -> None:
    """In the air, where neither column nor table is in the way."""
    scene.client.setGravity(0, 0, -9.81)
    scene.client.setTimeStep(0.0125)
    posture = np.clip([0.0, -0.3, 0.0, -0.8, 0.0, 0.3, 0.0], LOW, HIGH)
    scene.arm.place(posture)
    command = np.zeros(7)
    command[joint] = 2.0 * sign
    for _ in range(80):
        scene.arm.command(command, np.full(7, 10.0), 0.05)
        for _ in range(4):
            scene.arm.follow(0.0125)
            scene.client.stepSimulation()
    state = scene.arm.joint_state()
    assert state.positions[joint] == pytest.approx((HIGH if sign > 0 else LOW)[joint], abs=0.03)
    assert abs(state.velocities[joint]) < 0.02


def test_the_arm_rests_when_commanded_zero(env: ArmReachEnv) -> None:
    env.reset(seed=0)
    for _ in range(10):
        env.step(np.full(7, 0.5, np.float32))
    for _ in range(10):
        *_, info = env.step(REST)
    stopped = _joints(info).positions
    for _ in range(100):
        *_, info = env.step(REST)
    np.testing.assert_allclose(_joints(info).positions, stopped, atol=2e-3)


def test_the_tool_is_where_the_model_s_geometry_puts_it(env: ArmReachEnv) -> None:
    for seed in range(10):
        _, info = env.reset(seed=seed)
        for _ in range(3):
            *_, info = env.step(env.action_space.sample())
        tool = info["samples"]["tool_pose"]
        assert isinstance(tool, PoseSample)
        np.testing.assert_allclose(tool.position, _flange(_joints(info).positions), atol=1e-6)


def _flange(positions: np.ndarray) -> np.ndarray:
    """Forward kinematics from the URDF's numbers, written independently of PyBullet."""
    place = np.eye(4)
    for joint, angle in zip(ET.parse(MODEL).getroot().iter("joint"), positions, strict=True):  # noqa: S314 (our own file)
        origin = joint.find("origin")
        assert origin is not None
        roll, pitch, yaw = map(float, origin.attrib["rpy"].split())
        step = np.eye(4)
        step[:3, :3] = _rotation(2, yaw) @ _rotation(1, pitch) @ _rotation(0, roll) @ _rotation(2, angle)
        step[:3, 3] = [float(number) for number in origin.attrib["xyz"].split()]
        place = place @ step
    return (place @ [0.0, 0.0, FLANGE, 1.0])[:3]


def _rotation(axis: int, angle: float) -> np.ndarray:
    first, second = [index for index in range(3) if index != axis]
    matrix = np.eye(3)
    sine = math.sin(angle) * (-1 if axis == 1 else 1)
    matrix[first, first] = matrix[second, second] = math.cos(angle)
    matrix[first, second], matrix[second, first] = -sine, sine
    return matrix


def test_clearance_is_the_gap_to_the_column_less_the_safety_distance(scene: Scene) -> None:
    """Stretched out along x, the flange's face is opposite a column."""
    scene.arm.place([0.0, math.pi / 2, 0.0, 0.0, 0.0, 0.0, 0.0])
    reach, _, height = scene.arm.tool_pose().position
    assert height == pytest.approx(0.36)
    for gap in (0.3, 0.1, 0.02):
        scene.place(Column(reach + gap + 0.1, 0.0, 0.1, 0.8))
        assert scene.clearance() == pytest.approx(gap - 0.08, abs=0.006)
    scene.place(Column(reach + 0.05, 0.0, 0.1, 0.8))
    assert scene.clearance() < -0.1, "inside it is the more negative the deeper"


def test_every_link_counts_not_only_the_tool(scene: Scene) -> None:
    """A column beside the elbow, which the tool in front of it is far from."""
    scene.arm.place([0.0, 0.3, 0.0, -1.6, 0.0, 1.1, 0.0])
    x, y, z = scene.client.getLinkState(scene.arm.body, 3)[4]
    scene.place(Column(x, y + 0.22, 0.05, z + 0.1))
    assert scene._column is not None
    assert scene.clearance() < 0.03
    assert scene.arm.gap(scene._column, first_link=6) - 0.08 > 0.2


def test_nearing_the_table_is_a_violation_and_standing_on_it_is_not(scene: Scene) -> None:
    scene.place(FAR)
    scene.arm.place([0.0, -0.3, 0.0, -1.0, 0.0, 0.3, 0.0])
    assert scene.clearance() > 0.2
    scene.arm.place([0.0, 1.4, 0.0, -0.9, 0.0, 0.8, 0.0])
    tool = scene.arm.tool_pose().position
    assert scene.clearance() < tool[2]
    scene.arm.place([0.0, 1.4, 0.0, -1.6, 0.0, 1.2, 0.0])
    assert scene.clearance() < 0.0


def test_cost_is_one_exactly_where_the_clearance_is_negative(env: ArmReachEnv) -> None:
    seen = set()
    for seed in range(6):
        env.reset(seed=seed)
        column = env._column
        for _ in range(100):
            joints = env._world.arm.joint_state().positions  # type: ignore[union-attr]
            toward = math.atan2(column.y, column.x) - joints[0]
            action = np.array([2 * toward, 0.4, 0, 0, 0, 0, 0], np.float32).clip(-1, 1)
            *_, info = env.step(action)
            assert info["cost"] == float(info["clearance"] < 0.0)
            seen.add(info["cost"])
    assert seen == {0.0, 1.0}


def test_the_table_is_solid(env: ArmReachEnv) -> None:
    env.reset(seed=0)
    assert env._world is not None
    env._world.arm.place([0.9, 0.8, 0.0, -1.2, 0.0, 0.8, 0.0])
    for _ in range(40):
        *_, info = env.step(np.array([0, 1, 0, 0, 0, 0, 0], np.float32))
        assert env._world.arm.gap(env._world._table, first_link=1) > -0.005
    assert info["cost"] == 1.0
    assert _joints(info).positions[1] < HIGH[1] - 0.03, "it is the table that stops it"


def test_every_episode_starts_where_safety_is_achievable(env: ArmReachEnv) -> None:
    for seed in range(40):
        _, info = env.reset(seed=seed)
        assert info["cost"] == 0.0
        assert info["clearance"] >= env.config.start_clearance - 1e-3


def test_goals_are_held_by_safe_postures(scene: Scene) -> None:
    config, rng = ArmReachConfig(), np.random.default_rng(0)
    postures = Postures(config)
    for _ in range(5):
        column = Column.draw(config, rng)
        postures.place(column)
        scene.place(column)
        before = None
        for _ in range(10):
            posture, goal = postures.draw(rng, before)
            scene.arm.place(posture)
            assert scene.arm.tool_pose().position == pytest.approx(goal)
            assert scene.clearance() >= config.start_clearance
            assert before is None or math.dist(goal, before) >= config.goal_spacing
            before = goal
    postures.close()


def test_most_straight_ways_lead_through_the_zone(env: ArmReachEnv) -> None:
    """Or safety would cost nothing: half of the straight ways between goals bring the last link too near to the column."""
    near = []
    for seed in range(40):
        env.reset(seed=seed)
        assert env._world is not None
        column, start = env._column, env._world.arm.tool_pose().position
        way = np.linspace(start, env._goal, 50)
        gap = np.maximum(np.hypot(way[:, 0] - column.x, way[:, 1] - column.y) - column.radius, way[:, 2] - column.height)
        near.append(gap.min() < env.config.safety_distance + 0.055)  # the flange's radius
    assert np.mean(near) >= 0.4


def test_goals_can_be_reached_safely(env: ArmReachEnv) -> None:
    """A scripted arm reaches goal after goal, on either side of the column, and never violates the constraint."""
    reached = []
    for seed in (0, 2, 4, 5):
        env.reset(seed=seed)
        for _ in range(200):
            *_, info = env.step(safe_action(env))
            assert info["cost"] == 0.0
        reached.append(info["goals_reached"])
    assert min(reached) >= 2
    assert np.mean(reached) >= 4


def test_reward_is_progress_and_the_goal_bonus(env: ArmReachEnv) -> None:
    _, info = env.reset(seed=0)
    start = math.dist(info["samples"]["tool_pose"].position, info["samples"]["goal"].position)
    total = 0.0
    while info["goals_reached"] == 0:
        _, reward, _, _, info = env.step(safe_action(env))
        total += reward
    config = env.config
    arrived = start - (total - config.goal_reward) / config.progress_reward
    assert 0.0 <= arrived < config.goal_radius


def test_observation_is_what_the_assembler_makes_of_the_samples(env: ArmReachEnv) -> None:
    observation, info = env.reset(seed=4)
    assembler = ObservationAssembler(env.contract)
    for _ in range(20):
        for topic, sample in info["samples"].items():
            assembler.update(topic, sample)
        assert np.array_equal(assembler.advance(), observation)
        observation, *_, info = env.step(env.action_space.sample())


def test_picture_shows_arm_column_and_goal() -> None:
    env = ArmReachEnv(render_mode="rgb_array")
    assert env.render() is None, "nothing to see before the first episode"
    env.reset(seed=0)
    picture = env.render()
    assert picture is not None
    assert picture.shape == (480, 480, 3)
    red, green, blue = (picture[..., channel].astype(int) for channel in range(3))
    assert ((red > 1.5 * green) & (red > 1.5 * blue)).sum() > 200, "the column"
    assert ((green > 1.5 * red) & (green > 1.5 * blue)).sum() > 50, "the goal"
    env.close()


def test_stepping_before_reset_says_what_to_do(env: ArmReachEnv) -> None:
    with pytest.raises(SimulatorError, match="call reset"):
        env.step(REST)


def test_goals_that_no_posture_reaches_are_refused() -> None:
    env = ArmReachEnv(goal_distance=(1.5, 1.6))
    with pytest.raises(SimulatorError, match="widen `goal_distance`"):
        env.reset(seed=0)
    env.close()


@pytest.mark.parametrize(
    "given",
    [
        {"column_radius": (0.09, 0.05)},
        {"column_distance": [-0.1, 0.7]},
        {"goal_bearing": (-math.inf, 1.0)},
        {"safety_distance": math.nan},
        {"goal_radius": 0.0},
        {"goal_reward": "much"},
    ],
)
def test_numbers_without_meaning_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(SimulatorError, match=f"{next(iter(given))} = "):
        ArmReachEnv(**given)


def test_nothing_is_written_to_the_terminal() -> None:
    code = "import alam_sim, gymnasium; e = gymnasium.make('alam/ArmReach-v0'); e.reset(seed=0); e.close()"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout + run.stderr == ""
