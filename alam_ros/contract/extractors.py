"""Samples → the elements of one channel. One small class for each kind of channel, chosen by message type and field."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract.extractor import Extractor, ExtractorType, check_common_frame
from alam_ros.contract.joints import JointPositions, JointVelocities
from alam_ros.contract.points import GoalDirection, Position
from alam_ros.contract.samples import ArraySample, LaserScanSample, OdometrySample, PoseSample, Samples
from alam_ros.errors import ObservationError

if TYPE_CHECKING:
    from alam_ros.contract.schema import Channel

BORDER_TOLERANCE = 1e-3
"""Share of a sector's width by which a beam may lie short of the sector and still count to it."""
UNIT_TOLERANCE = 0.1
"""How far the norm of an orientation's quaternion may be from 1: rounding, but not an orientation nobody filled in."""


class ScanSectors(Extractor):
    """`LaserScan` of any beam count → the nearest return in each of `size` equal sectors.

    +inf becomes the channel's upper range and -inf its lower one (REP-117). A sector in which no beam measured anything reads the
    lower range: what is not seen counts as near.
    """

    needs_range: ClassVar[bool] = True

    def __init__(self, channel: Channel) -> None:
        super().__init__(channel)
        self._geometry: tuple[int, float, float] | None = None
        self._order: NDArray[np.intp] = np.empty(0, dtype=np.intp)
        self._starts: NDArray[np.intp] = np.empty(0, dtype=np.intp)
        self._is_identity = False
        bounds = channel.bounds()
        self._low, self._high = bounds[0] if bounds else (0.0, math.inf)

    def __call__(self, samples: Samples) -> NDArray[np.float64]:
        """Return the nearest range in each sector, m."""
        scan = samples[self._channel.topic]
        assert isinstance(scan, LaserScanSample)
        geometry = (scan.ranges.size, scan.angle_min, scan.angle_increment)
        if geometry != self._geometry:
            self._plan(*geometry)
        ranges = scan.ranges.astype(np.float64)
        if not np.isfinite(ranges).all():
            ranges = self._without_gaps(ranges)
        if not self._is_identity:
            ranges = np.minimum.reduceat(ranges[self._order], self._starts)
        if np.isinf(ranges).any():
            ranges = np.where(ranges == np.inf, self._low, ranges)
        return ranges

    def _without_gaps(self, ranges: NDArray[np.float64]) -> NDArray[np.float64]:
        """Replace infinities by the range limits and, so that it never wins a minimum, NaN by +inf."""
        invalid = np.isnan(ranges)
        if invalid.all():
            raise ObservationError(
                "a scan with at least one measured beam", "NaN in all beams", f"check the sensor of `{self._channel.topic}`"
            )
        ranges = np.nan_to_num(ranges, nan=np.nan, posinf=self._high, neginf=self._low)
        ranges[invalid] = np.inf
        return ranges

    def _plan(self, beams: int, angle_min: float, increment: float) -> None:
        """Assign each beam to its sector once for each scan geometry."""
        channel = self._channel
        width = (channel.angle_max - channel.angle_min) / channel.size
        bearings = angle_min + increment * np.arange(beams)
        # A message holds its angles in float32: a beam on the border of two sectors must fall into the same one as in training.
        offset = (bearings - channel.angle_min + (0.5 + BORDER_TOLERANCE) * width) % (2 * math.pi)
        sectors = np.floor(offset / width).astype(np.intp)
        inside = sectors < channel.size
        beams_used = np.flatnonzero(inside)
        self._order = beams_used[np.argsort(sectors[inside], kind="stable")]
        present, self._starts = np.unique(sectors[self._order], return_index=True)
        if present.size != channel.size:
            absent = sorted(set(range(channel.size)) - set(present.tolist()))
            raise ObservationError(
                f"a scan with a beam in each of the {channel.size} sectors of `{channel.name}`",
                f"{beams} beams from {angle_min:.3f} rad by {increment:.4f} rad, none in the sectors {absent}",
                "use a contract with fewer sectors or a narrower angle",
            )
        self._is_identity = beams == channel.size and bool((self._order == np.arange(beams)).all())
        self._geometry = (beams, angle_min, increment)


class PlanarTwist(Extractor):
    """`Odometry` → (forward speed m/s, turn rate rad/s) in the body frame (REP-103)."""

    size: ClassVar[int | None] = 2

    def __call__(self, samples: Samples) -> NDArray[np.float64]:
        """Return (linear.x, angular.z)."""
        odometry = samples[self._channel.topic]
        assert isinstance(odometry, OdometrySample)
        return np.array((odometry.linear[0], odometry.angular[2]))


class GoalPolar(Extractor):
    """`PoseStamped` seen from the robot → (distance m, cosine and sine of the bearing)."""

    size: ClassVar[int | None] = 3
    reference_type: ClassVar[str] = "nav_msgs/msg/Odometry"

    def __call__(self, samples: Samples) -> NDArray[np.float64]:
        """Return distance and bearing of the goal in the body frame."""
        goal, base = samples[self._channel.topic], samples[self._channel.reference_topic]
        assert isinstance(goal, PoseSample)
        assert isinstance(base, OdometrySample)
        check_common_frame(goal, base)
        dx, dy = goal.position[0] - base.position[0], goal.position[1] - base.position[1]
        bearing = math.atan2(dy, dx) - yaw(base.orientation)
        return np.array((math.hypot(dx, dy), math.cos(bearing), math.sin(bearing)))


class PlainArray(Extractor):
    """`Float32MultiArray` → its data."""

    def __call__(self, samples: Samples) -> NDArray[np.float64]:
        """Return the data, checked for their number."""
        array = samples[self._channel.topic]
        assert isinstance(array, ArraySample)
        if array.data.shape != (self._channel.size,):
            raise ObservationError(
                f"{self._channel.size} elements on `{self._channel.topic}` for the channel `{self._channel.name}`",
                f"shape {array.data.shape}",
                "publish the array the contract names",
            )
        return array.data.astype(np.float64)


def yaw(orientation: tuple[float, float, float, float]) -> float:
    """Return the rotation about z of a quaternion (x, y, z, w), rad.

    Raises:
        ObservationError: when it is no unit quaternion, as in a message whose orientation was never filled in.
    """
    x, y, z, w = orientation
    if not abs(math.hypot(x, y, z, w) - 1.0) <= UNIT_TOLERANCE:
        raise ObservationError("an orientation of norm 1", f"{orientation}", "check the odometry's publisher")
    return math.atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))


EXTRACTORS: dict[tuple[str, str], ExtractorType] = {
    ("sensor_msgs/msg/LaserScan", "ranges"): ScanSectors,
    ("nav_msgs/msg/Odometry", "twist"): PlanarTwist,
    ("geometry_msgs/msg/PoseStamped", "goal_polar"): GoalPolar,
    ("geometry_msgs/msg/PoseStamped", "position"): Position,
    ("geometry_msgs/msg/PointStamped", "goal_direction"): GoalDirection,
    ("geometry_msgs/msg/PointStamped", "position"): Position,
    ("sensor_msgs/msg/JointState", "position"): JointPositions,
    ("sensor_msgs/msg/JointState", "velocity"): JointVelocities,
    ("std_msgs/msg/Float32MultiArray", "data"): PlainArray,
}
