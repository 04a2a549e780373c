"""Scans of any geometry become the same sectors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alam_ros.contract import Channel, LaserScanSample
from alam_ros.contract.scans import ScanSectors, sector_layout
from alam_ros.errors import ObservationError

HIGH = 3.0


def sectors(size: int = 36, angle_min: float = -math.pi, angle_max: float = math.pi, **robot: Any) -> ScanSectors:
    return ScanSectors(
        Channel(
            name="scan",
            topic="scan",
            type="sensor_msgs/msg/LaserScan",
            field="ranges",
            size=size,
            range=(0.0, HIGH),
            angle_min=angle_min,
            angle_max=angle_max,
            **robot,
        )
    )


def read(extractor: ScanSectors, ranges: np.ndarray, angle_min: float, increment: float, **limits: float) -> np.ndarray:
    return extractor({"scan": LaserScanSample(ranges.astype(np.float32), angle_min, increment, **limits)})


def near_beam(beam: int) -> tuple[np.ndarray, float, np.ndarray]:
    """Return 360 beams of 2 m with one of 0.5 m, their increment, and what a sensor that stands straight sees of them."""
    ranges, increment = np.full(360, 2.0), math.pi / 180
    ranges[beam] = 0.5
    return ranges, increment, read(sectors(), ranges, -math.pi, increment)


def turtlebot_scan(sentinel: float, **limits: float) -> np.ndarray:
    """Read 360 beams of 2 m, but for all ten of sector 4 and one of sector 9."""
    ranges = np.full(360, 2.0)
    ranges[np.arange(35, 45)] = sentinel
    ranges[90] = sentinel
    return read(sectors(), ranges, -math.pi, math.pi / 180, **limits)


def test_a_scan_of_the_trained_geometry_passes_through() -> None:
    ranges = np.linspace(0.1, 2.9, 36)
    np.testing.assert_allclose(read(sectors(), ranges, -math.pi, math.pi / 18), ranges, rtol=1e-6)


@given(per_sector=st.integers(2, 40), obstacle=st.integers(0, 35), shift=st.integers(0, 39), distance=st.floats(0.05, 2.9))
def test_the_nearest_beam_of_a_denser_scan_counts(per_sector: int, obstacle: int, shift: int, distance: float) -> None:
    width = 2 * math.pi / 36
    increment = width / per_sector
    first = -math.pi - width / 2 + increment / 2  # beams inside the sectors, none on a border
    ranges = np.full(36 * per_sector, 2.95)
    ranges[obstacle * per_sector + shift % per_sector] = distance
    found = read(sectors(), ranges, first, increment)
    expected = np.full(36, 2.95)
    expected[obstacle] = distance
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@given(turns=st.integers(-2, 2), start=st.integers(0, 35))
def test_where_a_scan_starts_does_not_matter(turns: int, start: int) -> None:
    increment = 2 * math.pi / 36
    ranges = np.linspace(0.1, 2.9, 36)
    first = -math.pi + start * increment + turns * 2 * math.pi
    np.testing.assert_allclose(read(sectors(), np.roll(ranges, -start), first, increment), ranges, rtol=1e-6)


def test_a_scan_that_turns_clockwise_is_understood() -> None:
    ranges = np.linspace(0.1, 2.9, 36)
    backwards = np.roll(ranges[::-1], 1)
    np.testing.assert_allclose(read(sectors(), backwards, -math.pi, -math.pi / 18), ranges, rtol=1e-6)


@given(beams=st.sampled_from([72, 180, 360, 720, 1440]), offset=st.integers(0, 3))
def test_angles_rounded_to_float32_as_in_a_message_change_nothing(beams: int, offset: int) -> None:
    generator = np.random.default_rng(beams)
    ranges = generator.uniform(0.1, 2.9, beams)
    angle_min, increment = -math.pi + offset * math.pi / beams, 2 * math.pi / beams
    exact = read(sectors(), ranges, angle_min, increment)
    rounded = read(sectors(), ranges, float(np.float32(angle_min)), float(np.float32(increment)))
    np.testing.assert_array_equal(exact, rounded)


@pytest.mark.parametrize("size", [1, 6, 24])
@pytest.mark.parametrize("direction", [1, -1])
def test_of_less_than_a_turn_every_beam_between_the_angles_is_seen_in_its_sector(size: int, direction: int) -> None:
    low, high, beams = -0.5, 2.6, 720
    angles = np.linspace(low, high, beams)[::direction]
    for beam in (0, 1, 100, 359, 360, 600, beams - 2, beams - 1):
        ranges = np.full(beams, 2.0)
        ranges[beam] = 0.25
        found = read(sectors(size, low, high), ranges, float(np.float32(angles[0])), float(np.float32(angles[1] - angles[0])))
        expected = min(int((angles[beam] - low) / (high - low) * size), size - 1)
        assert np.flatnonzero(found < 1.0).tolist() == [expected]


def test_as_many_beams_as_sectors_pass_through_whether_the_last_lies_on_the_far_border_or_not() -> None:
    ranges = np.linspace(0.1, 2.9, 24)
    for last in (2.6, 2.6 - 3.1 / 24):
        found = read(sectors(24, -0.5, 2.6), ranges, -0.5, (last + 0.5) / 23)
        np.testing.assert_allclose(found, ranges, rtol=1e-6)


@pytest.mark.parametrize(("angles", "begin"), [((-math.pi, math.pi), -math.pi - math.pi / 4), ((-0.5, 2.6), -0.5)])
def test_where_the_first_sector_begins_is_told(angles: tuple[float, float], begin: float) -> None:
    assert sector_layout(sectors(4, *angles)._channel) == pytest.approx((begin, (angles[1] - angles[0]) / 4))


def test_a_scan_in_degrees_is_refused() -> None:
    with pytest.raises(ObservationError, match=r"angles in radians .*720 beams from -180 by 0\.5.*degrees"):
        read(sectors(), np.full(720, 1.0), -180.0, 0.5)
    with pytest.raises(ObservationError, match="degrees"):
        read(sectors(4, -0.5, 0.5), np.full(181, 1.0), -22.5, 0.25)


def test_infinities_are_the_ends_of_the_range() -> None:
    ranges = np.full(36, 1.0)
    ranges[3], ranges[7] = np.inf, -np.inf
    found = read(sectors(), ranges, -math.pi, math.pi / 18)
    assert found[3] == HIGH
    assert found[7] == 0.0


def test_a_sector_without_any_measurement_counts_as_near() -> None:
    ranges = np.full(72, 2.0)
    ranges[10:12] = np.nan
    ranges[20] = np.nan
    found = read(sectors(), ranges, -math.pi - math.pi / 72, math.pi / 36)
    assert found[5] == 0.0
    assert found[10] == 2.0


def test_a_blind_scan_is_refused() -> None:
    with pytest.raises(ObservationError, match="36 beams, each NaN"):
        read(sectors(), np.full(36, np.nan), -math.pi, math.pi / 18)


def test_a_scan_that_leaves_sectors_empty_names_them() -> None:
    with pytest.raises(ObservationError, match=r"none in the sectors \[0, 1, "):
        read(sectors(), np.full(18, 1.0), -math.pi / 2, math.pi / 18)


def test_beams_outside_a_narrow_field_of_view_are_left_out() -> None:
    front = sectors(3, -math.pi / 4, math.pi / 4)
    ranges = np.full(360, 0.5)
    ranges[180 - 45 : 180 + 46] = 2.0  # both borders included
    np.testing.assert_allclose(read(front, ranges, -math.pi, 2 * math.pi / 360), 2.0)


def test_a_change_of_geometry_is_noticed() -> None:
    extractor = sectors()
    read(extractor, np.full(36, 1.0), -math.pi, math.pi / 18)
    np.testing.assert_allclose(read(extractor, np.full(360, 2.0), -math.pi, math.pi / 180), 2.0)


@pytest.mark.parametrize(
    ("beams", "increment"), [(0, math.pi / 18), (5, math.pi / 18), (36, 0.0), (36, 1e-3), (360, -1e-3), (36, math.nan)]
)
@pytest.mark.parametrize("per_sector", [1, 10])
def test_a_scan_that_is_refused_leaves_nothing_behind(beams: int, increment: float, per_sector: int) -> None:
    extractor, ranges = sectors(), np.linspace(0.1, 2.9, 36 * per_sector)
    before = read(extractor, ranges, -math.pi, math.pi / 18 / per_sector)
    with pytest.raises(ObservationError):
        read(extractor, np.ones(beams), -math.pi, increment)
    np.testing.assert_array_equal(read(extractor, ranges, -math.pi, math.pi / 18 / per_sector), before)


@pytest.mark.parametrize("sentinel", [0.0, -1.0, math.nan, 0.05])
def test_what_lies_below_range_min_is_no_measurement_and_counts_as_near_only_where_nothing_else_was_seen(sentinel: float) -> None:
    found = turtlebot_scan(sentinel, range_min=0.12, range_max=3.5)
    assert found[4] == 0.0
    assert np.delete(found, 4) == pytest.approx(2.0)


def test_a_reading_as_near_as_range_min_counts() -> None:
    found = turtlebot_scan(0.12, range_min=float(np.float32(0.12)), range_max=3.5)
    assert (found[4], found[9]) == pytest.approx((0.12, 0.12))


@pytest.mark.parametrize("far", [65.535, 3.6, math.inf])
def test_a_reading_beyond_range_max_is_no_return(far: float) -> None:
    found = turtlebot_scan(far, range_min=0.12, range_max=3.5)
    assert (found[4], found[9]) == pytest.approx((HIGH, 2.0))


@pytest.mark.parametrize("first", [1.0, 0.0, math.nan, math.inf], ids=str)
def test_a_scan_in_millimetres_is_no_empty_hall(first: float) -> None:
    ranges = np.linspace(300.0, 3400.0, 360)
    ranges[180] = 1000.0 * first
    with pytest.raises(ObservationError, match=r"none within it, and \d+ of 360 between 300 and 3400"):
        read(sectors(), ranges, -math.pi, math.pi / 180, range_min=0.12, range_max=3.5)


@pytest.mark.parametrize("nothing", [(65.535,), (65.535, 65.534), (math.inf, 65.535, 10000.0), (4.0, 5.0, 6.0, 7.0)], ids=str)
@pytest.mark.parametrize("blind", [0, 5])
def test_an_empty_hall_may_be_told_by_numbers_of_the_driver(nothing: tuple[float, ...], blind: int) -> None:
    ranges = np.resize(nothing, 360)
    ranges[180 : 180 + blind] = math.nan
    np.testing.assert_array_equal(read(sectors(), ranges, -math.pi, math.pi / 180, range_min=0.12, range_max=3.5), HIGH)


def test_numbers_far_beyond_the_sensor_are_no_return_beside_a_measured_one() -> None:
    ranges = np.linspace(300.0, 3400.0, 360)
    ranges[200] = 2.0
    found = read(sectors(), ranges, -math.pi, math.pi / 180, range_min=0.12, range_max=3.5)
    assert sorted(found)[:2] == pytest.approx([2.0, HIGH])


def test_too_near_to_measure_is_nearest_of_all() -> None:
    found = turtlebot_scan(-math.inf, range_min=0.12, range_max=3.5)
    assert (found[4], found[9]) == (0.0, 0.0)


def test_zero_without_limits_is_still_no_measurement() -> None:
    found = turtlebot_scan(0.0)
    assert (found[4], found[9]) == pytest.approx((0.0, 2.0))


def test_zero_is_no_return_where_the_contract_says_so() -> None:
    ranges = np.full(360, 2.0)
    ranges[35:45], ranges[90], ranges[100] = 0.0, 0.0, math.nan
    lidar = sectors(zero="no_return")
    found = read(lidar, ranges, -math.pi, math.pi / 180, range_min=0.12, range_max=3.5)
    assert found[4] == HIGH
    assert np.delete(found, 4) == pytest.approx(2.0)
    empty_hall = read(lidar, np.zeros(360), -math.pi, math.pi / 180, range_min=0.12, range_max=3.5)
    np.testing.assert_array_equal(empty_hall, HIGH)


def test_a_scan_of_zeros_alone_is_blind_unless_zero_is_no_return() -> None:
    with pytest.raises(ObservationError, match="zero: no_return"):
        read(sectors(), np.zeros(360), -math.pi, math.pi / 180, range_min=0.12, range_max=3.5)


@pytest.mark.parametrize("limits", [(1.0, 1.0), (2.0, 1.0), (math.nan, 1.0), (0.1, math.nan), (-1.0, 1.0)])
def test_range_limits_without_meaning_are_refused(limits: tuple[float, float]) -> None:
    with pytest.raises(ObservationError, match="0 <= range_min < range_max on `scan`"):
        turtlebot_scan(1.0, range_min=limits[0], range_max=limits[1])


@pytest.mark.parametrize("angles", [(math.nan, 0.1), (0.0, math.inf)])
def test_angles_that_are_not_finite_are_refused(angles: tuple[float, float]) -> None:
    with pytest.raises(ObservationError, match="finite angles"):
        read(sectors(), np.full(36, 1.0), *angles)


@given(yaw=st.floats(-math.pi, math.pi), beam=st.integers(0, 359))
def test_a_turned_sensor_sees_the_same_as_one_that_is_not(yaw: float, beam: int) -> None:
    ranges, increment, straight = near_beam(beam)
    np.testing.assert_array_equal(read(sectors(sensor_yaw=yaw), ranges, -math.pi - yaw, increment), straight)


@given(yaw=st.floats(-math.pi, math.pi), beam=st.integers(0, 359))
def test_a_sensor_that_hangs_upside_down_sees_the_same_as_one_that_stands(yaw: float, beam: int) -> None:
    ranges, increment, straight = near_beam(beam)
    # Turned over and then by the yaw, it measures the bearing b of the body at its own angle yaw - b.
    hanging = read(sectors(sensor_yaw=yaw, inverted=True), ranges, yaw + math.pi, -increment)
    np.testing.assert_array_equal(hanging, straight)
    mirrored = read(sectors(inverted=True), ranges, -math.pi, increment)
    np.testing.assert_array_equal(mirrored, read(sectors(), ranges[np.arange(360, 0, -1) % 360], -math.pi, increment))
