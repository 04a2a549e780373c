"""What clipping takes from an observation is told beside it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from alam_ros.contract import ArraySample, Contract, ObservationAssembler, PoseSample
from alam_ros.resources import config_path
from tests.contract.samples import goal, odometry, scan

CONTRACT = Contract.load(config_path("contracts/navigation.yaml"))
SPEED, TURN, GOAL = 72, 73, 74


def excess(*, speed: float = 0.0, turn_rate: float = 0.0, distance: float = 2.0, ranges: float = 1.0) -> np.ndarray:
    assembler = ObservationAssembler(CONTRACT)
    for topic, sample in (("odom", odometry(speed=speed, turn_rate=turn_rate)), ("goal", goal(distance)), ("scan", scan(ranges))):
        assembler.update(topic, sample)
    observation = assembler.advance()
    assert np.abs(observation).max() <= 1.0
    return assembler.excess()


def test_within_range_nothing_is_taken() -> None:
    assert not excess(speed=0.8, turn_rate=-2.5).any()


def test_a_speed_beyond_its_range_is_told_in_units_of_the_observation() -> None:
    found = excess(speed=2.0, turn_rate=-5.0)
    assert found[SPEED] == pytest.approx(2.0 / 0.8 - 1.0)
    assert found[TURN] == pytest.approx(-1.0)
    assert np.count_nonzero(found) == 2


def test_a_latched_goal_may_lie_anywhere() -> None:
    assert not excess(distance=100.0).any()


def test_a_latched_hazard_beyond_what_training_knew_is_told() -> None:
    arm = Contract.load(config_path("contracts/arm_reach.yaml"))
    tool, keep_out = (next(channel for channel in arm.observation if channel.name == name) for name in ("tool", "keep_out"))
    assert keep_out.timeout is None
    assembler = ObservationAssembler(replace(arm, observation=(tool, keep_out), trigger="tool"))
    assembler.update("tool_pose", PoseSample((0.5, 0.0, 0.5), (0.0, 0.0, 0.0, 1.0), tool.frame))
    for radius, expected in ((0.15, 0.0), (0.30, 2.0)):  # m, of a range of 0 to 0.15
        assembler.update("keep_out", ArraySample(np.array([0.5, 0.0, radius, 0.5], np.float32)))
        assembler.advance()
        assert assembler.excess().tolist() == pytest.approx([0.0, 0.0, 0.0, 0.0, 0.0, expected, 0.0], abs=1e-6)


def test_only_the_newest_frame_of_a_history_counts() -> None:
    found = excess(ranges=10.0)
    assert (found[:36] < 0.0).all()  # the far end of an exponential scale is -1
    assert not found[36:].any()
