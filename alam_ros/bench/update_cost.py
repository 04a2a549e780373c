"""CPU time of an update, ours and the peers', and its share of the machine's rate of matrix products."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from alam_ros.bench.interleaved import Measurement, Work, measure
from alam_ros.bench.sizes import Sizes
from alam_ros.bench.spread import Spread, paired, spread

OURS = ("sac_alam", "sac")
STABLE_BASELINES3, OMNISAFE = "stable_baselines3_sac", "omnisafe_sac_lag"
PRODUCT = "matrix_product"
PRODUCTS = {name: f"{name}_products" for name in OURS}
SEQUENCES = {name: f"{name}_sequence" for name in OURS}
LIMITS = {("sac_alam", STABLE_BASELINES3): 1.0, ("sac_alam", OMNISAFE): 0.85, ("sac", STABLE_BASELINES3): 0.7}
"""(ours, peer) → what the ratio of CPU times may be at most."""
LEAST_SHARE = 0.75


@dataclass(frozen=True)
class Cost:
    """Of one learner's update.

    Attributes:
        cpu_ms: CPU time, ms.
        mflop: floating-point operations it needs, 10⁶; None for peers, whose arithmetic is their own.
        share_of_sgemm: operations over (time × measured rate of one product that fits the cache), 0 to 1.
        product_gflop_per_s: rate of this update's own products, each kind alone, 10⁹ operations a second.
        share_of_products: operations over (time × that rate), 0 to 1.
        share_in_sequence: what this share would be of an update that had nothing to do but its products, biases included.
    """

    cpu_ms: Spread
    mflop: float | None = None
    share_of_sgemm: Spread | None = None
    product_gflop_per_s: Spread | None = None
    share_of_products: Spread | None = None
    share_in_sequence: Spread | None = None


@dataclass(frozen=True)
class Ratio:
    """CPU time of one learner over another's, and what it may be at most."""

    value: Spread
    limit: float


@dataclass(frozen=True)
class UpdateCost:
    """All of it, measured side by side.

    Attributes:
        gflop_per_s: rate of a single-precision product, batch × width by width × width, 10⁹ operations a second.
        learners: by name.
        ratios: `ours / peer`.
        versions: of the peers' packages.
    """

    sizes: Sizes
    rounds: int
    starts: int
    gflop_per_s: Spread
    learners: Mapping[str, Cost]
    ratios: Mapping[str, Ratio]
    versions: Mapping[str, Mapping[str, str]]


def update_cost(sizes: Sizes, rounds: int, peers: Path | None, starts: int = 1) -> UpdateCost:
    """Measure.

    Args:
        sizes: of everything.
        rounds: of each start; in each every learner has its turn.
        peers: interpreter of the environment with the peers' packages; None leaves the peers out.
        starts: how often all processes are started anew.

    Raises:
        BenchmarkError: when a learner cannot be run.
    """
    works: dict[str, Work] = {PRODUCT: sizes.product(), **{name: sizes.ours(name) for name in OURS}}
    works |= {work: sizes.products(name) for name, work in PRODUCTS.items()}
    works |= {work: sizes.sequence(name) for name, work in SEQUENCES.items()}
    if peers is not None:
        works |= {STABLE_BASELINES3: sizes.stable_baselines3(peers), OMNISAFE: sizes.omnisafe(peers)}
    measured = measure(works, rounds, starts)
    return UpdateCost(
        sizes=sizes,
        rounds=rounds,
        starts=starts,
        gflop_per_s=_gflop_per_s(measured, PRODUCT),
        learners={name: _cost(measured, name) for name in (*OURS, STABLE_BASELINES3, OMNISAFE) if name in works},
        ratios={
            f"{first} / {second}": Ratio(paired(lambda a, b: a / b, measured.seconds[first], measured.seconds[second]), limit)
            for (first, second), limit in LIMITS.items()
            if second in works
        },
        versions={name: facts["versions"] for name, facts in measured.facts.items() if "versions" in facts},
    )


def share_of_sgemm(measured: Measurement, name: str, product: str = PRODUCT) -> Spread:
    """Return the share of the machine's rate of certain products that a learner reaches."""
    ideal = _flop(measured, name) / _flop(measured, product)
    return paired(lambda update, alone: ideal * alone / update, measured.seconds[name], measured.seconds[product])


def _cost(measured: Measurement, name: str) -> Cost:
    cpu_ms = spread([1e3 * seconds for seconds in measured.seconds[name]])
    if name not in OURS:
        return Cost(cpu_ms)
    products = PRODUCTS[name]
    return Cost(
        cpu_ms,
        _flop(measured, name) / 1e6,
        share_of_sgemm(measured, name),
        _gflop_per_s(measured, products),
        share_of_sgemm(measured, name, products),
        share_of_sgemm(measured, SEQUENCES[name], products),
    )


def _gflop_per_s(measured: Measurement, name: str) -> Spread:
    return spread([_flop(measured, name) / seconds / 1e9 for seconds in measured.seconds[name]])


def _flop(measured: Measurement, name: str) -> float:
    return float(measured.facts[name]["flop"])
