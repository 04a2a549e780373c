"""Samples become the normalised observation, or an error that names the channel."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alam_ros.contract import ArraySample, Channel, Contract, ObservationAssembler, OdometrySample, Sample
from alam_ros.errors import ContractError, ObservationError
from tests.contract.samples import goal, odometry, scan
from tests.support.policies import navigation_contract

CONTRACT = navigation_contract()
VELOCITY, GOAL = slice(72, 74), slice(74, 77)


def assembled(**samples: Sample) -> np.ndarray:
    assembler = ObservationAssembler(CONTRACT)
    for topic, sample in {"scan": scan(), "odom": odometry(), "goal": goal(), **samples}.items():
        assembler.update(topic, sample)
    return assembler.advance()


def array_contract(**options: object) -> Contract:
    channel = Channel(name="state", topic="state", type="std_msgs/msg/Float32MultiArray", field="data", size=1, **options)  # type: ignore[arg-type]
    return Contract(name="array", control_period=0.1, trigger="state", observation=(channel,), action=CONTRACT.action)


@given(speed=st.floats(-10, 10), turn_rate=st.floats(-10, 10), distance=st.floats(0.01, 10.0))
def test_the_observation_is_float32_in_the_unit_range(speed: float, turn_rate: float, distance: float) -> None:
    observation = assembled(odom=odometry(speed=speed, turn_rate=turn_rate), scan=scan(distance))
    assert observation.dtype == np.float32
    assert observation.shape == (CONTRACT.observation_size,)
    assert (np.abs(observation) <= 1.0).all()


def test_ranges_are_scaled_to_the_unit_range() -> None:
    observation = assembled(odom=odometry(speed=0.4, turn_rate=-2.5), scan=scan(0.75))
    np.testing.assert_allclose(observation[:72], -0.5)
    np.testing.assert_allclose(observation[VELOCITY], [0.5, -1.0], rtol=1e-6)


@given(
    x=st.floats(-3, 3),
    y=st.floats(-3, 3),
    yaw=st.floats(-math.pi, math.pi),
    distance=st.floats(0.1, 7.9),
    bearing=st.floats(-math.pi, math.pi),
)
def test_the_goal_is_seen_from_the_body(x: float, y: float, yaw: float, distance: float, bearing: float) -> None:
    heading = yaw + bearing
    target = goal(x + distance * math.cos(heading), y + distance * math.sin(heading))
    observation = assembled(odom=odometry(x=x, y=y, yaw=yaw), goal=target)
    np.testing.assert_allclose(observation[GOAL], [distance / 4 - 1, math.cos(bearing), math.sin(bearing)], atol=1e-5)


@given(history=st.integers(1, 4), stride=st.integers(1, 4), ticks=st.integers(1, 20))
def test_a_history_holds_frames_a_stride_apart_newest_first(history: int, stride: int, ticks: int) -> None:
    assembler = ObservationAssembler(array_contract(history=history, stride=stride))
    for tick in range(ticks):
        assembler.update("state", ArraySample(np.array([tick], dtype=np.float32)))
        observation = assembler.advance()
    expected = [max(ticks - 1 - frame * stride, 0) for frame in range(history)]
    np.testing.assert_array_equal(observation, expected)


def test_a_restart_forgets_history_and_samples() -> None:
    assembler = ObservationAssembler(array_contract(history=2, stride=1))
    for value in (1.0, 2.0):
        assembler.update("state", ArraySample(np.array([value], dtype=np.float32)))
        assembler.advance()
    assembler.restart()
    assert assembler.missing() == ("state",)
    assembler.update("state", ArraySample(np.array([5.0], dtype=np.float32)))
    np.testing.assert_array_equal(assembler.advance(), [5.0, 5.0])


def test_a_failed_tick_leaves_every_history_in_step() -> None:
    assembler, untroubled = ObservationAssembler(CONTRACT), ObservationAssembler(CONTRACT)
    for step in range(8):
        for each in (assembler, untroubled):
            for topic, sample in {"scan": scan(0.1 * (step + 1)), "odom": odometry(), "goal": goal()}.items():
                each.update(topic, sample)
        if step == 4:
            assembler.update("odom", odometry(speed=math.nan))
            with pytest.raises(ObservationError, match="velocity"):
                assembler.advance()
            assembler.update("odom", odometry())
        np.testing.assert_array_equal(assembler.advance(), untroubled.advance())


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("field", ["speed", "turn_rate", "x", "y"])
def test_a_value_that_is_not_finite_is_refused_not_clipped(field: str, value: float) -> None:
    with pytest.raises(ObservationError, match="velocity" if field in ("speed", "turn_rate") else "goal"):
        assembled(odom=odometry(**{field: value}))


@pytest.mark.parametrize("orientation", [(0.0, 0.0, 0.0, 0.0), (0.0, 0.0, math.nan, 1.0), (0.0, 0.0, 1e200, 1e200)])
def test_an_orientation_nobody_filled_in_is_refused(orientation: tuple[float, float, float, float]) -> None:
    with pytest.raises(ObservationError, match="orientation of norm 1"):
        assembled(odom=OdometrySample((0.0, 0.0, 0.0), orientation, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)))


@pytest.mark.parametrize("norm", [0.91, 1.09])
def test_an_orientation_that_is_a_little_off_is_read_as_the_unit_one(norm: float) -> None:
    exact = odometry(yaw=1.5)
    rounded = replace(exact, orientation=tuple(norm * part for part in exact.orientation))
    assert assembled(odom=rounded) == pytest.approx(assembled(odom=exact), abs=1e-6)


def test_a_scan_in_another_frame_is_refused() -> None:
    with pytest.raises(ObservationError, match="`scan` in the frame `base_link`; found `base_scan`"):
        assembled(scan=scan(frame="base_scan"))


def test_a_goal_in_another_frame_than_the_odometry_is_refused() -> None:
    with pytest.raises(ObservationError, match="frame `odom`; found `map`"):
        assembled(goal=goal(frame="map"))


def test_an_array_of_another_size_names_its_channel() -> None:
    assembler = ObservationAssembler(array_contract())
    assembler.update("state", ArraySample(np.zeros(2, dtype=np.float32)))
    with pytest.raises(ObservationError, match="channel `state`"):
        assembler.advance()


def test_missing_channels_are_named() -> None:
    assembler = ObservationAssembler(CONTRACT)
    assembler.update("goal", goal())
    assert assembler.missing() == ("scan", "velocity", "goal"), "the goal is seen from the odometry"
    with pytest.raises(ObservationError, match="scan, velocity, goal"):
        assembler.advance()


def test_an_unknown_topic_is_refused() -> None:
    with pytest.raises(ObservationError, match="`image`"):
        ObservationAssembler(CONTRACT).update("image", scan())


def test_silence_beyond_the_timeout_is_stale_but_a_goal_never_is() -> None:
    assembler = ObservationAssembler(CONTRACT)
    for topic, sample in {"scan": scan(), "odom": odometry(), "goal": goal()}.items():
        assembler.update(topic, sample, received=10.0)
    assert assembler.stale(10.5) == ()
    assembler.update("scan", scan(), received=10.4)
    assert assembler.stale(10.6) == ("velocity",)
    assert assembler.ages(10.6)["goal"] == pytest.approx(0.6)


def test_data_are_outdated_that_were_taken_longer_ago_than_their_timeout() -> None:
    assembler = ObservationAssembler(CONTRACT)
    for topic, sample, stamp in (("scan", scan(), 5.0), ("odom", odometry(), 4.4), ("goal", goal(), 1.0)):
        assembler.update(topic, sample, stamp=stamp, received=5.0)
    assert assembler.outdated(4.9) == {}
    assert assembler.outdated(5.0) == {"velocity": pytest.approx(0.6)}


def test_data_of_a_clock_that_is_ahead_are_outdated_as_well() -> None:
    assembler = ObservationAssembler(CONTRACT)
    for topic, sample, stamp in (("scan", scan(), 5.0), ("odom", odometry(), 15.0), ("goal", goal(), 100.0)):
        assembler.update(topic, sample, stamp=stamp, received=5.0)
    assert assembler.outdated(5.0) == {"velocity": pytest.approx(-10.0)}


FOLLOWING = replace(CONTRACT, observation=(*CONTRACT.observation[:2], replace(CONTRACT.observation[2], timeout=2.0)))
"""Its goal moves, so that it has a timeout."""


def test_a_goal_with_a_timeout_is_as_old_as_what_it_is_seen_from() -> None:
    assembler = ObservationAssembler(FOLLOWING)
    for topic, sample, received in (("scan", scan(), 9.0), ("odom", odometry(), 5.0), ("goal", goal(), 9.0)):
        assembler.update(topic, sample, received=received)
    assert assembler.ages(9.0) == {"scan": 0.0, "velocity": 4.0, "goal": 4.0}
    assert assembler.stale(9.0) == ("velocity", "goal")
    assert ObservationAssembler(CONTRACT).stale(9.0) == ("scan", "velocity")


@pytest.mark.parametrize(("stamp", "age"), [(15.0, -10.0), (1.0, 4.0)])
@pytest.mark.parametrize("topic", ["odom", "goal"])
def test_a_goal_with_a_timeout_is_outdated_by_the_worse_of_its_topics(topic: str, stamp: float, age: float) -> None:
    assembler = ObservationAssembler(FOLLOWING)
    for each, sample in {"scan": scan(), "odom": odometry(), "goal": goal()}.items():
        assembler.update(each, sample, stamp=stamp if each == topic else 5.0)
    assert assembler.outdated(5.0)["goal"] == pytest.approx(age)


def test_an_exponential_scale_spreads_the_near_end() -> None:
    contract = array_contract(range=(0.5, 3.5), scale="exponential", decay=1.0)
    found = []
    for value in (0.0, 0.5, 1.5, 3.5, 9.0):
        assembler = ObservationAssembler(contract)
        assembler.update("state", ArraySample(np.array([value], np.float32)))
        found.append(float(assembler.advance()[0]))
    least = math.exp(-3.0)
    middle = 2.0 * (math.exp(-1.0) - least) / (1.0 - least) - 1.0
    assert found == pytest.approx([1.0, 1.0, middle, -1.0, -1.0])


@pytest.mark.parametrize("options", [{"scale": "exponential"}, {"decay": 1.0}, {"scale": "exponential", "decay": 0.0}])
def test_a_decay_belongs_to_an_exponential_scale(options: dict[str, object]) -> None:
    with pytest.raises(ContractError, match="decay"):
        array_contract(range=(0.5, 3.5), **options)


@given(value=st.floats(0.0, 100.0))
def test_a_logarithmic_scale_gives_equal_ratios_equal_steps(value: float) -> None:
    contract = array_contract(range=(0.1, 10.0), scale="logarithmic")
    assembler = ObservationAssembler(contract)
    assembler.update("state", ArraySample(np.array([value], np.float32)))
    expected = math.log10(min(max(value, 0.1), 10.0))
    np.testing.assert_allclose(assembler.advance(), [expected], atol=1e-6)


def test_a_logarithmic_scale_needs_a_range_above_zero() -> None:
    for bounds in ((0.0, 1.0), (-1.0, 1.0)):
        with pytest.raises(ContractError, match="range above 0"):
            array_contract(range=bounds, scale="logarithmic")


def test_a_sample_of_another_type_than_the_topic_is_told_where_it_is_given() -> None:
    assembler = ObservationAssembler(CONTRACT)
    told = "samples of `scan` as LaserScanSample; found ArraySample; correct the simulator"
    with pytest.raises(ObservationError, match=told):
        assembler.update("scan", ArraySample(np.zeros(3, dtype=np.float32)))
