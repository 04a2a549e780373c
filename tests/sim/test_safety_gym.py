"""Safety-Gymnasium behind our interface: real tasks, real MuJoCo."""

from __future__ import annotations

import math
import operator
from functools import reduce
from typing import Any

import gymnasium
import numpy as np
import pytest

import alam_sim  # noqa: F401 (registers the environments)
from alam_ros.contract import ActionCodec, Contract, ObservationAssembler
from alam_ros.errors import SimulatorError
from tests.support.simulators import needs_safety_gymnasium

pytestmark = needs_safety_gymnasium

# name, seed of an episode in which `actions` meet a violation, control period (s)
TASKS = [
    ("SafetyPointGoal1-v0", 5, 0.02),
    ("SafetyPointCircle1-v0", 0, 0.02),
    ("SafetyCarGoal1-v0", 0, 0.04),
    ("SafetyHalfCheetahVelocity-v1", 0, 0.05),
]
NAMES = [name for name, _, _ in TASKS]
# A gallop of the cheetah that passes its speed limit: cycles a step, then phase (rad) and amplitude of each joint.
GALLOP = 0.185, np.array([4.1, 5.7, 1.4, 1.2, 0.6, 0.4]), np.array([0.6, 0.9, 0.8, 0.6, 0.7, 1.0])
Step = tuple[Any, ...]


def make(name: str, **options: Any) -> gymnasium.Env[Any, Any]:
    return gymnasium.make(f"alam/{name}", **options)


def raw_environment(name: str) -> Any:
    """The task as Safety-Gymnasium makes it, pictures and all."""
    from alam_sim.safety_gym.compatibility import import_module

    if name == "SafetyHalfCheetahVelocity-v1":
        return import_module("tasks.safe_velocity.safety_half_cheetah_velocity_v1").SafetyHalfCheetahVelocityEnv()
    return import_module("builder").Builder(name, config={"agent_name": "Car" if "Car" in name else "Point"})


