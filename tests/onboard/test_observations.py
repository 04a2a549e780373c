"""Messages of a robot whose goals are on a map become control ticks, or say why not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from alam_ros.errors import ObservationError
from alam_ros.onboard.observations import ObservationStream
from tests.contract_check import drives
from tests.support.policies import navigation_contract

CONTRACT = navigation_contract()
ON_MAP = replace(
    CONTRACT,
    observation=tuple(replace(channel, frame="map") if channel.name == "goal" else channel for channel in CONTRACT.observation),
)


def tick(stream: ObservationStream, at: float) -> np.ndarray:
    """Let all sensors be heard at a time, and return the observation."""
    for topic, message in (("odom", drives.odometry(at)), ("scan", drives.scan(at, frame="base_link"))):
        stream.receive(topic, message.__msgtype__, message, received=at, now_ns=lambda: 0)
    due = stream.poll(at)
    assert due is not None
    return due.observation


def test_a_transform_of_an_old_stamp_is_refused_by_the_stamps_of_what_is_seen() -> None:
    stream = ObservationStream(ON_MAP)
    goal = drives.goal(0.0, frame="map", x=5.0)
    stream.receive("goal", goal.__msgtype__, goal, received=0.0, now_ns=lambda: 0)
    stream.receive_transforms(drives.transform(0.0, "map", "odom", 3.0), received=0.0, is_static=False)
    first = tick(stream, 0.5)
    assert len(first) == ON_MAP.observation_size
    assert stream.frames_used() == {"odom"}
    stream.receive_transforms(drives.transform(0.0, "map", "odom", 3.0), received=2.5, is_static=False)  # again, not anew
    with pytest.raises(ObservationError, match=r"`odom` in `map` not older than 1 s; found one stamped 2\.5 s before"):
        tick(stream, 2.5)
    stream.receive_transforms(drives.transform(2.5, "map", "odom", 3.0), received=2.6, is_static=False)
    np.testing.assert_array_equal(tick(stream, 2.6), first)
    goal = drives.goal(60.0, frame="map", x=5.0)  # by another computer's clock
    stream.receive("goal", goal.__msgtype__, goal, received=2.65, now_ns=lambda: 0)
    np.testing.assert_array_equal(tick(stream, 2.7), first)
