"""Points and poses become coordinates, and a goal is seen from the tool."""

from __future__ import annotations

import numpy as np
import pytest

from alam_ros.contract import Channel, ObservationAssembler, PointSample, PoseSample
from alam_ros.contract.schema import Contract
from alam_ros.errors import ObservationError
from tests.support.policies import navigation_contract

POINT, POSE = "geometry_msgs/msg/PointStamped", "geometry_msgs/msg/PoseStamped"
TOOL = PoseSample((0.1, -0.2, 0.3), (0.0, 0.0, 0.0, 1.0), "base")
GOAL = PointSample((0.4, 0.4, 0.5), "base")
CONTRACT = Contract(
    name="reach",
    control_period=0.1,
    trigger="tool",
    observation=(
        Channel(name="tool", topic="tool", type=POSE, field="position", size=3, frame="base"),
        Channel(name="goal", topic="goal", type=POINT, field="position", size=3, timeout=None),
        Channel(name="way", topic="goal", type=POINT, field="goal_direction", size=4, reference_topic="tool", timeout=None),
    ),
    action=navigation_contract().action,
)


def assembled(goal: PointSample = GOAL, tool: PoseSample = TOOL) -> np.ndarray:
    assembler = ObservationAssembler(CONTRACT)
    assembler.update("tool", tool)
    assembler.update("goal", goal)
    return assembler.advance()


def test_a_position_is_read_from_a_pose_or_a_point_and_a_goal_from_the_tool() -> None:
    np.testing.assert_allclose(assembled(), [0.1, -0.2, 0.3, 0.4, 0.4, 0.5, 0.7, 3 / 7, 6 / 7, 2 / 7], rtol=1e-6)


def test_at_the_goal_there_is_no_direction() -> None:
    np.testing.assert_array_equal(assembled(goal=PointSample(TOOL.position, "base"))[6:], np.zeros(4))


def test_the_tool_is_subscribed_to_as_a_pose() -> None:
    assert CONTRACT.topics() == (("tool", POSE), ("goal", POINT))


def test_a_goal_in_another_frame_than_the_tool_is_refused() -> None:
    with pytest.raises(ObservationError, match="frame `base`; found `map`"):
        assembled(goal=PointSample((0.0, 0.0, 0.0), "map"))


def test_a_tool_in_another_frame_than_the_contract_says_is_refused() -> None:
    with pytest.raises(ObservationError, match="`tool` in the frame `base`; found `flange`"):
        assembled(tool=PoseSample((0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0), "flange"))
