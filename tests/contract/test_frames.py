"""Goals in frames of their own are seen through the transforms that are broadcast."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace as Message

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alam_ros.contract import Contract, ObservationAssembler, PointSample
from alam_ros.contract.cdr import SECOND_NS
from alam_ros.contract.frames import FrameTree
from alam_ros.contract.messages import update_frames
from alam_ros.errors import ObservationError
from tests.contract.samples import goal, odometry, scan
from tests.support.policies import navigation_contract

LEVEL = (0.0, 0.0, 0.0, 1.0)
coordinate = st.floats(-5.0, 5.0)
angle = st.floats(-math.pi, math.pi)


def turn(yaw: float) -> tuple[float, float, float, float]:
    return (0.0, 0.0, math.sin(yaw / 2), math.cos(yaw / 2))


def map_contract() -> Contract:
    """Return a contract whose goals are in `map`."""
    contract = navigation_contract()
    channels = (replace(channel, frame="map") if channel.name == "goal" else channel for channel in contract.observation)
    return replace(contract, observation=tuple(channels))


def assembled(frames: FrameTree, **target: object) -> np.ndarray:
    assembler = ObservationAssembler(map_contract(), frames)
    for topic, sample in {"scan": scan(), "odom": odometry(x=0.5, yaw=0.3), "goal": goal(**target)}.items():  # type: ignore[arg-type]
        assembler.update(topic, sample)
    return assembler.advance()


@given(x=coordinate, y=coordinate, yaw=angle, goal_x=coordinate, goal_y=coordinate)
def test_a_point_is_seen_from_the_child_and_back(x: float, y: float, yaw: float, goal_x: float, goal_y: float) -> None:
    frames = FrameTree()
    frames.update("map", "odom", (x, y, 0.5), turn(yaw), received=0.0)
    dx, dy = goal_x - x, goal_y - y
    seen = frames.point((goal_x, goal_y, 0.0), "map", "odom")
    expected = (dx * math.cos(yaw) + dy * math.sin(yaw), dy * math.cos(yaw) - dx * math.sin(yaw), -0.5)
    np.testing.assert_allclose(seen, expected, atol=1e-9)
    np.testing.assert_allclose(frames.point(seen, "odom", "map"), (goal_x, goal_y, 0.0), atol=1e-9)


def test_frames_are_joined_over_a_common_ancestor() -> None:
    frames = FrameTree()
    frames.update("world", "/table", (1.0, 0.0, 0.0), turn(math.pi / 2), received=0.0, is_static=True)
    frames.update("world", "base", (0.0, 2.0, 0.0), LEVEL, received=0.0, is_static=True)
    frames.update("base", "tool", (0.0, 0.0, 1.0), turn(math.pi), received=0.0)
    np.testing.assert_allclose(frames.point((1.0, 0.0, 0.0), "table", "tool"), (-1.0, 1.0, -1.0), atol=1e-12)
    assert frames.point((1.0, 2.0, 3.0), "tool", "tool") == (1.0, 2.0, 3.0)


def test_a_goal_on_the_map_is_the_observation_of_the_same_goal_in_odometry_s_frame() -> None:
    frames = FrameTree()
    frames.update("map", "odom", (3.0, 1.0, 0.0), turn(math.pi / 2), received=0.0)
    assert map_contract().needs_transforms
    # Two metres ahead of odometry's origin lie two metres to the left of (3, 1) on the map.
    on_map = assembled(frames, x=3.0, y=3.0, frame="map")
    trained = ObservationAssembler(navigation_contract())
    for topic, sample in {"scan": scan(), "odom": odometry(x=0.5, yaw=0.3), "goal": goal(2.0, 0.0)}.items():
        trained.update(topic, sample)
    np.testing.assert_allclose(on_map, trained.advance(), atol=1e-6)


def test_a_goal_may_be_a_point_on_the_map_or_in_odometry_s_frame() -> None:
    frames = FrameTree()
    frames.update("map", "odom", (3.0, 1.0, 0.0), turn(math.pi / 2), received=0.0)
    for contract, frame, place in ((map_contract(), "map", (3.0, 3.0, 0.0)), (navigation_contract(), "odom", (2.0, 0.0, 0.0))):
        channels = (
            replace(channel, type="geometry_msgs/msg/PointStamped") if channel.name == "goal" else channel
            for channel in contract.observation
        )
        assembler = ObservationAssembler(replace(contract, observation=tuple(channels)), frames)
        for topic, sample in {"scan": scan(), "odom": odometry(x=0.5, yaw=0.3), "goal": PointSample(place, frame)}.items():
            assembler.update(topic, sample)
        np.testing.assert_allclose(assembler.advance(), assembled(frames, x=3.0, y=3.0, frame="map"), atol=1e-6)


def test_a_correction_of_the_localisation_moves_the_goal() -> None:
    frames = FrameTree()
    frames.update("map", "odom", (0.0, 0.0, 0.0), LEVEL, received=0.0)
    before = assembled(frames, frame="map")
    frames.update("map", "odom", (0.5, 0.0, 0.0), LEVEL, received=0.5)
    assert assembled(frames, frame="map")[-3] == pytest.approx(before[-3] - 0.5 / 4)


def test_missing_transforms_are_answered_with_the_frames_there_are() -> None:
    frames = FrameTree()
    with pytest.raises(ObservationError, match="join `map` and `odom`; found the frames none; broadcast them on /tf"):
        assembled(frames, frame="map")
    frames.update("earth", "map", (0.0, 0.0, 0.0), LEVEL, received=0.0)
    with pytest.raises(ObservationError, match="found the frames earth, map;"):
        assembled(frames, frame="map")


def test_a_goal_in_another_frame_than_the_contract_s_is_refused_although_transforms_are_there() -> None:
    frames = FrameTree()
    frames.update("map", "odom", (0.0, 0.0, 0.0), LEVEL, received=0.0)
    with pytest.raises(ObservationError, match="in the frame `map`; found `odom`"):
        assembled(frames, frame="odom")


def test_a_transform_grows_old_unless_it_is_static() -> None:
    frames = FrameTree()
    for child, is_static in (("odom", False), ("marker", True)):
        frames.update("map", child, (1.0, 0.0, 0.0), LEVEL, received=10.0, is_static=is_static)
    frames.hear(10.9)
    assert frames.point((1.0, 0.0, 0.0), "map", "odom") == (0.0, 0.0, 0.0)
    frames.hear(12.5)
    assert frames.point((1.0, 0.0, 0.0), "map", "marker") == (0.0, 0.0, 0.0)
    with pytest.raises(ObservationError, match=r"`odom` in `map` not older than 1 s; found one of 2\.5 s ago"):
        frames.point((1.0, 0.0, 0.0), "map", "odom")


def test_a_transform_that_keeps_coming_under_an_old_stamp_is_refused() -> None:
    frames = FrameTree()
    frames.update("map", "odom", (1.0, 0.0, 0.0), LEVEL, received=40.0, stamp_ns=10 * SECOND_NS)
    frames.hear(40.0, 10_900_000_000)
    assert frames.point((1.0, 0.0, 0.0), "map", "odom") == (0.0, 0.0, 0.0)
    frames.hear(40.1, 40 * SECOND_NS)
    with pytest.raises(
        ObservationError, match=r"than 1 s; found one stamped 30\.0 s before what is seen, though it came 0\.1 s ago"
    ):
        frames.point((1.0, 0.0, 0.0), "map", "odom")


@pytest.mark.parametrize(
    ("stamp_ns", "is_static"),
    [(0, False), (10 * SECOND_NS, True), (43 * SECOND_NS, False)],
    ids=["left empty", "static", "dated forward"],
)
def test_such_stamps_say_nothing_of_age(stamp_ns: int, is_static: bool) -> None:
    frames = FrameTree()
    frames.update("map", "odom", (1.0, 0.0, 0.0), LEVEL, received=40.0, stamp_ns=stamp_ns, is_static=is_static)
    frames.hear(40.1, 40 * SECOND_NS)
    frames.hear(40.1)  # without a stamp
    assert frames.point((1.0, 0.0, 0.0), "map", "odom") == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("rotation", [(0.0, 0.0, 0.0, 0.0), (math.nan, 0.0, 0.0, 1.0)])
def test_a_rotation_nobody_filled_in_is_refused(rotation: tuple[float, float, float, float]) -> None:
    frames = FrameTree()
    frames.update("map", "odom", (0.0, 0.0, 0.0), rotation, received=0.0)
    with pytest.raises(ObservationError, match="norm 1 from /tf, of `odom` in `map`"):
        frames.point((1.0, 0.0, 0.0), "map", "odom")


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_translation_that_is_no_number_is_refused_and_its_frame_named(number: float) -> None:
    frames = FrameTree()
    frames.update("map", "odom", (number, 0.0, 0.0), LEVEL, received=0.0)
    with pytest.raises(ObservationError, match=r"finite translation of `odom` in `map`; found .*check who"):
        assembled(frames, frame="map")


def test_a_loop_of_transforms_ends() -> None:
    frames = FrameTree()
    for parent, child in (("a", "b"), ("b", "a")):
        frames.update(parent, child, (1.0, 0.0, 0.0), LEVEL, received=0.0)
    with pytest.raises(ObservationError, match="join `a` and `odom`"):
        frames.point((0.0, 0.0, 0.0), "a", "odom")


def test_a_message_of_transforms_is_read() -> None:
    transform = Message(translation=Message(x=1.0, y=2.0, z=3.0), rotation=Message(x=0.0, y=0.0, z=0.0, w=1.0))
    header = Message(frame_id="map", stamp=Message(sec=7, nanosec=500_000_000))
    stamped = Message(header=header, child_frame_id="odom", transform=transform)
    frames = FrameTree()
    update_frames(frames, Message(transforms=[stamped]), received=0.0, is_static=False)
    frames.hear(0.0, 8 * SECOND_NS)
    assert frames.point((1.0, 2.0, 3.0), "map", "odom") == (0.0, 0.0, 0.0)
    frames.hear(0.0, 9 * SECOND_NS)
    with pytest.raises(ObservationError, match=r"stamped 1\.5 s before"):
        frames.point((1.0, 2.0, 3.0), "map", "odom")
