"""`alam/Navigation-v0`: physics, sensors, cost, repeatability."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np
import pybullet
import pytest

import alam_sim  # noqa: F401  (registers the environment)
from alam_ros.contract import LaserScanSample, ObservationAssembler, OdometrySample
from alam_ros.contract.rotation import yaw
from alam_ros.errors import SimulatorError
from alam_sim.navigation.config import NavigationConfig
from alam_sim.navigation.environment import NavigationEnv
from alam_sim.navigation.layout import Layout, Mover
from alam_sim.navigation.robot import BODY_RADIUS, OBSTACLE_GROUP

FORWARD = np.array([1.0, 0.0], np.float32)
TURN = np.array([0.0, 1.0], np.float32)


@pytest.fixture
def env() -> Iterator[NavigationEnv]:
    environment = NavigationEnv()
    yield environment
    environment.close()


@pytest.fixture
def open_field() -> Iterator[NavigationEnv]:
    environment = NavigationEnv(arena_half_width=20.0, static_obstacles=0, moving_obstacles=0, lidar_noise=0.0)
    yield environment
    environment.close()


def _odometry(info: dict[str, dict[str, object]]) -> OdometrySample:
    odometry = info["samples"]["odom"]
    assert isinstance(odometry, OdometrySample)
    return odometry


def _scan(info: dict[str, dict[str, object]]) -> LaserScanSample:
    scan = info["samples"]["scan"]
    assert isinstance(scan, LaserScanSample)
    return scan


def _roll(env: NavigationEnv, seed: int, steps: int) -> np.ndarray:
    observation, _ = env.reset(seed=seed)
    actions = np.random.default_rng(seed).uniform(-1, 1, (steps, 2)).astype(np.float32)
    rows = [np.append(observation, [0.0, 0.0])]
    for action in actions:
        observation, reward, _, _, info = env.step(action)
        rows.append(np.append(observation, [reward, info["cost"]]))
    return np.array(rows)


def test_equal_seeds_give_equal_trajectories_whatever_came_before(env: NavigationEnv) -> None:
    first = _roll(env, 3, 150)
    _roll(env, 9, 40)
    assert np.array_equal(first, _roll(env, 3, 150))
    assert not np.array_equal(first, _roll(env, 4, 150))


def test_gymnasium_finds_it_and_its_spaces_fit_the_contract() -> None:
    env = gymnasium.make("alam/Navigation-v0")
    contract = env.unwrapped.contract  # type: ignore[attr-defined]
    assert env.observation_space.shape == (contract.observation_size,)
    assert env.action_space.shape == (contract.action_size,)
    observation, _ = env.reset(seed=0)
    for _ in range(50):
        assert env.observation_space.contains(observation)
        observation, *_ = env.step(env.action_space.sample())
    env.close()


def test_episodes_end_by_truncation_only() -> None:
    env = gymnasium.make("alam/Navigation-v0")
    env.reset(seed=0)
    ends = [env.step(FORWARD)[2:4] for _ in range(400)]
    assert ends[-1] == (False, True)
    assert not any(any(end) for end in ends[:-1])
    env.close()


def test_wheels_reach_the_commanded_velocity_within_the_acceleration_limit(open_field: NavigationEnv) -> None:
    _, info = open_field.reset(seed=0)
    speeds = []
    for _ in range(20):
        *_, info = open_field.step(FORWARD)
        speeds.append(_odometry(info).linear[0])
    limit = open_field.contract.action.components[0]
    assert limit.slew is not None
    assert speeds[0] <= limit.slew * open_field.contract.control_period + 0.02
    assert speeds[-1] == pytest.approx(limit.high, rel=0.05)


def test_turning_follows_rep_103(open_field: NavigationEnv) -> None:
    _, info = open_field.reset(seed=0)
    before = yaw(_odometry(info).orientation)
    for _ in range(5):
        *_, info = open_field.step(TURN)
    after = _odometry(info)
    turned = (yaw(after.orientation) - before + math.pi) % (2 * math.pi) - math.pi
    assert turned > 0.3
    assert after.angular[2] == pytest.approx(2.0, rel=0.1)


def test_the_robot_rests_when_commanded_zero(open_field: NavigationEnv) -> None:
    open_field.reset(seed=0)
    for _ in range(10):
        open_field.step(FORWARD)
    for _ in range(10):
        *_, info = open_field.step(np.zeros(2, np.float32))
    assert abs(_odometry(info).linear[0]) < 0.02


def test_lidar_agrees_with_plane_geometry(env: NavigationEnv) -> None:
    env.reset(seed=5)
    for _ in range(10):
        *_, info = env.step(TURN)
    odometry, scan = _odometry(info), _scan(info)
    obstacles = env._layout.obstacles(env._time)
    x, y, _ = odometry.position
    for index, measured in enumerate(scan.ranges):
        bearing = yaw(odometry.orientation) + scan.angle_min + index * scan.angle_increment
        expected = _ray_length(x, y, bearing, obstacles, env.config.arena_half_width)
        if expected < 2.9:
            assert measured == pytest.approx(expected, abs=6 * env.config.lidar_noise)
        elif expected > 3.1:
            assert measured == np.inf


def _ray_length(x: float, y: float, bearing: float, obstacles: np.ndarray, half: float) -> float:
    """Ray casting against circles and the square of walls, written independently of PyBullet."""
    direction = np.array([math.cos(bearing), math.sin(bearing)])
    lengths = [(math.copysign(half, d) - p) / d for p, d in zip((x, y), direction, strict=True) if abs(d) > 1e-9]
    for cx, cy, radius in obstacles:
        relative = np.array([cx - x, cy - y])
        along = float(relative @ direction)
        offset_squared = float(relative @ relative) - along**2
        if along > 0 and offset_squared < radius**2:
            lengths.append(along - math.sqrt(radius**2 - offset_squared))
    return min(lengths)


def test_clearance_is_the_gap_pybullet_measures(env: NavigationEnv) -> None:
    for seed in range(5):
        _, info = env.reset(seed=seed)
        client, robot = env._client, env._world.robot.body  # type: ignore[union-attr]
        gaps = []
        for body in range(client.getNumBodies()):
            identity = client.getBodyUniqueId(body)
            points = client.getClosestPoints(robot, identity, 10.0, linkIndexA=-1) if identity not in (robot, 0) else ()
            gaps += [point[8] for point in points]
        assert info["clearance"] == pytest.approx(min(gaps), abs=0.02)


def test_cost_is_one_exactly_within_the_safety_distance(env: NavigationEnv) -> None:
    env.reset(seed=1)
    seen = set()
    for _ in range(200):
        *_, info = env.step(FORWARD)
        assert info["cost"] == float(info["clearance"] < env.config.safety_distance)
        seen.add(info["cost"])
    assert seen == {0.0, 1.0}


def test_obstacles_are_solid(env: NavigationEnv) -> None:
    env.reset(seed=1)
    for _ in range(300):
        *_, info = env.step(FORWARD)
        assert info["clearance"] > -0.06


def test_every_episode_starts_where_safety_is_achievable(env: NavigationEnv) -> None:
    for seed in range(40):
        _, info = env.reset(seed=seed)
        assert info["cost"] == 0.0
        assert info["clearance"] >= env.config.start_clearance - 1e-6


def test_static_obstacles_leave_passages() -> None:
    config = NavigationConfig()
    for seed in range(20):
        layout = Layout(config, BODY_RADIUS, np.random.default_rng(seed))
        x, y, radius = layout.static.T
        gaps = np.hypot(x[:, None] - x, y[:, None] - y) - radius[:, None] - radius
        np.fill_diagonal(gaps, np.inf)
        assert gaps.min() >= config.passage
        assert (config.arena_half_width - np.abs(layout.static[:, :2]).max(1) - radius).min() >= config.passage - 1e-9


def test_movers_patrol_at_their_speed() -> None:
    mover = Mover((0.0, 0.0), (2.0, 0.0), speed=0.5, radius=0.2)
    assert mover.position(0.0) == (0.0, 0.0)
    assert mover.position(2.0) == pytest.approx((1.0, 0.0))
    assert mover.position(4.0) == pytest.approx((2.0, 0.0))
    assert mover.position(6.0) == pytest.approx((1.0, 0.0))
    assert mover.position(8.0) == pytest.approx((0.0, 0.0))


def test_reward_is_progress_and_the_goal_bonus(open_field: NavigationEnv) -> None:
    _, info = open_field.reset(seed=2)
    start = math.dist(_odometry(info).position[:2], open_field._goal)
    total = 0.0
    while info["goals_reached"] == 0:
        bearing = math.atan2(*(np.array(open_field._goal) - _odometry(info).position[:2])[::-1]) - yaw(
            _odometry(info).orientation
        )
        bearing = (bearing + math.pi) % (2 * math.pi) - math.pi
        _, reward, _, _, info = open_field.step(
            np.array([0.5 if abs(bearing) < 0.5 else 0.0, np.clip(bearing, -1, 1)], np.float32)
        )
        total += reward
    config = open_field.config
    arrived = start - (total - config.goal_reward) / config.progress_reward
    assert 0.0 <= arrived < config.goal_radius


def test_observation_is_what_the_assembler_makes_of_the_samples(env: NavigationEnv) -> None:
    observation, info = env.reset(seed=4)
    assembler = ObservationAssembler(env.contract)
    for _ in range(20):
        for topic, sample in info["samples"].items():
            assembler.update(topic, sample)
        assert np.array_equal(assembler.advance(), observation)
        observation, *_, info = env.step(env.action_space.sample())


def test_lidar_sees_the_bodies_that_the_physics_knows(env: NavigationEnv) -> None:
    differences = []
    for seed in range(5):
        env.reset(seed=seed)
        for _ in range(10):
            env.step(FORWARD)
        assert env._world is not None
        odometry, far = env._world.robot.odometry(), 3.0
        x, y, _ = odometry.position
        bearings = yaw(odometry.orientation) + np.linspace(-math.pi, math.pi, 36, endpoint=False)
        ends = [(x + far * math.cos(bearing), y + far * math.sin(bearing), 0.2) for bearing in bearings]
        hits = env._client.rayTestBatch([(x, y, 0.2)] * len(ends), ends, collisionFilterMask=OBSTACLE_GROUP)
        ours = env._layout.ranges(x, y, bearings, env._layout.obstacles(env._time))
        differences += list(np.abs(np.minimum(ours, far) - far * np.array([hit[2] for hit in hits])))
    # PyBullet's rays meet cylinders to some millimetres, and miss some that they graze.
    assert np.median(differences) < 1e-3
    assert np.quantile(differences, 0.98) < 0.02


def test_picture_shows_the_arena() -> None:
    env = NavigationEnv(render_mode="rgb_array")
    env.reset(seed=0)
    picture = env.render()
    assert picture is not None
    assert picture.shape == (480, 480, 3)
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 10
    env.close()


def test_rays_ignore_the_robot_itself(env: NavigationEnv) -> None:
    env.reset(seed=0)
    scan = _scan(env.step(FORWARD)[4])
    assert scan.ranges.min() > BODY_RADIUS


def test_stepping_before_reset_says_what_to_do(env: NavigationEnv) -> None:
    with pytest.raises(SimulatorError, match="call reset"):
        env.step(FORWARD)


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        ({"static_obstacles": 60}, "fewer obstacles"),
        ({"arena_half_width": 1.5}, "a wider arena"),
    ],  # the latter: no way for a mover
)
def test_an_impossible_map_is_refused_rather_than_searched_for_ever(given: dict[str, float], remedy: str) -> None:
    env = NavigationEnv(**given)
    with pytest.raises(SimulatorError, match=remedy):
        env.reset(seed=0)
    env.close()


def test_nothing_is_written_to_the_terminal() -> None:
    code = "import alam_sim, gymnasium; e = gymnasium.make('alam/Navigation-v0'); e.reset(seed=0); e.close()"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout + run.stderr == ""


def test_who_looks_on_changes_nothing() -> None:
    seen, unseen = (gymnasium.make("alam/Navigation-v0", render_mode=mode) for mode in ("rgb_array", None))
    np.testing.assert_array_equal(seen.reset(seed=4)[0], unseen.reset(seed=4)[0])
    for action in np.random.default_rng(4).uniform(-1.0, 1.0, (60, 2)).astype(np.float32):
        np.testing.assert_array_equal(seen.step(action)[0], unseen.step(action)[0])


@pytest.mark.parametrize(
    "given",
    [
        {"goal_spacing": 0.0},
        {"lidar_noise": -1.0},
        {"static_radius": (0.4, 0.2)},
        {"arena_half_width": math.inf},
        {"moving_obstacles": "abc"},
        {"moving_obstacles": 1.5},
        {"mover_speed": [0.1]},
    ],
)
def test_numbers_without_meaning_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(SimulatorError, match=next(iter(given))):
        NavigationEnv(**given)


def test_closing_twice_leaves_the_next_world_alone() -> None:
    first = NavigationEnv()
    first.reset(seed=0)
    first.close()
    second = NavigationEnv()  # PyBullet gives it the number of the first
    second.reset(seed=0)
    first.close()
    second.step(FORWARD)
    with pytest.raises(pybullet.error):
        first.step(FORWARD)
    second.close()


@pytest.mark.parametrize(
    "given", [{"static_radius": [0.1, 0.2]}, {"moving_obstacles": np.int64(1)}, {"passage": np.float32(0.5)}]
)
def test_lists_as_yaml_gives_them_and_numbers_of_numpy_are_taken(given: dict[str, Any]) -> None:
    NavigationEnv(**given).close()
