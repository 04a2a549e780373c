"""When the robot was in danger, by a truth that neither policy nor gate knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alam_ros.bags.reader import BagReader
from alam_ros.contract import Contract, LaserScanSample, Sample, decode
from alam_ros.contract.scans import unmeasured
from alam_ros.errors import BagError
from alam_ros.onboard.stamps import SECOND_NS

LONGEST_GAP_S = 0.5
"""s between two hazards that count as one, and for which one value holds at most."""
TRUTH_TYPE = "std_msgs/msg/Float32"
SIMULATORS_COST = "simulator/cost"
SCAN_TYPE = "sensor_msgs/msg/LaserScan"


@dataclass(frozen=True)
class Hazard:
    """The truth of a drive.

    Attributes:
        source: in words, what counted as hazard.
        is_cost: whether it is the recorded cost of the constraint.
        times_ns: when each value was received, (n,) int64.
        is_hazard: (n,).
        windows: (begin, end) ns of each hazard window.
    """

    source: str
    is_cost: bool
    times_ns: NDArray[np.int64]
    is_hazard: NDArray[np.bool_]
    windows: list[tuple[int, int]]


def find_hazard(
    bag: BagReader, contract: Contract, *, cost: str, topic_of: Callable[[str], str], distance: float
) -> Hazard | None:
    """Return the hazard windows of a drive; None where neither the simulator's cost nor a scan was recorded.

    Args:
        bag: the recording.
        contract: names the scan.
        cost: topic of the cost; empty for the simulator's, and for the scan in its place where that was not recorded.
        topic_of: a topic's name → that in the recording.
        distance: m below which the nearest return of a scan is a hazard.

    Raises:
        BagError: when the cost that is named was not recorded, or is of another type.
    """
    truth = topic_of(cost or SIMULATORS_COST)
    kind = bag.types[truth] if bag.counts.get(truth, 0) else ""
    if kind == TRUTH_TYPE:
        rows = [(entry.received_ns, entry.message.data > 0.0) for entry in bag.messages([truth])]
        return _hazard(f"`{truth}` above 0", rows, is_cost=True)
    if cost or kind:
        raise BagError(f"{TRUTH_TYPE} on `{truth}`", kind or "no message", "name the topic of the cost with --cost")
    scan = next((topic_of(topic) for topic, kind in contract.topics() if kind == SCAN_TYPE), "")
    if not bag.counts.get(scan, 0):
        return None
    rows = [(entry.received_ns, _nearest(decode(SCAN_TYPE, entry.message)) < distance) for entry in bag.messages([scan])]
    return _hazard(f"nearest return of `{scan}` below {distance:g} m", rows, is_cost=False)


def _nearest(scan: Sample) -> float:
    """Return the nearest return, m, of the beams that measured anything; -inf is too near to be measured, no return is far."""
    assert isinstance(scan, LaserScanSample)
    known = scan.ranges[~unmeasured(scan)]
    return float(known.min()) if known.size else np.inf


def _hazard(source: str, rows: list[tuple[int, bool]], *, is_cost: bool) -> Hazard:
    times = np.array([at for at, _ in rows], dtype=np.int64)
    flags = np.array([flag for _, flag in rows], dtype=np.bool_)
    return Hazard(source, is_cost, times, flags, hazard_windows(times, flags))


def hazard_windows(times_ns: NDArray[np.int64], is_hazard: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the (begin, end) ns of each hazard: a value holds until the next, at most `LONGEST_GAP_S`; near ones are one."""
    longest = round(LONGEST_GAP_S * SECOND_NS)
    windows: list[tuple[int, int]] = []
    for index in np.flatnonzero(is_hazard):
        begin = int(times_ns[index])
        following = int(times_ns[index + 1]) if index + 1 < times_ns.size else begin
        end = min(following, begin + longest)
        if windows and begin - windows[-1][1] < longest:
            windows[-1] = (windows[-1][0], end)
        else:
            windows.append((begin, end))
    return windows
