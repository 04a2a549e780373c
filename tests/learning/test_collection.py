"""Stepping, collecting and evaluating environments whose episodes differ in length."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np
import pytest

from alam_ros.errors import ConfigurationError, SimulatorError
from alam_ros.learning.agents import Assessment
from alam_ros.learning.collection import Collector
from alam_ros.learning.divergence import DivergenceError
from alam_ros.learning.evaluation import ActionNoise, Evaluation, evaluate
from alam_ros.learning.replay import ReplayBuffer
from alam_ros.learning.stepper import EnvironmentStepper, VectorStep, close_environments
from alam_sim.vector import in_processes, make_vector


class Countdown(gymnasium.Env[np.ndarray, np.ndarray]):
    """Counts its steps in the observation; with the seed s an episode has s % 7 + 1 steps, and every other step costs."""

    observation_space = gymnasium.spaces.Box(-1000.0, 1000.0, (2,), np.float32)
    action_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[np.ndarray, dict[str, Any]]:
        self.length, self.steps = (6 if seed is None else seed % 7) + 1, 0
        return self._observation(), {"cost": 0.0, "clearance": 99.0}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        self.steps += 1
        info = {"cost": float(self.steps % 2), "clearance": float(self.steps)}
        return self._observation(), float(action[0]), self.steps >= self.length, False, info

    def _observation(self) -> np.ndarray:
        return np.array((self.steps, self.length), np.float32)


class WithoutCost(Countdown):
    """An ordinary environment."""

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        return (*super().step(action)[:4], {})

    def reset(self, **options: Any) -> tuple[np.ndarray, dict[str, Any]]:
        return super().reset(**options)[0], {}


class Faulty(Countdown):
    """Gives one wrong number in the second step of an episode of three; with the seed s, an episode has s % 7 + 1."""

    def __init__(self, place: str, value: float) -> None:
        self.place, self.value = place, value

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        observation, reward, terminated, truncated, info = super().step(action)
        if (self.length, self.steps) != (3, 2):
            return observation, reward, terminated, truncated, {**info, "violation": info["cost"]}
        numbers = {"reward": reward, "violation": 1.0, **info, self.place: self.value}
        if self.place == "observation":
            observation = np.array((self.steps, self.value), np.float32)
        return observation, numbers.pop("reward"), terminated, truncated, numbers


class Failing(Countdown):
    """Raises in its second step or, with a place of "reset", at once."""

    def __init__(self, place: str, error: Exception) -> None:
        self.place, self.error = place, error

    def reset(self, **options: Any) -> tuple[np.ndarray, dict[str, Any]]:
        if self.place == "reset":
            raise self.error
        return super().reset(**options)

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        if self.steps == 1:
            raise self.error
        return super().step(action)


class ConstantAgent:
    """Acts 0.5 and says of each state its step number."""

    threshold, cost_discount = 1.0, 0.9

    def act(self, observation: np.ndarray, noise: np.ndarray | None = None) -> np.ndarray:
        return np.full((len(observation), 1), 0.5, np.float32) + (0 if noise is None else noise)

    def assess(self, observation: np.ndarray, action: np.ndarray) -> Assessment:
        return Assessment(*[observation[:, 0]] * 4)


def steppers(kind: type[Countdown], copies: int) -> Iterator[EnvironmentStepper]:
    vector = in_processes([kind] * copies)
    yield EnvironmentStepper(vector)
    vector.close(terminate=True)


@pytest.fixture(scope="module")
def three() -> Iterator[EnvironmentStepper]:
    yield from steppers(Countdown, 3)


@pytest.fixture(scope="module")
def two() -> Iterator[EnvironmentStepper]:
    yield from steppers(Countdown, 2)


def test_a_step_that_ends_an_episode_is_handed_out_as_it_was(three: EnvironmentStepper) -> None:
    three.start(0)  # lengths 1, 2, 3
    three.send(np.zeros((3, 1), np.float32))
    step = three.receive()
    assert step.ended.tolist() == step.terminated.tolist() == [True, False, False]
    assert step.next_observation[:, 0].tolist() == [1, 1, 1]
    assert step.restarted_observation[:, 0].tolist() == [0, 1, 1]
    assert step.cost.tolist() == [1, 1, 1]
    assert step.number("clearance").tolist() == [1, 1, 1]
    assert np.isnan(step.number("absent")).all()


def test_collected_transitions_and_episodes_are_those_that_happened(three: EnvironmentStepper) -> None:
    replay = ReplayBuffer(100, 2, 1, seed=0)
    collector = Collector(three, replay)
    collector.start(0)
    for _ in range(3):
        acted_on = collector.observation.copy()
        collector.send(np.full((3, 1), 0.25, np.float32))
        observation, reward, cost = collector.receive()
        assert observation.tolist() == acted_on.tolist()
        assert reward.tolist() == [0.25, 0.25, 0.25]
        assert cost.tolist() == list(observation[:, 0] % 2 == 0)
    assert collector.steps == len(replay) == 9
    assert [(episode.length, episode.episode_return, episode.cost) for episode in collector.episodes] == [
        (1, 0.25, 1.0),
        (2, 0.5, 1.0),
        (3, 0.75, 2.0),
    ]
    batch = replay.sample(200)
    assert (batch.next_observation[:, 0] == batch.observation[:, 0] + 1).all()  # never across the border of two episodes
    assert (batch.next_observation[:, 1] == batch.observation[:, 1]).all()
    assert (batch.terminated == (batch.next_observation[:, 0] == batch.next_observation[:, 1])).all()


def test_a_restored_collector_keeps_its_episodes_and_begins_new_ones(three: EnvironmentStepper) -> None:
    collector = Collector(three, ReplayBuffer(100, 2, 1, seed=0))
    collector.start(0)
    collector.send(np.zeros((3, 1), np.float32))
    collector.receive()
    restored = Collector(three, ReplayBuffer(100, 2, 1, seed=0))
    restored.load_state_dict(collector.state_dict())
    restored.start(5)
    assert restored.steps == 3
    assert list(restored.episodes) == list(collector.episodes)
    assert restored.observation[:, 0].tolist() == [0, 0, 0]


@pytest.mark.parametrize("fixture", ["two", "three"])
def test_evaluation_runs_the_episodes_of_its_seeds_to_their_ends(fixture: str, request: pytest.FixtureRequest) -> None:
    records = evaluate(ConstantAgent(), request.getfixturevalue(fixture), episodes=8, first_seed=14)
    assert [record.seed for record in records] == list(range(14, 22))
    assert [len(record) for record in records] == [1, 2, 3, 4, 5, 6, 7, 1]
    longest = records[6]
    assert longest.terminated
    assert longest.observation[:, 0].tolist() == longest.cost_value.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert longest.clearance.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert longest.cost.tolist() == [1, 0, 1, 0, 1, 0, 1]
    assert longest.episode_return == pytest.approx(3.5)


@pytest.mark.parametrize("noise", [ActionNoise(stochastic=True), ActionNoise(perturbation=0.3)])
def test_noise_belongs_to_the_episode_and_not_to_the_environment(
    two: EnvironmentStepper, three: EnvironmentStepper, noise: ActionNoise
) -> None:
    first = evaluate(ConstantAgent(), two, episodes=6, first_seed=3, noise=noise)
    ended: list[int] = []
    second = evaluate(ConstantAgent(), three, episodes=6, first_seed=3, noise=noise, advance=ended.append)
    assert ended == [3, 3]
    for one, other in zip(first, second, strict=True):
        assert one.action.tolist() == other.action.tolist()
    assert len({value for record in first for value in record.action[:, 0].tolist()}) > 10


def test_an_evaluation_that_is_given_up_returns_nothing_and_leaves_no_step_under_way(three: EnvironmentStepper) -> None:
    evaluation = Evaluation(ConstantAgent(), three, episodes=3, first_seed=3)
    assert evaluation.advance() is None
    evaluation.close()
    answers = iter([False, False, True])
    assert evaluate(ConstantAgent(), three, episodes=3, first_seed=3, should_stop=lambda: next(answers)) == []
    three.send(np.zeros((3, 1), np.float32))  # Gymnasium refuses a step while another is under way
    assert three.receive().next_observation[:, 0].tolist() == [3, 3, 3]


def test_an_environment_without_cost_is_refused() -> None:
    for stepper in steppers(WithoutCost, 1):
        stepper.start(0)
        stepper.send(np.zeros((1, 1), np.float32))
        with pytest.raises(SimulatorError, match="cost"):
            _ = stepper.receive().cost


@pytest.mark.parametrize(
    ("place", "value", "expected"),
    [
        ("reward", np.nan, "expected a reward that is finite in float32; found nan in environment 1"),
        ("reward", -np.inf, "expected a reward that is finite in float32; found -inf in environment 1"),
        ("reward", 1e39, r"expected a reward that is finite in float32; found 1e\+39 in environment 1"),
        ("observation", np.nan, r"expected finite observations; found \[ ?2\. +nan\] in environment 1"),
        ("observation", np.inf, r"expected finite observations; found \[ ?2\. +inf\] in environment 1"),
        ("cost", np.nan, "expected a finite `cost` of at least 0; found nan in environment 1"),
        ("cost", np.inf, "expected a finite `cost` of at least 0; found inf in environment 1"),
        ("cost", -1.0, "expected a finite `cost` of at least 0; found -1.0 in environment 1"),
        ("violation", np.nan, r"in \[0, 1\]; found nan in environment 1"),
        ("violation", 1.5, r"in \[0, 1\]; found 1.5 in environment 1"),
        ("violation", -0.5, r"in \[0, 1\]; found -0.5 in environment 1"),
    ],
)
def test_a_number_that_would_spoil_what_is_learned_is_refused_before_it_is_kept(place: str, value: float, expected: str) -> None:
    vector = in_processes([functools.partial(Faulty, place, value)] * 2)
    try:
        replay = ReplayBuffer(100, 2, 1, seed=0)
        collector = Collector(EnvironmentStepper(vector), replay)
        collector.start(1)  # lengths 2, 3
        collector.send(np.zeros((2, 1), np.float32))
        collector.receive()
        collector.send(np.zeros((2, 1), np.float32))
        with pytest.raises(SimulatorError, match=expected):
            collector.receive()
        assert len(replay) == collector.steps == 2
    finally:
        vector.close(terminate=True)


def start_and_step_twice(stepper: EnvironmentStepper) -> None:
    stepper.start(3)
    for _ in range(2):
        stepper.send(np.zeros((1, 1), np.float32))
        stepper.receive()


@pytest.mark.parametrize("place", ["reset", "step"])
@pytest.mark.parametrize(
    ("error", "message"),
    [
        (SimulatorError("physics", "chaos", "slow down"), "^expected physics; found chaos; slow down$"),
        (ConfigurationError("room", "none", "make some"), "^expected room; found none; make some$"),
        (ValueError("no such wheel"), "^expected environments that go on; found ValueError in one: no such wheel; "),
    ],
)
def test_what_a_simulator_raises_in_its_process_is_told(place: str, error: Exception, message: str) -> None:
    vector = in_processes([functools.partial(Failing, place, error)])
    stepper = EnvironmentStepper(vector)
    try:
        with pytest.raises(SimulatorError, match=message):
            start_and_step_twice(stepper)
    finally:
        close_environments(vector)


def test_a_cost_above_one_needs_its_share_of_the_step() -> None:
    costly = VectorStep(*[np.zeros(2)] * 4, {"cost": np.array([0.0, 3.0])}, np.zeros(2))
    assert costly.cost.tolist() == [0.0, 3.0]
    with pytest.raises(SimulatorError, match=r"or without one a `cost`, in \[0, 1\]; found 3.0 in environment 1"):
        _ = costly.violation


def test_a_policy_that_is_not_finite_is_not_blamed_on_the_simulator(three: EnvironmentStepper) -> None:
    three.start(0)
    with pytest.raises(DivergenceError, match="finite actions"):
        three.send(np.array([[0.0], [np.nan], [0.0]], np.float32))


def test_environments_that_died_in_a_step_are_closed_without_an_error() -> None:
    environments = make_vector("alam/Navigation-v0", 2, {})
    stepper = EnvironmentStepper(environments)
    stepper.start(0)
    stepper.send(np.zeros((2, 2), np.float32))
    environments.processes[0].kill()
    environments.processes[0].join()
    close_environments(environments)
    assert not any(process.is_alive() for process in environments.processes)
    environments.close()  # as its finaliser does: nothing is left to do
