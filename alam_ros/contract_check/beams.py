"""What the beams of a drive's scans said."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract import Channel, LaserScanSample, Sample
from alam_ros.contract.scans import FAR_BEYOND, ScanSectors, beams, far_beyond, sector_layout
from alam_ros.contract_check.finding import TOLERATED, Finding, fails, fits, note
from alam_ros.errors import ObservationError

Layout = tuple[int, float, float]
"""Number of beams, first angle and increment, rad, rounded."""


class Beams:
    """Counts the beams of one channel's scans."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._beams = self._absent = self._zeros = self._far = self._near = 0
        self._layouts: Counter[Layout] = Counter()
        self._first: dict[Layout, LaserScanSample] = {}
        self._silent: dict[Layout, NDArray[np.bool_]] = {}
        self._limits = (0.0, 0.0)
        self._odd, self._odd_low, self._odd_high = 0, np.inf, -np.inf

    def read(self, sample: Sample) -> None:
        """Count a scan's beams."""
        assert isinstance(sample, LaserScanSample)
        self._beams += sample.ranges.size
        absent, far = beams(sample, self._channel)
        self._absent, self._far = self._absent + int(absent.sum()), self._far + int(far.sum())
        self._near += int(np.isneginf(sample.ranges).sum())
        self._zeros += int((sample.ranges == 0.0).sum())
        layout = (sample.ranges.size, round(sample.angle_min, 3), round(sample.angle_increment, 5))
        self._layouts[layout] += 1
        self._first.setdefault(layout, sample)
        self._silent[layout] = self._silent.get(layout, absent) & absent
        self._limits = (sample.range_min, sample.range_max)
        self._count_odd(sample)

    def findings(self) -> list[Finding]:
        """Say how the scans are laid out and how many beams measured something."""
        if not self._beams:
            return []
        name, ((count, angle_min, increment), _) = self._channel.name, self._layouts.most_common(1)[0]
        layout = f"{count} beams from {angle_min:.2f} by {increment:.4f} rad, limits {self._limits[0]:g} to {self._limits[1]:g} m"
        shares = f"{self._absent / self._beams:.1%} without a measurement, {self._far / self._beams:.1%} without a return"
        found = [self._measured(f"{name}: {layout}; {shares}")]
        if len(self._layouts) > 1:
            found.append(note(f"{name}: {len(self._layouts)} different layouts of beams; each is resampled by itself"))
        if self._zeros and self._channel.zero == "no_measurement":
            text = f"{name}: {self._zeros / self._beams:.1%} of beams are zero, read as no measurement"
            found.append(note(f"{text}; where the driver means no return by it, say `zero: no_return`"))
        return found + self._other_units() + self._blind_sectors()

    def _measured(self, text: str) -> Finding:
        """Fail scans that hold no distance at all."""
        if self._absent + self._far + self._near < self._beams:
            return fits(text)
        reason = f"no beam of {self._layouts.total()} scans returned a distance within `range_max`"
        return fails(f"{text}: {reason}; see that the driver gives ranges and limits in metres, and drive beside something")

    def _count_odd(self, scan: LaserScanSample) -> None:
        odd = far_beyond(scan)
        if odd.size:
            self._odd += odd.size
            self._odd_low, self._odd_high = min(self._odd_low, float(odd.min())), max(self._odd_high, float(odd.max()))

    def _other_units(self) -> list[Finding]:
        """Tell numbers far beyond the sensor's reach, unless all are the one by which a driver says that nothing came back."""
        share = self._odd / self._beams
        if share <= TOLERATED or self._odd_low == self._odd_high:
            return []
        text = f"{self._channel.name}: {share:.1%} of beams are {self._odd_low:g} to {self._odd_high:g}"
        return [note(f"{text}, beyond {FAR_BEYOND:g} times `range_max`, and read as no return: other units?")]

    def _blind_sectors(self) -> list[Finding]:
        """Name the sectors of which no beam measured anything in the whole drive, and what was read there instead."""
        bounds = self._channel.bounds()
        low = bounds[0][0] if bounds else 0.0
        read = self._read_where_seen()
        if not read:
            return []
        sectors = np.flatnonzero(np.max(read, axis=0) <= low)
        if not sectors.size:
            return []
        runs = np.split(sectors, np.flatnonzero(np.diff(sectors) > 1) + 1)
        told = ", ".join(self._run(int(run[0]), int(run[-1])) for run in runs)
        text = f"{'sector' if sectors.size == 1 else 'sectors'} {told} measured nothing in any of {self._layouts.total()} scans"
        remedy = "what is not seen counts as near: clear the sensor's view, or train with these sectors so"
        return [note(f"{self._channel.name}: {text} and read {low:g} {self._channel.unit or 'm'}; {remedy}")]

    def _read_where_seen(self) -> list[NDArray[np.float64]]:
        """Return what the sectors of each layout read if all beams that ever measured anything see nothing near."""
        read = []
        for layout, silent in self._silent.items():
            ranges = np.where(silent, np.nan, np.inf).astype(np.float32)
            with suppress(ObservationError):  # of scans that cannot be read, which the channel's readings tell
                read.append(ScanSectors(self._channel)({self._channel.topic: replace(self._first[layout], ranges=ranges)}))
        return read

    def _run(self, first: int, last: int) -> str:
        """Tell neighbouring sectors and the angles, rad, at which they begin and end."""
        begin, width = sector_layout(self._channel)
        sectors = f"{first}" if first == last else f"{first} to {last}"
        return f"{sectors} ({begin + width * first:.2f} to {begin + width * (last + 1):.2f} rad)"
