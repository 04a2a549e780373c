"""The survey of tasks: real tasks, random actions."""

from __future__ import annotations

import subprocess
import sys

import gymnasium
import numpy as np
import pytest

from alam_sim.survey import Survey, main, survey
from tests.support.simulators import needs_bullet_safety_gym

TASK = "alam/SafetyBallRun-v0"


@needs_bullet_safety_gym
def test_a_survey_holds_what_random_actions_meet():
    found = survey(TASK, steps=230, seed=3)
    environment = gymnasium.make(TASK)
    environment.reset(seed=3)
    actions = np.random.default_rng(3).uniform(-1.0, 1.0, (230, 2)).astype(np.float32)
    for index, action in enumerate(actions[:100]):
        observation, reward, _, _, info = environment.step(action)
        np.testing.assert_array_equal(found.observations[index], observation)
        assert (found.rewards[index], found.costs[index]) == (reward, info["cost"])
    assert np.flatnonzero(found.ended).tolist() == [99, 199]
    assert found.seconds > 0


def test_the_row_and_the_far_elements_say_what_was_measured():
    observations = np.array([[0.0, 0.0, 0.0, 6.0], [2.0, 0.2, 20.0, 8.0]] * 2, np.float32)
    rewards, costs, ended = np.array([1.0, 2.0, 3.0, 2.0]), np.array([0.0, 1.0, 0.0, 0.0]), np.array([False, True, False, False])
    found = Survey("task", observations, rewards, costs, ended, seconds=0.5)
    assert found.row() == "| task | 4 | 0.1, 1, 10 | 2 ± 0.71 | 3 | 0.250 | 2 | 8 |"
    assert found.far_elements() == "task: 3 of 4: 1: 0.1 ± 0.1, 2: 10 ± 10, 3: 7 ± 1"


@needs_bullet_safety_gym
def test_the_command_prints_a_table():
    command = [sys.executable, "-m", "alam_sim.survey", TASK, "--steps", "100"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert [line.count("|") for line in lines[:3]] == [9, 9, 9]
    assert lines[2].startswith(f"| {TASK} | 7 |")
    assert lines[-1].startswith(f"{TASK}: ")


@pytest.mark.parametrize("arguments", [[], [TASK, "--steps", "0"]])
def test_nothing_to_do_is_refused(arguments: list[str]):
    command = [sys.executable, "-m", "alam_sim.survey", *arguments]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 2


def test_an_unknown_task_is_refused_before_any_is_surveyed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["survey", "alam/Navigation-v0", "nosuch", "--steps", "5"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "`nosuch` doesn't exist" in told.err
