"""What the messages of a channel hold: values against ranges, and why some cannot be read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alam_ros.contract import Channel
from alam_ros.contract.channel_reader import ChannelReader
from alam_ros.contract.frames import FrameTree
from alam_ros.contract.samples import Samples
from alam_ros.contract_check.finding import TOLERATED, Finding, by_share, fails, fits
from alam_ros.errors import ObservationError

LISTED = 8
"""Elements of a channel up to which each is told by itself."""
SLIGHT = 1e-3
"""Share of a range by which a value may lie outside it: rounding."""


@dataclass(slots=True)
class Refusals:
    """How many messages could not be read for one reason, with the first of them as example."""

    example: ObservationError
    count: int = 0


class ChannelValues:
    """Reads a channel whenever a message of its own arrives, and of its reference once both are there."""

    def __init__(self, channel: Channel, frames: FrameTree) -> None:
        self.channel = channel
        self._reader = ChannelReader(channel, frames)
        self._readings = 0
        self._refusals: dict[tuple[str, str], Refusals] = {}
        self._low, self._high = np.full(channel.size, np.inf), np.full(channel.size, -np.inf)
        self._outside = np.zeros(channel.size, dtype=np.int64)

    def read(self, samples: Samples) -> None:
        """Read the channel from the latest samples, if all its topics have one."""
        topics = {self.channel.topic, self.channel.reference_topic} - {""}
        if not topics <= samples.keys():
            return
        self._readings += 1
        try:
            values = self._reader.physical(samples)
        except ObservationError as error:
            self._refusals.setdefault((error.expected, error.remedy), Refusals(error)).count += 1
            return
        self._low, self._high = np.minimum(self._low, values), np.maximum(self._high, values)
        bounds = self.channel.bounds()
        if bounds is not None:
            low, high = np.array(bounds).T
            slack = SLIGHT * (high - low)
            self._outside += (values < low - slack) | (values > high + slack)

    def findings(self) -> list[Finding]:
        """Say what the readings were like."""
        name = self.channel.name
        if not self._readings:
            return [fails(f"{name}: never complete: no message on one of its topics")]
        share = sum(refusals.count for refusals in self._refusals.values()) / self._readings
        found = [
            by_share(share, f"{name}: {refusals.count} of {self._readings} readings: {refusals.example}")
            for refusals in self._refusals.values()
        ]
        if np.isfinite(self._low).all():
            found.extend(self._ranges())
        return found

    def _ranges(self) -> list[Finding]:
        """Hold what was read against the range; a scan's far returns are clipped on purpose."""
        name, bounds = self.channel.name, self.channel.bounds()
        text = f"{name}: read {self._told()} {self.channel.unit}".rstrip()
        if bounds is None or self.channel.field == "ranges":
            return [fits(text)]
        worst = int(self._outside.argmax())
        share = float(self._outside[worst]) / self._readings
        if share == 0.0:
            return [fits(f"{text}, within the range")]
        low, high = bounds[worst]
        text += f"; element {worst} outside its range {low:g} to {high:g} in {share:.1%} of readings, and clipped"
        return [by_share(share, f"{text}: other units, or another robot?" if share > TOLERATED else text)]

    def _told(self) -> str:
        if self._low.size > LISTED:
            return f"{self._low.min():.4g} to {self._high.max():.4g}"
        return ", ".join(f"{low:.4g} to {high:.4g}" for low, high in zip(self._low, self._high, strict=True))
