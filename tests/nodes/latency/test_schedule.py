"""Both sides are asked equally often, in turns or side by side, and sensors are heard before the commander."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="nodes need the packages of `make`")

from alam_ros.nodes.latency.schedule import SIDES, Plan, blocks

PLAN = Plan(rate=10.0, turns=3, turn_s=2.0, settle_s=0.5)


def test_sides_take_turns_and_take_turns_to_be_first() -> None:
    found = list(blocks(PLAN))
    assert [block.sides for block in found] == [("ours",), ("echo",), ("echo",), ("ours",), ("ours",), ("echo",)]
    assert [block.turn for block in found] == [0, 0, 1, 1, 2, 2]


def test_what_comes_while_a_turn_settles_is_not_counted() -> None:
    asked = [step for step in next(blocks(PLAN)).steps if step.is_question]
    assert [step.number for step in asked] == list(range(-5, 15))
    np.testing.assert_allclose(np.diff([step.time for step in asked]), 0.1)


def test_side_by_side_both_are_asked_in_every_period_half_of_one_apart() -> None:
    plan = Plan(rate=10.0, turns=1, turn_s=2.0, settle_s=0.5, is_side_by_side=True)
    (block,) = blocks(plan)
    asked = {side: [step for step in block.steps if step.is_question and step.side == side] for side in SIDES}
    assert [step.number for step in asked["ours"]] == [step.number for step in asked["echo"]]
    gaps = [echo.time - ours.time for ours, echo in zip(asked["ours"], asked["echo"], strict=True)]
    np.testing.assert_allclose(gaps, 0.05)


def test_sensors_are_heard_a_quarter_of_a_period_before_each_question() -> None:
    shown, asked = ([step.time for step in next(blocks(PLAN)).steps if step.is_question is kind] for kind in (False, True))
    np.testing.assert_allclose(np.subtract(asked, shown), 0.025)
