"""Commanders drive within the robot's limits, and as carelessly as they claim."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from alam_ros.contract import Contract
from alam_ros.errors import ConfigurationError
from alam_ros.gate_study.commanders import NAMES, make_commander
from alam_ros.resources import config_path, shipped_policy
from alam_ros.runtime import PolicyRuntime
from tests.support.policies import write_sample_policy

RUNTIME = PolicyRuntime.load(shipped_policy("navigation"))


def observation(bearing: float, speed: float = 0.5) -> np.ndarray:
    made = np.ones(RUNTIME.contract.observation_size, dtype=np.float32)
    made[-5], made[-2], made[-1] = speed, math.cos(bearing), math.sin(bearing)
    return made


@pytest.mark.parametrize("name", [*NAMES, str(shipped_policy("navigation"))])
def test_commands_are_within_limits(name: str) -> None:
    commander = make_commander(name, RUNTIME, np.random.default_rng(0))
    for bearing in np.linspace(-3.1, 3.1, 60):
        forward, turn = commander.command(observation(bearing, speed=0.0))
        assert abs(forward) <= 0.6
        assert abs(turn) <= 2.0


def test_straight_is_straight_to_the_goal_at_full_speed() -> None:
    commander = make_commander("straight", RUNTIME, np.random.default_rng(0))
    assert commander.command(observation(0.0)) == pytest.approx([0.6, 0.0])
    forward, turn = commander.command(observation(math.pi / 2))
    assert (forward, turn) == pytest.approx((0.0, 2.0), abs=1e-6)


def test_a_stuck_person_backs_off() -> None:
    commander = make_commander("joystick", RUNTIME, np.random.default_rng(0))
    forward = [commander.command(observation(0.0, speed=0.0))[0] for _ in range(20)]
    assert forward[0] == pytest.approx(0.6)
    assert min(forward) < 0.0


def test_an_arm_has_no_way_straight_to_a_goal(tmp_path: Path) -> None:
    arm = write_sample_policy(tmp_path / "arm.alam", contract=Contract.load(config_path("contracts/arm_reach.yaml")))
    with pytest.raises(ConfigurationError, match="goal_polar"):
        make_commander("straight", PolicyRuntime.load(arm), np.random.default_rng(0))
