"""An observation stacks each channel's own history, newest first."""

from __future__ import annotations

import numpy as np

from alam_ros.contract import Channel
from alam_ros.contract.frame_history import FrameHistory

ARRAY = {"topic": "array", "type": "std_msgs/msg/Float32MultiArray", "field": "data", "unit": "1", "timeout": 0.5}
DEEP = Channel(name="deep", size=1, history=3, stride=2, **ARRAY)  # type: ignore[arg-type]
PLAIN = Channel(name="plain", size=2, **ARRAY)  # type: ignore[arg-type]


def test_each_channel_has_its_own_depth_and_stride() -> None:
    history = FrameHistory((DEEP, PLAIN))
    for step in range(7):
        observation = history.push(np.array([step, 10.0 + step, 20.0 + step]))
    assert observation.tolist() == [6.0, 4.0, 2.0, 16.0, 26.0]
    assert observation.dtype == np.float32


def test_a_first_frame_fills_the_history_and_so_does_the_first_after_a_restart() -> None:
    history = FrameHistory((DEEP, PLAIN))
    assert history.push(np.array([1.0, 2.0, 3.0])).tolist() == [1.0, 1.0, 1.0, 2.0, 3.0]
    history.push(np.array([4.0, 5.0, 6.0]))
    history.restart()
    assert history.push(np.array([7.0, 8.0, 9.0])).tolist() == [7.0, 7.0, 7.0, 8.0, 9.0]


def test_an_observation_is_not_changed_by_the_next() -> None:
    history = FrameHistory((DEEP, PLAIN))
    first = history.push(np.array([1.0, 2.0, 3.0]))
    history.push(np.zeros(3))
    assert first.tolist() == [1.0, 1.0, 1.0, 2.0, 3.0]


def test_it_says_where_the_newest_elements_stand() -> None:
    history = FrameHistory((DEEP, PLAIN))
    assert history.newest.tolist() == [0, 3, 4]
    assert history.places == [slice(0, 1), slice(1, 3)]
