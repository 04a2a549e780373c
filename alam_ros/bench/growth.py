"""How the cost of an update grows: with the replay's size (not at all), with the networks' width and with the batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from alam_ros.bench.interleaved import Work, measure
from alam_ros.bench.sizes import Sizes
from alam_ros.bench.spread import Spread, paired, spread
from alam_ros.bench.update_cost import PRODUCT, share_of_sgemm

MEMBER = "sac_alam"
TRANSITIONS = (10_000, 100_000, 1_000_000)
WIDTHS = (64, 128, 256, 512, 1024)
BATCHES = (64, 128, 256, 512, 1024, 2048, 4096)


@dataclass(frozen=True)
class ReplaySize:
    """A step of the loop (a transition stored, a batch drawn, an update) with a replay of one size.

    Attributes:
        cpu_ms: CPU time of the step, ms.
        relative: CPU time over that with the smallest replay.
        megabytes: by which the process grew while the replay filled, 10⁶ bytes.
        row_megabytes: what its float32 rows alone are.
    """

    transitions: int
    cpu_ms: Spread
    relative: Spread
    megabytes: float
    row_megabytes: float


@dataclass(frozen=True)
class Point:
    """Updates of one size.

    Attributes:
        size: width or batch.
        updates_per_s: for each second of CPU time.
        limit_per_s: what the machine's rate of matrix products at this size would allow.
        share_of_sgemm: the one over the other, measured in the same rounds.
    """

    size: int
    updates_per_s: Spread
    limit_per_s: Spread
    share_of_sgemm: Spread


@dataclass(frozen=True)
class Growth:
    """All of it, for `sac_alam`."""

    replay: Sequence[ReplaySize]
    width: Sequence[Point]
    batch: Sequence[Point]


def growth(sizes: Sizes, rounds: int, report: Callable[[str], None] = lambda _: None) -> Growth:
    """Measure around `sizes`; `report` is told what comes next."""
    report("replay sizes")
    replay = _replay_sizes(sizes, rounds)
    width, batch = [], []
    for size in WIDTHS:
        report(f"width {size}")
        width.append(_point(size, replace(sizes, hidden=(size,) * len(sizes.hidden)), rounds))
    for size in BATCHES:
        report(f"batch {size}")
        batch.append(_point(size, replace(sizes, batch=size), rounds))
    return Growth(replay, width, batch)


def _replay_sizes(sizes: Sizes, rounds: int) -> list[ReplaySize]:
    works = {str(count): _step(replace(sizes, transitions=count)) for count in TRANSITIONS}
    measured = measure(works, rounds)
    smallest = measured.seconds[str(TRANSITIONS[0])]
    found = []
    for count in TRANSITIONS:
        seconds, facts = measured.seconds[str(count)], measured.facts[str(count)]
        relative = paired(lambda a, b: a / b, seconds, smallest)
        cpu_ms = spread([1e3 * value for value in seconds])
        found.append(ReplaySize(count, cpu_ms, relative, facts["grown_bytes"] / 1e6, facts["row_bytes"] / 1e6))
    return found


def _step(sizes: Sizes) -> Work:
    work = sizes.ours(MEMBER)
    return replace(work, settings={**work.settings, "stores": True})


def _point(size: int, sizes: Sizes, rounds: int) -> Point:
    measured = measure({PRODUCT: sizes.product(), MEMBER: sizes.ours(MEMBER)}, rounds)
    flop, product = float(measured.facts[MEMBER]["flop"]), float(measured.facts[PRODUCT]["flop"])
    return Point(
        size,
        spread([1.0 / seconds for seconds in measured.seconds[MEMBER]]),
        spread([product / seconds / flop for seconds in measured.seconds[PRODUCT]]),
        share_of_sgemm(measured, MEMBER),
    )
