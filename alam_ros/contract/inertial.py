"""Inertial measurements → what of them a policy sees, in the sensor's frame."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract.extractor import Extractor
from alam_ros.contract.rotation import inverse, rotated, unit
from alam_ros.contract.samples import ImuSample, Quaternion, Samples
from alam_ros.errors import ObservationError


class InertialValues(Extractor):
    """`Imu` → one of its quantities.

    Raises:
        ObservationError: when the sensor says that it does not measure the quantity.
    """

    size: ClassVar[int | None] = 3
    quantity: ClassVar[str]

    def __call__(self, samples: Samples) -> NDArray[np.float64]:
        """Return the quantity's elements."""
        imu = samples[self._channel.topic]
        assert isinstance(imu, ImuSample)
        values = self._values(imu)
        if values is None:
            raise ObservationError(
                f"{self.quantity} on `{self._channel.topic}` for the channel `{self._channel.name}`",
                "a covariance that begins with -1, which says that the sensor does not measure it",
                "use a sensor or a filter that does, or correct its driver",
            )
        return np.array(values, dtype=np.float64)

    @abstractmethod
    def _values(self, imu: ImuSample) -> tuple[float, ...] | None:
        """Return the elements, or None where they are not measured."""

    def _orientation(self, imu: ImuSample) -> Quaternion | None:
        return None if imu.orientation is None else unit(imu.orientation, f"`{self._channel.topic}`")


class AngularVelocity(InertialValues):
    """`Imu` → angular velocity about x, y, z, rad/s."""

    quantity = "an angular velocity"

    def _values(self, imu: ImuSample) -> tuple[float, ...] | None:
        return imu.angular_velocity


class LinearAcceleration(InertialValues):
    """`Imu` → acceleration along x, y, z, m/s², (0, 0, +9.81) at rest (REP-145)."""

    quantity = "a linear acceleration"

    def _values(self, imu: ImuSample) -> tuple[float, ...] | None:
        return imu.linear_acceleration


class Orientation(InertialValues):
    """`Imu` → unit quaternion x, y, z, w with w >= 0, so that one orientation is one observation."""

    size = 4
    quantity = "an orientation"

    def _values(self, imu: ImuSample) -> tuple[float, ...] | None:
        orientation = self._orientation(imu)
        if orientation is None or orientation[3] >= 0.0:
            return orientation
        return tuple(-element for element in orientation)


class Gravity(InertialValues):
    """`Imu` → unit vector of gravity in the sensor's frame, (0, 0, -1) when level: roll and pitch without the drift of yaw."""

    quantity = "an orientation"

    def _values(self, imu: ImuSample) -> tuple[float, ...] | None:
        orientation = self._orientation(imu)
        return None if orientation is None else rotated(inverse(orientation), (0.0, 0.0, -1.0))
