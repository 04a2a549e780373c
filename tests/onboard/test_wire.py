"""Commands and risk estimates as they travel are what rclpy makes of them."""

from __future__ import annotations

import math
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("rclpy", reason="tests over real ROS need the packages of `make`")

from geometry_msgs.msg import TwistStamped
from rclpy.serialization import deserialize_message, serialize_message

from alam_ros.contract.cdr import SECOND_NS, HeaderWriter
from alam_ros.msg import RiskEstimate
from alam_ros.nodes.stamps import time_message
from alam_ros.onboard.estimator import NUMBERS, Estimate
from alam_ros.onboard.risk_input import JUDGED
from alam_ros.onboard.wire import RiskWriter, read_risk, read_twist_stamped, write_twist_stamped

STAMP_NS = 1_700_000_000_123_456_789
frame = st.text(max_size=9, alphabet="abc/_ä")


def estimate(action: list[float]) -> Estimate:
    names = [field.name for field in fields(Estimate)]
    values: dict[str, object] = {name: 0.5 + index for index, name in enumerate(names)}
    return Estimate(**values | {"stamp_ns": STAMP_NS, "level": 2, "policy_id": "0123456789ab", "action": np.array(action)})  # type: ignore[arg-type]


@given(name=frame, policy=frame, action=st.lists(st.floats(-9, 9), min_size=1, max_size=7))
def test_rclpy_reads_every_field_of_a_risk_estimate(name: str, policy: str, action: list[float]) -> None:
    given_estimate = replace(estimate(action), policy_id=policy)
    data = RiskWriter(name, policy, len(action))(given_estimate)
    message = deserialize_message(data, RiskEstimate)
    assert (message.header.frame_id, message.header.stamp.sec, message.header.stamp.nanosec) == (name, 1_700_000_000, 123_456_789)
    assert {field: getattr(message, field) for field in NUMBERS} == {field: getattr(given_estimate, field) for field in NUMBERS}
    assert list(message.action) == action
    expected = {field: getattr(given_estimate, field) for field in JUDGED}
    assert read_risk(data) == read_risk(serialize_message(message)) == (STAMP_NS, expected, policy)


def test_what_is_not_a_number_survives() -> None:
    data = RiskWriter("base", "", 2)(replace(estimate([math.nan, math.inf]), probability=math.nan))
    message = deserialize_message(data, RiskEstimate)
    assert math.isnan(message.probability)
    assert str(list(message.action)) == "[nan, inf]"


@given(name=frame, numbers=st.lists(st.floats(-9, 9), min_size=6, max_size=6))
def test_a_command_is_read_and_written_as_rclpy_does(name: str, numbers: list[float]) -> None:
    data = write_twist_stamped(HeaderWriter(name)(STAMP_NS), numbers)
    message = deserialize_message(data, TwistStamped)
    assert (message.header.frame_id, message.header.stamp.nanosec) == (name, 123_456_789)
    assert [getattr(part, axis) for part in (message.twist.linear, message.twist.angular) for axis in "xyz"] == numbers
    found = read_twist_stamped(serialize_message(message))
    assert found is not None
    header, read = found
    assert list(read) == numbers
    assert deserialize_message(write_twist_stamped(header, [0.0] * 6), TwistStamped).header == message.header


@pytest.mark.parametrize(("stamp_ns", "held"), [(-1, (0, 0)), (2**31 * SECOND_NS, (2**31 - 1, SECOND_NS - 1))])
def test_a_stamp_that_no_message_can_hold_becomes_the_nearest(stamp_ns: int, held: tuple[int, int]) -> None:
    data = write_twist_stamped(HeaderWriter("base")(stamp_ns), [0.0] * 6)
    stamp = deserialize_message(data, TwistStamped).header.stamp
    assert (stamp.sec, stamp.nanosec) == held
    assert time_message(stamp_ns) == stamp


def test_what_is_cut_off_or_encoded_otherwise_is_left_to_rclpy() -> None:
    risk, twist = RiskWriter("base", "policy", 2)(estimate([0.0, 1.0])), serialize_message(TwistStamped())
    assert all(read_risk(risk[:length]) is None for length in range(len(risk)))
    assert all(read_twist_stamped(twist[:length]) is None for length in range(len(twist) - 4))
    assert read_risk(b"\x00\x00" + risk[2:]) is None
    assert read_twist_stamped(b"\x00\x00" + twist[2:]) is None
