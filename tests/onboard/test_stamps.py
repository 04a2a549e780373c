"""Stamps pass through seconds without losing a nanosecond."""

from __future__ import annotations

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from alam_ros.contract.cdr import ENCODING, SECOND_NS, STAMP, HeaderWriter, read_header, string
from alam_ros.onboard.stamps import StampScale, header_stamp_ns


@given(first=st.integers(0, 2**31 - 1), later=st.lists(st.integers(-(10**15), 10**15)))
def test_stamps_come_back_to_the_nanosecond(first: int, later: list[int]) -> None:
    scale = StampScale()
    origin = first * 1_000_000_000
    scale.seconds(origin)
    for offset in later:
        assert scale.stamp_ns(scale.seconds(origin + offset)) == origin + offset


def test_a_message_without_header_or_with_an_empty_one_has_no_stamp() -> None:
    def message(sec: int, nanosec: int) -> SimpleNamespace:
        return SimpleNamespace(header=SimpleNamespace(stamp=SimpleNamespace(sec=sec, nanosec=nanosec)))

    assert header_stamp_ns(message(3, 5)) == 3_000_000_005
    assert header_stamp_ns(message(0, 0)) is None
    assert header_stamp_ns(SimpleNamespace(data=[])) is None


def test_a_stamp_that_is_no_time_can_still_be_passed_on() -> None:
    seconds, nanoseconds = 2**31 - 1, 2**32 - 1  # DDS's infinite time
    data = ENCODING + STAMP.pack(seconds, nanoseconds) + string("odom")
    stamp_ns, frame, _ = read_header(data)
    assert (stamp_ns, frame) == (seconds * SECOND_NS + 999_999_999, "odom")
    assert read_header(HeaderWriter("odom")(stamp_ns))[0] == stamp_ns
