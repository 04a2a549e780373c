"""Laser scans of any beam count → the nearest return in each of equal sectors."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract.extractor import Extractor
from alam_ros.contract.samples import LaserScanSample, Samples
from alam_ros.errors import ObservationError

if TYPE_CHECKING:
    from alam_ros.contract.schema import Channel

F = TypeVar("F", np.float32, np.float64)

BORDER_TOLERANCE = 1e-3
"""Share of a sector's width by which a beam may lie short of the sector and still count to it."""

TURN = 2.0 * math.pi
FULL_TURN = TURN - 1e-6
"""From which on sectors go all the way round, rad."""
MOST_TURNS = 2.0
"""That a scan may go through; in degrees even a narrow one goes through more."""

FAR_BEYOND = 10.0
"""Times `range_max` beyond which a distance that varies is hardly one of the sensor's units, m."""
SENTINELS = 2
"""Different numbers by which a driver may say that nothing came back."""
LARGEST = sys.float_info.max
"""Beyond it is infinity alone: no return, whatever the sensor's limit."""


class ScanSectors(Extractor):
    """`LaserScan` of any beam count → the nearest return in each of `size` equal sectors.

    Of a full turn the first sector is centred on `angle_min`, as its beams are in a simulator; of less
    the sectors lie edge to edge from `angle_min` to `angle_max`, both included, so that all that the contract names is seen.

    What a beam says follows REP-117: +inf, or beyond `range_max`, is no return and becomes the channel's upper range; -inf is too
    near to measure and becomes its lower range; NaN, or below `range_min`, is no measurement and left out. So is zero and what is
    less, whatever `range_min` says: drivers that know no NaN write it, and mean no return where the channel's `zero` says so. A
    sector in which no beam measured anything reads the lower range: what is not seen counts as near.
    """

    needs_range: ClassVar[bool] = True
    options: ClassVar[frozenset[str]] = frozenset({"frame", "angle_min", "angle_max", "sensor_yaw", "inverted", "zero"})

    def __init__(self, channel: Channel) -> None:
        super().__init__(channel)
        self._geometry: tuple[int, float, float] | None = None
        self._order: NDArray[np.intp] = np.empty(0, dtype=np.intp)
        self._starts: NDArray[np.intp] = np.empty(0, dtype=np.intp)
        self._is_identity = False
        bounds = channel.bounds()
        self._low, self._high = bounds[0] if bounds else (0.0, math.inf)

    def __call__(self, samples: Samples) -> NDArray[np.float64]:
        """Return the nearest range in each sector, m.

        Raises:
            ObservationError: when no beam measured anything, a sector has no beam, the scan's range limits are crossed, or all
                its ranges are in another unit than they.
        """
        scan = samples[self._channel.topic]
        assert isinstance(scan, LaserScanSample)
        geometry = (scan.ranges.size, scan.angle_min, scan.angle_increment)
        if geometry != self._geometry:
            self._plan(*geometry)
        self._check_limits(scan)
        ranges = scan.ranges
        nearest, farthest = float(ranges.min()), float(ranges.max())  # NaN where any beam is
        if not (nearest > 0.0 and nearest >= scan.range_min):
            found = self._nearest(self._measured(scan))
            return np.where(found == np.inf, self._low, found)
        limit = min(scan.range_max, LARGEST)
        if farthest <= limit:
            return self._nearest(ranges).astype(np.float64)
        if nearest > limit:
            self._check_unit(scan)
        measured = ranges.astype(np.float64)
        measured[measured > limit] = self._high
        return self._nearest(measured)

    def _nearest(self, ranges: NDArray[F]) -> NDArray[F]:
        """Return the least in each sector."""
        return ranges if self._is_identity else np.minimum.reduceat(ranges.take(self._order), self._starts)

    def _measured(self, scan: LaserScanSample) -> NDArray[np.float64]:
        """Return what each beam says, and +inf, which never wins a minimum, for a beam that measured nothing."""
        ranges = scan.ranges.astype(np.float64)
        absent, far = beams(scan, self._channel)
        if absent.all():
            raise ObservationError(
                f"a scan with at least one measured beam on `{self._channel.topic}`",
                f"{ranges.size} beams, each NaN, zero or below range_min {scan.range_min:.3g} m",
                "check the sensor; if its driver writes zero for `no return`, say `zero: no_return` in the contract",
            )
        if (far | absent).all():
            self._check_unit(scan)
        ranges[np.isneginf(ranges)] = self._low
        ranges[far], ranges[absent] = self._high, np.inf
        return ranges

    def _check_unit(self, scan: LaserScanSample) -> None:
        """Refuse a scan without any range within its limits whose ranges vary far beyond: as no return, all would be free."""
        odd = far_beyond(scan)
        if np.unique(odd).size > SENTINELS:
            raise ObservationError(
                f"ranges in the unit of `range_max`, {scan.range_max:g} m, on `{self._channel.topic}`",
                f"none within it, and {odd.size} of {scan.ranges.size} between {odd.min():g} and {odd.max():g}",
                "let the driver give ranges and limits in metres",
            )

    def _check_limits(self, scan: LaserScanSample) -> None:
        if not 0.0 <= scan.range_min < scan.range_max:
            raise ObservationError(
                f"0 <= range_min < range_max on `{self._channel.topic}`",
                f"{scan.range_min} and {scan.range_max}",
                "correct the sensor's driver, or let it leave both at zero",
            )

    def _plan(self, beams: int, angle_min: float, increment: float) -> None:
        """Assign each beam to its sector once for each scan geometry."""
        channel = self._channel
        if not (math.isfinite(angle_min) and abs(increment) * max(beams, 1) <= MOST_TURNS * TURN):
            raise ObservationError(
                f"finite angles in radians on `{channel.topic}`, through {MOST_TURNS:g} turns at most",
                f"{beams} beams from {angle_min:g} by {increment:g}",
                "correct the sensor's driver; it may write degrees",
            )
        angles = angle_min + increment * np.arange(beams, dtype=np.float64)
        bearings: NDArray[np.float64] = channel.sensor_yaw + (-angles if channel.inverted else angles)
        sectors = self._sectors(bearings)
        inside = sectors < channel.size
        beams_used = np.flatnonzero(inside)
        order = beams_used[np.argsort(sectors[inside], kind="stable")]
        present, starts = np.unique(sectors[order], return_index=True)
        if present.size != channel.size:
            absent = sorted(set(range(channel.size)) - set(present.tolist()))
            raise ObservationError(
                f"a scan with a beam in each of the {channel.size} sectors of `{channel.name}`",
                f"{beams} beams from {angle_min:.3f} rad by {increment:.4f} rad, none in the sectors {absent}",
                "use a contract with fewer sectors or a narrower angle",
            )
        # All of it at once: of a scan that was refused nothing may stay.
        self._order, self._starts = order, starts
        self._is_identity = beams == channel.size and bool((order == np.arange(beams)).all())
        self._geometry = (beams, angle_min, increment)

    def _sectors(self, bearings: NDArray[np.float64]) -> NDArray[np.intp]:
        """Return the sector of each bearing about the body's z axis, rad; `size` or more where it lies in none.

        A message holds its angles in float32: a beam on the border of two sectors must fall into the same one as in training.
        """
        channel = self._channel
        begin, width = sector_layout(channel)
        places = ((bearings - begin + BORDER_TOLERANCE * width) % TURN) / width
        sectors = np.floor(places).astype(np.intp)
        # Of less than a turn the far border is the last sector's; of a full turn it is where the first begins again.
        sectors[(sectors == channel.size) & (places <= channel.size + 2.0 * BORDER_TOLERANCE)] = channel.size - 1
        return sectors


