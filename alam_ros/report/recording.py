"""What the recorder wrote: JSON lines → columns."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Row = Mapping[str, Any]


class RecordingTail:
    """Follows a recording while it is written.

    Attributes:
        latest: topic → its last row.
        counts: topic → rows so far.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self.latest: dict[str, Row] = {}
        self.counts: defaultdict[str, int] = defaultdict(int)

    def read(self) -> list[Row]:
        """Return the rows written since the last call; a line still being written is left for the next one."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as stream:
            stream.seek(self._offset)
            data = stream.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        rows = [json.loads(line) for line in whole.splitlines()]
        for row in rows:
            self.latest[row["topic"]] = row
            self.counts[row["topic"]] += 1
        return rows


@dataclass(frozen=True)
class Track:
    """One topic's rows.

    Attributes:
        rows: in the order of arrival.
    """

    rows: tuple[Row, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Return a number of every row, (n,); NaN where it was not finite."""
        return np.array([math.nan if row[name] is None else row[name] for row in self.rows], dtype=np.float64)

    @property
    def received(self) -> NDArray[np.float64]:
        """Return the arrivals, s of the machine's monotonic clock, (n,)."""
        return self.numbers("received")

    @property
    def stamp(self) -> NDArray[np.float64]:
        """Return the stamps, s of the simulated clock, (n,)."""
        return self.numbers("stamp")


def read_recording(path: Path) -> dict[str, Track]:
    """Return topic → track; empty where nothing was recorded."""
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    for row in RecordingTail(path).read():
        rows[row["topic"]].append(row)
    return {topic: Track(tuple(entries)) for topic, entries in rows.items()}