def actions(size: int, steps: int) -> np.ndarray:
    """Actions that get somewhere: a gallop for six joints, else random ones, held for some time."""
    if size == 6:
        frequency, phase, amplitude = GALLOP
        return (amplitude * np.sin(2 * np.pi * frequency * np.arange(steps)[:, None] + phase)).astype(np.float32)
    targets = np.random.default_rng(7).uniform(-1.0, 1.0, (steps // 25 + 1, size))
    return np.repeat(targets, 25, axis=0)[:steps].astype(np.float32)


def roll(environment: gymnasium.Env[Any, Any], seed: int, steps: int) -> list[Step]:
    size = environment.action_space.shape[0]
    environment.reset(seed=seed)
    return [environment.step(action) for action in actions(size, steps)]


@pytest.mark.parametrize(("name", "seed", "control_period"), TASKS)
def test_a_thousand_steps_fit_the_contract_and_meet_violations(name: str, seed: int, control_period: float):
    environment = make(name)
    contract: Contract = environment.unwrapped.contract
    assert contract.control_period == pytest.approx(control_period)
    assert Contract.from_mapping(contract.to_mapping()) == contract
    size = contract.action_size
    observation, info = environment.reset(seed=seed)
    assert observation in environment.observation_space
    assert info["cost"] == 0.0
    costs = []
    for action in actions(size, 1000):
        observation, reward, terminated, truncated, info = environment.step(action)
        assert observation in environment.observation_space
        assert observation.shape == (contract.observation_size,)
        assert np.isfinite(observation).all()
        assert type(reward) is float
        assert np.isfinite(reward)
        costs.append(info["cost"])
        if terminated or truncated:
            observation, info = environment.reset()
    assert set(costs) == {0.0, 1.0}
    environment.close()


@pytest.mark.parametrize("name", NAMES)
def test_trajectories_are_those_of_the_unchanged_task_to_the_last_bit(name: str):
    ours, raw = make(name), raw_environment(name)
    codec = ActionCodec(ours.unwrapped.contract.action)
    for seed in (3, 4):
        observation, _ = ours.reset(seed=seed)
        expected, _ = raw.reset(seed=seed)
        np.testing.assert_array_equal(observation, expected.astype(np.float32))
        for action in actions(ours.action_space.shape[0], 300):
            observation, reward, terminated, truncated, info = ours.step(action)
            expected, raw_reward, raw_cost, raw_terminated, raw_truncated, _ = raw.step(codec.to_physical(action))
            np.testing.assert_array_equal(observation, expected.astype(np.float32))
            assert (reward, info["cost"], terminated, truncated) == (raw_reward, raw_cost, raw_terminated, raw_truncated)
        source = ours.unwrapped._environment
        state, raw_state = (getattr(environment, "task", environment).data for environment in (source, raw))
        np.testing.assert_array_equal(state.qpos, raw_state.qpos)
        np.testing.assert_array_equal(state.qvel, raw_state.qvel)


@pytest.mark.parametrize("name", ["SafetyPointGoal1-v0", "SafetyCarGoal2-v0", "SafetyPointCircle1-v0"])
def test_robots_on_wheels_hold_an_action_for_several_steps_of_the_benchmark(name: str):
    robot, benchmark = make(name, interface="robot"), make(name)
    contract: Contract = robot.unwrapped.contract
    period = benchmark.unwrapped.contract.control_period
    steps = round(contract.control_period / period)
    assert contract.control_period == pytest.approx(steps * period)
    assert 0.08 <= contract.control_period <= 0.1
    assert Contract.from_mapping(contract.to_mapping()) == contract
    robot.reset(seed=3)
    benchmark.reset(seed=3)
    for action in actions(contract.action_size, 60):
        observation, reward, _, truncated, info = robot.step(action)
        held = [benchmark.step(action) for _ in range(steps)]
        total_reward = reduce(operator.add, (step[1] for step in held))  # sum() compensates for rounding from Python 3.12 on
        assert (reward, info["cost"]) == (total_reward, sum(step[4]["cost"] for step in held))
        assert info["violation"] == info["cost"] / steps
        assert (truncated, info["clearance"]) == (held[-1][3], held[-1][4]["clearance"])
        np.testing.assert_array_equal(info["samples"]["observation"].data, held[-1][0])
        assembler = ObservationAssembler(contract)
        assembler.update("observation", info["samples"]["observation"])
        np.testing.assert_array_equal(assembler.advance(), observation)


def test_lidars_of_what_costs_are_spread_near_to_it():
    environment = make("SafetyPointGoal1-v0", interface="robot")
    environment.reset(seed=0)
    channels = {channel.name: channel for channel in environment.unwrapped.contract.observation}
    assert {name: channel.power for name, channel in channels.items() if channel.power != 1.0} == {"hazards_lidar": 8.0}
    hazards = channels["hazards_lidar"]
    nearest = math.inf
    for action in actions(2, 200):
        observation, *_, info = environment.step(action)
        near = observation[hazards.first : hazards.first + hazards.size].max() ** (1 / hazards.power)
        assert 3.0 * (1.0 - near) == pytest.approx(min(info["clearance"] + 0.2, 3.0), abs=1e-3)  # the radius of a hazard
        nearest = min(nearest, info["clearance"])
    assert nearest < 0.5


@pytest.mark.parametrize("name", ["SafetyHalfCheetahVelocity-v1", "SafetyDoggoGoal1-v0"])
def test_legs_decide_in_every_step(name: str):
    robot, benchmark = (make(name, interface=interface).unwrapped.contract for interface in ("robot", "benchmark"))
    assert robot.control_period == benchmark.control_period


def test_an_unknown_interface_is_refused():
    with pytest.raises(SimulatorError, match="an interface among benchmark, robot"):
        make("SafetyPointGoal1-v0", interface="raw")


@pytest.mark.parametrize("name", NAMES)
def test_equal_seeds_repeat_and_the_next_episodes_too(name: str):
    def episodes(environment: gymnasium.Env[Any, Any]) -> list[np.ndarray]:
        first = environment.reset(seed=11)[0]
        second = environment.reset()[0]
        return [first, second, environment.step(environment.action_space.low)[0]]

    one, other = episodes(make(name)), episodes(make(name))
    np.testing.assert_array_equal(one, other)
    assert not np.array_equal(one[0], one[1])


@pytest.mark.parametrize("name", ["SafetyPointGoal1-v0", "SafetyHalfCheetahVelocity-v1"])
def test_unseeded_episodes_differ_even_with_an_equal_global_generator(name: str):
    observations = []
    for _ in range(2):
        np.random.seed(0)  # noqa: NPY002 (as forked workers inherit it)
        observations.append(make(name).reset()[0])
    assert not np.array_equal(*observations)


def test_making_and_running_a_task_leaves_the_global_generator_alone():
    np.random.seed(5)  # noqa: NPY002
    expected = np.random.uniform()  # noqa: NPY002
    np.random.seed(5)  # noqa: NPY002
    roll(make("SafetyPointGoal1-v0"), 0, 10)
    assert np.random.uniform() == expected  # noqa: NPY002


@pytest.mark.parametrize(("name", "steps"), [("SafetyPointGoal1-v0", 1000), ("SafetyPointCircle1-v0", 500)])
def test_episodes_are_truncated_at_the_benchmarks_length(name: str, steps: int):
    outcomes = [(terminated, truncated) for _, _, terminated, truncated, _ in roll(make(name), 0, steps)]
    assert outcomes == [(False, False)] * (steps - 1) + [(False, True)]


def test_a_walker_that_falls_terminates():
    outcomes = [terminated for _, _, terminated, _, _ in roll(make("SafetyHopperVelocity-v1", disable_env_checker=True), 0, 200)]
    assert True in outcomes


def test_several_violations_at_once_count_once():
    costs = [info for _, _, _, _, info in roll(make("SafetyPointGoal2-v0"), 3, 300)]
    violations = [info["cost_hazards"] + info["cost_vases_contact"] + info["cost_vases_velocity"] for info in costs]
    assert max(violations) > 1.0
    assert [info["cost"] for info in costs] == [float(found > 0.0) for found in violations]


def test_samples_through_the_assembler_give_the_observation():
    environment = make("SafetyCarGoal1-v0")
    assembler = ObservationAssembler(environment.unwrapped.contract)
    for observation, _, _, _, info in roll(environment, 0, 5):
        for topic, sample in info["samples"].items():
            assembler.update(topic, sample)
        np.testing.assert_array_equal(assembler.advance(), observation)


def test_actions_reach_the_actuators_limits():
    environment = make("SafetyHumanoidVelocity-v1").unwrapped
    environment.reset(seed=0)
    environment.step(environment.action_space.high)
    component = environment.contract.action.components[0]
    assert (component.low, component.high) == pytest.approx((-0.4, 0.4))
    np.testing.assert_allclose(environment._environment.data.ctrl, 0.4)


@pytest.mark.parametrize("robot", ["Point", "Car", "Racecar", "Doggo", "Ant"])
@pytest.mark.parametrize("task", ["Goal2", "Button0", "Push1", "Circle2", "Run0"])
def test_every_robot_runs_in_every_kind_of_task(robot: str, task: str):
    environment = make(f"Safety{robot}{task}-v0")
    for observation, reward, _, _, info in roll(environment, 1, 3):
        assert np.isfinite([*observation, reward, info["cost"]]).all()


@pytest.mark.parametrize("walker", ["HalfCheetah", "Hopper", "Walker2d", "Swimmer", "Ant", "Humanoid"])
def test_every_walker_runs_and_counts_its_speed(walker: str):
    environment = make(f"Safety{walker}Velocity-v1", disable_env_checker=True)
    limit = environment.unwrapped._environment._velocity_threshold
    for _, _, _, _, info in roll(environment, 1, 20):
        speed = (
            info["x_velocity"]
            if walker in ("HalfCheetah", "Hopper", "Walker2d", "Swimmer")
            else np.hypot(info["x_velocity"], info["y_velocity"])
        )
        assert info["cost"] == float(speed > limit)


@pytest.mark.parametrize(
    ("name", "seed"),
    [
        ("SafetyPointGoal1-v0", 5),
        ("SafetyCarGoal1-v0", 0),
        ("SafetyPointCircle1-v0", 0),
        ("SafetyPointCircle2-v0", 0),
        ("SafetyPointRun0-v0", 0),
        ("SafetyHalfCheetahVelocity-v1", 0),
    ],
)
def test_clearance_is_negative_exactly_in_violation(name: str, seed: int):
    environment = make(name)
    _, info = environment.reset(seed=seed)
    assert info["clearance"] > 0
    seen = set()
    for action in actions(environment.action_space.shape[0], 1000):
        _, _, terminated, truncated, info = environment.step(action)
        assert info["cost"] == float(info["clearance"] < 0)
        seen.add(info["cost"])
        if terminated or truncated:
            environment.reset()
    assert seen == {0.0, 1.0}


def test_clearance_on_plain_ground_is_infinite():
    assert make("SafetyPointGoal0-v0").reset(seed=0)[1]["clearance"] == np.inf


def test_clearance_of_a_walker_is_what_is_left_to_its_speed_limit():
    for _, _, _, _, info in roll(make("SafetyAntVelocity-v1", disable_env_checker=True), 0, 20):
        assert info["clearance"] == pytest.approx(2.6222 - np.hypot(info["x_velocity"], info["y_velocity"]))


@pytest.mark.parametrize(
    ("name", "seed", "things"),
    [("SafetyPointGoal2-v0", 3, "vase"), ("SafetyPointButton1-v0", 0, "gremlin"), ("SafetyPointPush2-v0", 1, "pillar")],
)
def test_clearance_never_exceeds_the_gap_mujoco_measures_to_what_must_not_be_touched(name: str, seed: int, things: str):
    import mujoco

    environment = make(name)
    gaps, clearances = [], []
    environment.reset(seed=seed)
    for action in actions(2, 200):
        *_, info = environment.step(action)
        task = environment.unwrapped._environment.task
        geoms = {task.model.geom(index).name: index for index in range(task.model.ngeom)}
        costly = [index for name, index in geoms.items() if name.startswith(things) and not name.endswith("mocap")]
        ball = geoms["agent"]  # mj_geomDistance gives 0 between some boxes that lie apart, so only the robot's ball is compared
        gaps.append(min(mujoco.mj_geomDistance(task.model, task.data, ball, thing, 10.0, None) for thing in costly))
        clearances.append(info["clearance"])
    assert (np.array(clearances) <= np.array(gaps) + 1e-6).all()


@pytest.mark.parametrize(("name", "seed"), [("SafetyPointGoal2-v0", 1), ("SafetyCarPush2-v0", 0), ("SafetyRacecarGoal2-v0", 0)])
def test_clearance_is_negative_in_every_contact_that_costs(name: str, seed: int):
    environment = make(name)
    environment.reset(seed=seed)
    touching = []
    for action in actions(environment.action_space.shape[0], 600):
        *_, info = environment.step(action)
        if info.get("cost_vases_contact", 0) + info.get("cost_pillars", 0) > 0:
            touching.append(info["clearance"])
    assert touching
    assert max(touching) < 0


@pytest.mark.parametrize("name", ["SafetyPointGoal1-v0", "SafetyHalfCheetahVelocity-v1"])
def test_worker_processes_give_what_single_environments_give(name: str):
    vector = gymnasium.vector.AsyncVectorEnv([lambda: make(name)] * 2)
    try:
        observations, _ = vector.reset(seed=[1, 2])
        for row, seed in zip(observations, (1, 2), strict=True):
            np.testing.assert_array_equal(row, make(name).reset(seed=seed)[0])
        batch = np.repeat(actions(vector.single_action_space.shape[0], 20)[:, None], 2, axis=1)
        for action in batch:
            observations, _, _, _, info = vector.step(action)
        assert info["cost"].shape == (2,)
        for row, seed in zip(observations, (1, 2), strict=True):
            np.testing.assert_array_equal(row, roll(make(name), seed, 20)[-1][0])
    finally:
        vector.close()


def test_forked_workers_without_seeds_do_not_run_the_same_episode():
    vector = gymnasium.vector.AsyncVectorEnv([lambda: make("SafetyPointGoal1-v0")] * 2)
    try:
        observations, _ = vector.reset()
        assert not np.array_equal(*observations)
    finally:
        vector.close()


def test_the_simulators_version_is_at_hand_for_the_records():
    import mujoco

    libraries = make("SafetyPointGoal1-v0").unwrapped.libraries
    assert libraries["mujoco"] == mujoco.__version__
    assert libraries["safety-gymnasium"] == "1.0.0"


def test_an_unknown_task_is_answered_with_those_it_resembles():
    from alam_sim.safety_gym.environment import SafetyGymnasiumEnv

    with pytest.raises(SimulatorError, match="SafetyPointGoal1-v0"):
        SafetyGymnasiumEnv("SafetyPiontGoal1-v0")


def test_stepping_before_a_reset_is_refused():
    with pytest.raises(SimulatorError, match="call reset"):
        make("SafetyPointGoal1-v0").unwrapped.step(np.zeros(2, np.float32))


@pytest.mark.parametrize("seed", [2**32, 2**40])
def test_a_seed_the_tasks_generator_cannot_take_is_refused(seed: int):
    with pytest.raises(SimulatorError, match="seed"):
        make("SafetyPointGoal1-v0").reset(seed=seed)