def sector_layout(channel: Channel) -> tuple[float, float]:
    """Return at which bearing a channel's first sector begins, and the width of each, rad."""
    span = channel.angle_max - channel.angle_min
    width = span / channel.size
    return channel.angle_min - (width / 2.0 if span >= FULL_TURN else 0.0), width


def beams(scan: LaserScanSample, channel: Channel) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Say of each beam whether it measured nothing, and whether nothing came back to it; zeros are what the channel says."""
    absent, far = unmeasured(scan), (scan.ranges > scan.range_max) | np.isposinf(scan.ranges)
    if channel.zero == "no_return":
        far |= scan.ranges == 0.0
        absent &= ~far
    return absent, far


def far_beyond(scan: LaserScanSample) -> NDArray[np.float32]:
    """Return the finite ranges that are far beyond the scan's `range_max`."""
    return scan.ranges[np.isfinite(scan.ranges) & (scan.ranges > FAR_BEYOND * scan.range_max)]


def unmeasured(scan: LaserScanSample) -> NDArray[np.bool_]:
    """Say of each beam whether it measured nothing: NaN, zero and less, or a finite value below `range_min`."""
    is_low = (scan.ranges <= 0.0) | (scan.ranges < np.float32(scan.range_min))
    return np.asarray(np.isnan(scan.ranges) | (is_low & ~np.isneginf(scan.ranges)))
