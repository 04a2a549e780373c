"""What the beams of a drive's scans said."""

from __future__ import annotations

from collections import Counter

from alam_ros.contract import Channel, LaserScanSample, Sample
from alam_ros.contract.scans import beams
from alam_ros.contract_check.finding import Finding, fits, note


class Beams:
    """Counts the beams of one channel's scans."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._beams = self._absent = self._zeros = self._far = 0
        self._layouts: Counter[tuple[int, float, float]] = Counter()
        self._limits = (0.0, 0.0)

    def read(self, sample: Sample) -> None:
        """Count a scan's beams."""
        assert isinstance(sample, LaserScanSample)
        self._beams += sample.ranges.size
        absent, far = beams(sample, self._channel)
        self._absent, self._far = self._absent + int(absent.sum()), self._far + int(far.sum())
        self._zeros += int((sample.ranges == 0.0).sum())
        self._layouts[(sample.ranges.size, round(sample.angle_min, 3), round(sample.angle_increment, 5))] += 1
        self._limits = (sample.range_min, sample.range_max)

    def findings(self) -> list[Finding]:
        """Say how the scans are laid out and how many beams measured something."""
        if not self._beams:
            return []
        name, ((count, angle_min, increment), _) = self._channel.name, self._layouts.most_common(1)[0]
        layout = f"{count} beams from {angle_min:.2f} by {increment:.4f} rad, limits {self._limits[0]:g} to {self._limits[1]:g} m"
        shares = f"{self._absent / self._beams:.1%} without a measurement, {self._far / self._beams:.1%} without a return"
        found = [fits(f"{name}: {layout}; {shares}")]
        if len(self._layouts) > 1:
            found.append(note(f"{name}: {len(self._layouts)} different layouts of beams; each is resampled by itself"))
        if self._zeros and self._channel.zero == "no_measurement":
            text = f"{name}: {self._zeros / self._beams:.1%} of beams are zero, read as no measurement"
            found.append(note(f"{text}; where the driver means no return by it, say `zero: no_return`"))
        return found
