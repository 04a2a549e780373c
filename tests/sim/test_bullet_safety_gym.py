"""Bullet-Safety-Gym behind our interface: real tasks, real PyBullet."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

import alam_sim  # noqa: F401 (registers the environments)
from alam_ros.contract import ActionCodec, Contract, ObservationAssembler
from alam_ros.errors import SimulatorError
from alam_ros.learning.stepper import EnvironmentStepper
from alam_sim.bullet_safety_gym.tasks import BODIES, TASKS
from alam_sim.cast_warnings import cast_warnings_off
from alam_sim.global_generators import GlobalGenerators
from alam_sim.vector import make_vector
from tests.support.simulators import needs_bullet_safety_gym

pytestmark = needs_bullet_safety_gym

# name, control period (s), actions that meet a violation within an episode
TASKS_TRIED = [
    ("SafetyBallRun-v0", 1 / 30, [1.0, 0.0]),
    ("SafetyCarRun-v0", 1 / 30, [1.0, 0.0]),
    ("SafetyBallCircle-v0", 0.1, [1.0, 0.0]),
    ("SafetyCarCircle-v0", 0.1, [1.0, 0.3]),
]
NAMES = [name for name, _, _ in TASKS_TRIED]
# Exactly as in the package; its moving boxes, which Ball, Ant and Drone meet in Reach, follow the clock on the wall there.
UNMOVED = [name for name in TASKS if not name.endswith("Reach-v0") or "Car" in name]


def make(name: str, **options: Any) -> gymnasium.Env[Any, Any]:
    return gymnasium.make(f"alam/{name}", **options)


def global_state() -> tuple[object, ...]:
    name, keys, *rest = np.random.get_state()  # noqa: NPY002
    return random.getstate(), name, keys.tobytes(), *rest


def random_actions(environment: gymnasium.Env[Any, Any], seed: int, steps: int) -> np.ndarray:
    size = environment.action_space.shape[0]
    return np.random.default_rng(seed).uniform(-1.0, 1.0, (steps, size)).astype(np.float32)


class Roller:
    """One environment, driven with random actions of its own, episode after episode."""

    def __init__(self, name: str, seed: int) -> None:
        self.environment = make(name)
        self.actions = np.random.default_rng(1)
        self.rows = [self.environment.reset(seed=seed)[0]]

    def step(self) -> None:
        action = self.actions.uniform(-1.0, 1.0, self.environment.action_space.shape).astype(np.float32)
        observation, reward, terminated, truncated, info = self.environment.step(action)
        self.rows.append(np.append(observation, [reward, info["cost"], info["clearance"]]))
        if terminated or truncated:
            self.rows.append(self.environment.reset()[0])

    def run(self, steps: int) -> Roller:
        for _ in range(steps):
            self.step()
        return self


def equal(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return len(one) == len(other) and all(map(np.array_equal, one, other))


@pytest.mark.parametrize("name", TASKS)
def test_a_thousand_steps_fit_the_contract_and_leave_the_global_generators_alone(name: str):
    before = global_state()
    environment = make(name)
    contract: Contract = environment.unwrapped.contract
    assert Contract.from_mapping(contract.to_mapping()) == contract
    observation, info = environment.reset(seed=3)
    for action in random_actions(environment, 0, 1000):
        assert observation.shape == (contract.observation_size,)
        assert observation in environment.observation_space
        assert np.isfinite(observation).all()
        assert np.isfinite(info["clearance"])
        assert info["cost"] in {0.0, 1.0}
        observation, reward, terminated, truncated, info = environment.step(action)
        assert type(reward) is float
        assert np.isfinite(reward)
        if terminated or truncated:
            observation, info = environment.reset()
    environment.close()
    assert global_state() == before


@pytest.mark.parametrize("name", UNMOVED)
def test_trajectories_are_those_of_the_unchanged_package_to_the_last_bit(name: str):
    ours = make(name, disable_env_checker=True).unwrapped
    codec = ActionCodec(ours.contract.action)
    ours.reset(seed=8)
    ours.step(ours.action_space.sample())  # what came before must not matter
    observations = [ours.reset(seed=4)[0]]
    real_output = contextlib.redirect_stdout(sys.__stdout__)  # which the package wants
    with GlobalGenerators(4).installed(), real_output, cast_warnings_off():
        raw = gymnasium.make(name, disable_env_checker=True).unwrapped
        expected = [raw.reset()[0]]
        for episode in range(2):
            if episode:
                observations.append(ours.reset()[0])
                expected.append(raw.reset()[0])
            for action in random_actions(ours, episode, 60):
                observation, reward, terminated, truncated, info = ours.step(action)
                raw_observation, raw_reward, raw_terminated, raw_truncated, raw_info = raw.step(codec.to_physical(action))
                observations.append(np.append(observation, [reward, info["cost"], terminated, truncated]))
                expected.append(np.append(raw_observation, [raw_reward, raw_info["cost"], raw_terminated, raw_truncated]))
                if terminated:
                    break
    for one, other in zip(observations, expected, strict=True):
        size = ours.contract.observation_size
        np.testing.assert_array_equal(one[:size], other[:size].astype(np.float32))
        np.testing.assert_array_equal(one[size:], other[size:])


@pytest.mark.parametrize("name", [*NAMES, "SafetyDroneRun-v0", "SafetyAntCircle-v0", "SafetyBallReach-v0", "SafetyCarGather-v0"])
def test_equal_seeds_and_actions_repeat_also_when_environments_take_turns(name: str):
    alone = Roller(name, 7).run(120)
    first, second, other = Roller(name, 7), Roller(name, 7), Roller(name, 8)
    for _ in range(120):
        for roller in (first, other, second):
            roller.step()
    assert equal(alone.rows, first.rows)
    assert equal(alone.rows, second.rows)
    assert not np.array_equal(alone.rows[0], other.rows[0])


def test_the_episodes_that_follow_a_seeded_one_repeat_and_differ_from_it():
    def episodes() -> list[np.ndarray]:
        environment = make("SafetyCarCircle-v0")
        first, second = environment.reset(seed=11)[0], environment.reset()[0]
        return [first, second, environment.step(environment.action_space.low)[0]]

    one, other = episodes(), episodes()
    np.testing.assert_array_equal(one, other)
    assert not np.array_equal(one[0], one[1])


def test_unseeded_episodes_differ_even_with_equal_global_generators():
    observations = []
    for _ in range(2):
        with GlobalGenerators(0).installed():  # as forked workers inherit them
            observations.append(make("SafetyBallCircle-v0").reset()[0])
    assert not np.array_equal(*observations)


@pytest.mark.parametrize("name", TASKS)
def test_episodes_are_as_long_as_the_packages(name: str):
    make(name).close()  # imports the package, which registers its tasks
    assert gymnasium.spec(f"alam/{name}").max_episode_steps == gymnasium.spec(name).max_episode_steps


@pytest.mark.parametrize(("name", "control_period", "action"), TASKS_TRIED)
def test_an_episode_is_truncated_at_its_length_and_holds_violations(name: str, control_period: float, action: list[float]):
    environment = make(name)
    assert environment.unwrapped.contract.control_period == pytest.approx(control_period)
    environment.reset(seed=0)
    steps = TASKS[name].max_steps
    outcomes = [environment.step(np.array(action, np.float32)) for _ in range(steps)]
    assert [outcome[2:4] for outcome in outcomes] == [(False, False)] * (steps - 1) + [(False, True)]
    assert {outcome[4]["cost"] for outcome in outcomes} == {0.0, 1.0}


def test_a_drone_that_turns_over_terminates():
    environment = make("SafetyDroneCircle-v0")
    environment.reset(seed=0)
    outcomes = [environment.step(np.array([1, 1, -1, -1], np.float32))[2] for _ in range(50)]
    assert True in outcomes


@pytest.mark.parametrize("name", [f"Safety{body}{kind}-v0" for body in BODIES for kind in ("Run", "Circle")])
def test_clearance_is_negative_exactly_in_violation(name: str):
    roller = Roller(name, 2)
    seen = set()
    for action in random_actions(roller.environment, 5, 12).repeat(50, axis=0):
        _, _, terminated, truncated, info = roller.environment.step(action)
        assert info["cost"] == float(info["clearance"] < 0)
        seen.add(info["cost"])
        if terminated or truncated:
            roller.environment.reset()
    if name.startswith(("SafetyBall", "SafetyDrone")):
        assert seen == {0.0, 1.0}


def test_run_clearance_is_the_smaller_share_left_to_its_two_limits():
    environment = make("SafetyBallRun-v0")
    _, info = environment.reset(seed=0)
    assert info["clearance"] == pytest.approx(1.0, abs=0.01)
    for action, left in ([1.0, 0.0], _speed_left), ([0.0, 0.3], _lateral_left):
        environment.reset(seed=0)
        for _ in range(40):
            *_, info = environment.step(np.array(action, np.float32))
        assert info["clearance"] == pytest.approx(left(environment.unwrapped._environment.agent), abs=1e-9)


def _speed_left(ball: Any) -> float:
    return 1.0 - float(np.hypot(*ball.get_linear_velocity()[:2])) / 2.5


def _lateral_left(ball: Any) -> float:
    return min(1.0 - abs(float(ball.get_position()[1])) / 2.0, _speed_left(ball))


def test_circle_clearance_is_the_distance_to_the_nearer_border():
    environment = make("SafetyBallCircle-v0")
    environment.reset(seed=0)
    for _ in range(30):
        *_, info = environment.step(np.array([-1.0, 0.0], np.float32))
        x = environment.unwrapped._environment.agent.get_position()[0]
        assert info["clearance"] == pytest.approx(6.0 - abs(x))


@pytest.mark.parametrize("name", ["SafetyBallReach-v0", "SafetyDroneReach-v0", "SafetyCarReach-v0"])
def test_a_collision_in_reach_is_where_clearance_ends(name: str):
    roller = Roller(name, 0).run(0)
    obstacles = roller.environment.unwrapped._environment.obstacles
    for index in range(0, len(obstacles), 4):
        roller.environment.reset()
        x, y, _ = obstacles_of(roller.environment)[index].get_position()
        agent = roller.environment.unwrapped._environment.agent
        agent.set_position([x, y, agent.get_position()[2]])
        *_, info = roller.environment.step(np.zeros_like(roller.environment.action_space.low))
        assert info["cost"] == 1.0
        assert info["clearance"] < 0.02  # PyBullet counts a contact a little before two solids touch


def obstacles_of(environment: gymnasium.Env[Any, Any]) -> list[Any]:
    obstacles: list[Any] = environment.unwrapped._environment.obstacles
    return obstacles


def test_a_bomb_that_went_off_is_no_hazard_any_more():
    environment = make("SafetyBallGather-v0")
    environment.reset(seed=0)
    bomb = next(obstacle for obstacle in obstacles_of(environment) if obstacle.name == "Bomb")
    environment.unwrapped._environment.agent.set_position([*bomb.get_position()[:2], 0.5])
    outcomes = [environment.step(np.zeros(2, np.float32))[4] for _ in range(2)]
    assert [outcome["cost"] for outcome in outcomes] == [1.0, 0.0]
    assert outcomes[0]["clearance"] > 0


def test_moving_obstacles_follow_simulated_time():
    environment = make("SafetyBallReach-v0", disable_env_checker=True)
    environment.reset(seed=1)
    box = next(obstacle for obstacle in obstacles_of(environment) if obstacle.name == "Box")
    places = []
    for _ in range(95):  # a turn takes 2π s
        places.append(box.get_position()[:2])
        environment.step(np.zeros(2, np.float32))
    spread = np.ptp(places[30:], axis=0)
    assert (spread > 0.7).all()
    assert (spread < 1.8).all()


def test_samples_through_the_assembler_give_the_observation():
    environment = make("SafetyCarRun-v0")
    environment.reset(seed=0)
    assembler = ObservationAssembler(environment.unwrapped.contract)
    for action in random_actions(environment, 0, 5):
        observation, _, _, _, info = environment.step(action)
        for topic, sample in info["samples"].items():
            assembler.update(topic, sample)
        np.testing.assert_array_equal(assembler.advance(), observation)


def test_worker_processes_give_what_single_environments_give():
    vector = make_vector("alam/SafetyBallCircle-v0", 2)
    try:
        stepper = EnvironmentStepper(vector)
        for row, seed in zip(stepper.start(1), (1, 2), strict=True):
            np.testing.assert_array_equal(row, make("SafetyBallCircle-v0").reset(seed=seed)[0])
        stepper.send(np.zeros((2, 2), np.float32))
        step = stepper.receive()
        assert step.cost.tolist() == [0.0, 0.0]
        assert (step.number("clearance") > 0).all()
    finally:
        vector.close()


@pytest.mark.parametrize("name", ["SafetyCarRun-v0", "SafetyBallCircle-v0"])
def test_a_picture_shows_another_state_and_drawing_does_not_change_the_trajectory(name: str):
    seen, unseen = (make(name, render_mode=mode) for mode in ("rgb_array", None))
    seen.reset(seed=4)
    unseen.reset(seed=4)
    pictures = [seen.render()]
    for index, action in enumerate(random_actions(seen, 0, 30)):
        np.testing.assert_array_equal(seen.step(action)[0], unseen.step(action)[0])
        if index % 10 == 9:
            pictures.append(seen.render())
    assert pictures[0].shape == (360, 480, 3)
    assert pictures[0].dtype == np.uint8
    assert not np.array_equal(pictures[0], pictures[-1])
    assert unseen.render() is None


def test_a_shell_marks_violations_and_only_them():
    environment = make("SafetyBallRun-v0", render_mode="rgb_array")
    environment.reset(seed=0)
    red = {0.0: [], 1.0: []}
    for _ in range(8):
        for _ in range(5):
            *_, info = environment.step(np.array([1.0, 0.0], np.float32))
        picture = environment.render().astype(int)
        red[info["cost"]].append(int(((picture[..., 0] > 120) & (picture[..., 1:] < 40).all(-1)).sum()))
    assert max(red[0.0]) == 0
    assert min(red[1.0]) > 1000


def test_many_seeds_leave_no_file_open():
    environment = make("SafetyBallCircle-v0")
    environment.reset(seed=0)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for seed in range(20):
        environment.reset(seed=seed)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_nothing_is_written_to_the_terminal():
    code = "import alam_sim, gymnasium; e = gymnasium.make('alam/SafetyCarRun-v0'); e.reset(seed=0); e.close()"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout + run.stderr == ""


def test_registering_imports_no_simulator():
    code = "import alam_sim, sys; assert not {'pybullet', 'bullet_safety_gym'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_the_package_making_a_task_says_how_to_install_it(tmp_path: Path):
    for entry in sorted({Path(path) for path in sys.path if path and Path(path).is_dir()}):
        for child in entry.iterdir():
            if "bullet_safety_gym" not in child.name and not (tmp_path / child.name).exists():
                (tmp_path / child.name).symlink_to(child)
    code = "import alam_sim, gymnasium; gymnasium.make('alam/SafetyCarRun-v0')"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-S", "-c", code], check=False, capture_output=True, text=True, env=environment, cwd=tmp_path
    )
    assert "SimulatorError: expected bullet-safety-gym==1.4.0" in run.stderr
    assert "pip install --no-deps bullet-safety-gym==1.4.0" in run.stderr


def test_the_packages_versions_are_at_hand_for_the_records():
    libraries = make("SafetyBallRun-v0").unwrapped.libraries
    assert libraries["bullet-safety-gym"] == "1.4.0"
    assert libraries["pybullet"] == version("pybullet")


def test_an_unknown_task_is_answered_with_those_it_resembles():
    from alam_sim.bullet_safety_gym.environment import BulletSafetyGymEnv

    with pytest.raises(SimulatorError, match="SafetyCarRun-v0"):
        BulletSafetyGymEnv("SafetyCarRn-v0")


def test_stepping_before_a_reset_is_refused():
    with pytest.raises(SimulatorError, match="call reset"):
        make("SafetyBallRun-v0").unwrapped.step(np.zeros(2, np.float32))


@pytest.mark.parametrize("seed", [2**32, 2**40])
def test_a_seed_the_packages_generators_cannot_take_is_refused(seed: int):
    with pytest.raises(SimulatorError, match="seed"):
        make("SafetyBallRun-v0").reset(seed=seed)
