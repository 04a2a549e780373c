"""Transforms of one frame that several nodes broadcast are told by the numbers of their messages."""

from __future__ import annotations

import pytest

from tests.support.ros import RosGraph  # first: it skips the module where ROS is absent

pytest.importorskip("rosbags", reason="messages are made by the extra `bags`")

from alam_ros.nodes.transform_writers import TransformWriters  # isort: skip
from alam_ros.nodes.transforms import MOVING, TRANSFORM_TOPICS  # isort: skip
from std_msgs.msg import String  # isort: skip
from tests.support.transforms import transforms_of  # isort: skip

KIND = String  # of no consequence to bytes, and always installed


@pytest.mark.parametrize("frames", [("map", "/odom"), ("odom", "base_link")], ids=["the same frame", "frames of their own"])
def test_two_that_broadcast_the_same_frame_are_several_and_others_are_not(ros: RosGraph, frames: tuple[str, str]) -> None:
    writers = TransformWriters(ros.node, KIND)
    localisation, other = (ros.node.create_publisher(KIND, MOVING, TRANSFORM_TOPICS[MOVING]) for _ in range(2))
    ros.wait_for(lambda: localisation.get_subscription_count() and other.get_subscription_count(), "the writers to be matched")
    heard: set[tuple[str, ...]] = set()
    for _ in range(20):
        localisation.publish(transforms_of(("base_link", "laser"), ("map", "odom")))
        other.publish(transforms_of(frames))
        ros.spin_once()
        heard.add(writers.of_several({"odom", "base_link"}))
    assert heard - {()} == ({("odom",)} if frames[1] == "/odom" else set())
    ros.node.destroy_publisher(other)
    ros.wait_for(lambda: not writers.of_several({"odom"}), "one publisher")
    writers.destroy()
