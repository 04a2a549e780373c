"""Copies of an environment in a few processes."""

from __future__ import annotations

import os

import gymnasium
import numpy as np
import pytest

import alam_sim  # noqa: F401  (registers the environments)
from alam_ros.errors import SimulatorError
from alam_ros.learning.stepper import EnvironmentStepper
from alam_sim.vector import NumericInfo, make_vector

TASK, COPIES, SEED, STEPS = "alam/Navigation-v0", 4, 5, 25
ARGUMENTS = {"max_episode_steps": 10}


@pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="this system has no batch scheduling")
def test_simulators_do_not_take_the_processor_from_whoever_wakes_them() -> None:
    vector = make_vector(TASK, 2)
    try:
        vector.reset(seed=0)
        assert {os.sched_getscheduler(process.pid) for process in vector.processes} == {os.SCHED_BATCH}
        assert os.sched_getscheduler(0) == os.SCHED_OTHER
    finally:
        vector.close()


def alone(seed: int, actions: np.ndarray) -> list[tuple[np.ndarray, np.ndarray, float, bool, float]]:
    """Return what one copy by itself gives in each step: true successor, what to act on next, reward, end, cost."""
    environment = gymnasium.make(TASK, **ARGUMENTS)
    environment.reset(seed=seed)
    found = []
    for action in actions:
        successor, reward, terminated, truncated, info = environment.step(action)
        following = environment.reset()[0] if terminated or truncated else successor
        found.append((successor, following, reward, terminated or truncated, info["cost"]))
    environment.close()
    return found


@pytest.mark.parametrize(("cores", "processes"), [(1, 1), (2, 2), (3, 2), (8, 4)])
def test_copies_do_the_same_in_however_few_processes(monkeypatch: pytest.MonkeyPatch, cores: int, processes: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    actions = np.random.default_rng(0).uniform(-1, 1, (STEPS, COPIES, 2)).astype(np.float32)
    vector = make_vector(TASK, COPIES, ARGUMENTS)
    try:
        assert len(vector.processes) == processes
        stepper = EnvironmentStepper(vector)
        assert stepper.copies == COPIES
        stepper.start(SEED)
        steps = []
        for action in actions:
            stepper.send(action)
            steps.append(stepper.receive())
    finally:
        vector.close()
    assert sum(step.ended.sum() for step in steps) == COPIES * (STEPS // 10)
    for copy in range(COPIES):
        for step, expected in zip(steps, alone(SEED + copy, actions[:, copy]), strict=True):
            successor, following, reward, ended, cost = expected
            np.testing.assert_array_equal(step.next_observation[copy], successor)
            np.testing.assert_array_equal(step.restarted_observation[copy], following)
            assert (step.reward[copy], step.ended[copy], step.cost[copy]) == (reward, ended, cost)


class Told(gymnasium.Env):  # type: ignore[type-arg]
    """An environment whose info holds what it is made with."""

    observation_space = action_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float32)

    def __init__(self, told: object) -> None:
        self._told = told

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, object]]:
        return action, 0.0, False, False, {"cost": self._told, "remark": "dropped"}


@pytest.mark.parametrize(("told", "taken"), [(np.True_, 1.0), (np.array(0.25), 0.25), (np.float32(0.5), 0.5), (True, 1.0)])
def test_numbers_of_numpy_are_numbers(told: object, taken: float) -> None:
    info = NumericInfo(Told(told)).step(np.zeros(1, np.float32))[4]
    assert info == {"cost": taken}
    assert isinstance(info["cost"], (bool, float, np.number))


def test_a_cost_that_is_no_number_is_refused_rather_than_dropped() -> None:
    with pytest.raises(SimulatorError, match=r"a number in `info\['cost'\]`; found list"):
        NumericInfo(Told([1.0])).step(np.zeros(1, np.float32))
