"""Whose joints a message holds is read from its bytes."""

from __future__ import annotations

import struct

import pytest

from tests.support.ros import RosGraph

from alam_ros.nodes.joint_writers import JointWriters  # isort: skip
from alam_ros.nodes.qos import SENSOR  # isort: skip
from rclpy.serialization import serialize_message  # isort: skip
from sensor_msgs.msg import JointState  # isort: skip
from std_msgs.msg import Header  # isort: skip

JOINTS = frozenset({"shoulder", "wrist"})


@pytest.mark.parametrize(
    ("names", "frame", "is_own"),
    [
        (["wrist", "shoulder"], "", True),
        (["finger", "wrist"], "base", True),
        (["finger"], "", False),
        ([], "base_link", False),
        (["wrist_2", "left_wrist", "rist"], "", False),
        (["finger"], "wrist", False),
    ],
    ids=["own", "among others", "a gripper's", "none", "alike", "as a frame"],
)
def test_the_contracts_joints_are_found_by_their_whole_names(ros: RosGraph, names: list[str], frame: str, is_own: bool) -> None:
    writers = JointWriters(ros.node, "joint_states", JOINTS)
    message = JointState(header=Header(frame_id=frame), name=names, position=[0.5] * len(names))
    assert writers._is_own(serialize_message(message)) is is_own
    writers.destroy()


@pytest.mark.parametrize("names", [["shoulder", "wrist"], ["finger"]], ids=["the same joints", "a gripper"])
def test_two_that_publish_the_same_joints_are_several_and_others_are_not(ros: RosGraph, names: list[str]) -> None:
    writers = JointWriters(ros.node, "joint_states", JOINTS)
    arm, other = (ros.node.create_publisher(JointState, "joint_states", SENSOR) for _ in range(2))
    ros.wait_for(lambda: arm.get_subscription_count() and other.get_subscription_count(), "the writers to be matched")
    heard: list[bool] = []
    for _ in range(20):
        arm.publish(JointState(name=sorted(JOINTS)))
        other.publish(JointState(name=names))
        ros.spin_once()
        heard.append(writers.are_several(is_shared=False))
    assert any(heard) is (names != ["finger"])
    ros.node.destroy_publisher(other)
    ros.wait_for(lambda: not writers.are_several(is_shared=False), "one publisher")
    writers.destroy()


def test_a_message_in_the_other_order_of_bytes_is_read(ros: RosGraph) -> None:
    writers = JointWriters(ros.node, "joint_states", JOINTS)
    text = struct.pack(">I", 6) + b"wrist\0"
    data = b"\0\0\0\0" + struct.pack(">iI", 1, 2) + struct.pack(">I", 1) + b"\0\0\0\0" + struct.pack(">I", 1) + text
    data += b"\0\0" + struct.pack(">III", 0, 0, 0)
    assert writers._is_own(data)
    writers.destroy()


@pytest.mark.parametrize("junk", [b"", b"\x00\x01\x00\x00junk", b"\xff" * 700], ids=["nothing", "too short", "another encoding"])
def test_bytes_that_are_no_message_are_of_no_arm(ros: RosGraph, junk: bytes) -> None:
    writers = JointWriters(ros.node, "joint_states", JOINTS)
    assert not writers._is_own(junk)
    writers.destroy()
