"""Inertial measurements become what a policy sees."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alam_ros.contract import Channel, ImuSample
from alam_ros.contract.extractors import EXTRACTORS
from alam_ros.errors import ObservationError

TYPE = "sensor_msgs/msg/Imu"
SIZES = {"angular_velocity": 3, "linear_acceleration": 3, "orientation": 4, "gravity": 3}
angle = st.floats(-math.pi, math.pi)


def read(imu: ImuSample, field: str) -> np.ndarray:
    channel = Channel(name="body", topic="imu", type=TYPE, field=field, size=SIZES[field])
    return EXTRACTORS[(TYPE, field)](channel)({"imu": imu})


def turned(roll: float, pitch: float, yaw: float) -> tuple[float, float, float, float]:
    """Return the quaternion of rotations about x, then y, then z (REP-103)."""
    (sr, cr), (sp, cp), (sy, cy) = ((math.sin(half), math.cos(half)) for half in (roll / 2, pitch / 2, yaw / 2))
    return (
        sr * cp * cy - cr * sp * sy,
        cr * sp * cy + sr * cp * sy,
        cr * cp * sy - sr * sp * cy,
        cr * cp * cy + sr * sp * sy,
    )


def imu(orientation: tuple[float, float, float, float] | None = (0.0, 0.0, 0.0, 1.0)) -> ImuSample:
    return ImuSample(orientation, (0.1, -0.2, 0.3), (1.0, 2.0, 9.8))


def test_rates_and_accelerations_are_read_as_they_are() -> None:
    np.testing.assert_array_equal(read(imu(), "angular_velocity"), [0.1, -0.2, 0.3])
    np.testing.assert_array_equal(read(imu(), "linear_acceleration"), [1.0, 2.0, 9.8])


@given(roll=angle, pitch=st.floats(-1.5, 1.5), yaw=angle)
def test_gravity_shows_roll_and_pitch_and_no_yaw(roll: float, pitch: float, yaw: float) -> None:
    expected = [math.sin(pitch), -math.sin(roll) * math.cos(pitch), -math.cos(roll) * math.cos(pitch)]
    np.testing.assert_allclose(read(imu(turned(roll, pitch, yaw)), "gravity"), expected, atol=1e-9)


@given(roll=angle, pitch=angle, yaw=angle)
def test_a_quaternion_and_its_negative_are_one_observation(roll: float, pitch: float, yaw: float) -> None:
    x, y, z, w = turned(roll, pitch, yaw)
    found = read(imu((x, y, z, w)), "orientation")
    assert found[3] >= 0.0
    if w != 0.0:
        np.testing.assert_array_equal(found, read(imu((-x, -y, -z, -w)), "orientation"))


@pytest.mark.parametrize("field", SIZES)
def test_what_the_sensor_does_not_measure_is_refused(field: str) -> None:
    with pytest.raises(ObservationError, match=r"on `imu` for the channel `body`; found a covariance that begins with -1"):
        read(ImuSample(None, None, None), field)


@pytest.mark.parametrize("field", ["orientation", "gravity"])
def test_an_orientation_nobody_filled_in_is_refused(field: str) -> None:
    with pytest.raises(ObservationError, match="orientation of norm 1 from `imu`"):
        read(imu((0.0, 0.0, 0.0, 0.0)), field)
