"""Updates a second on a GPU, for one learner and for several at once, beside one core and beside what the GPU could do."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from alam_ros.bench.floating_point import update_flop
from alam_ros.bench.interleaved import measure
from alam_ros.bench.sizes import Sizes
from alam_ros.bench.spread import Spread, spread
from alam_ros.bench.workers.alam_update import configuration
from alam_ros.bench.workers.random_transitions import random_transitions
from alam_ros.learning.config import AlgorithmConfig, TrainerConfig
from alam_ros.learning.device import device_name, wait_for
from alam_ros.learning.learner import Learner
from alam_ros.learning.replay import ReplayBuffer
from alam_ros.learning.stacked_learner import StackedLearner
from alam_ros.learning.stacked_replay import StackedReplay
from alam_ros.learning.training_group import Updates

MEMBER = "sac_alam"
LEARNERS = (1, 3, 8, 16, 32, 64)
BLOCK = 400
"""Updates between two readings of the clock."""
PRODUCTS = 200


@dataclass(frozen=True)
class Point:
    """Some learners updated together.

    Attributes:
        learners: how many.
        updates_per_s: of each of them.
        total_per_s: of all together.
        uncaptured_per_s: of each, without CUDA graphs.
        limit_per_s: of all together, at the GPU's measured rate of the same batched products.
        share: total over limit, 0 to 1.
        cpu_ratio: total over what one core does.
    """

    learners: int
    updates_per_s: Spread
    total_per_s: float
    uncaptured_per_s: float
    limit_per_s: float
    share: float
    cpu_ratio: float


@dataclass(frozen=True)
class Cuda:
    """All of it, for `sac_alam`.

    Attributes:
        name: of the GPU.
        mflop: operations an update and learner needs, 10⁶.
        cpu_per_s: updates a CPU second of `FastLearner` on one core of the same machine.
        points: over the number of learners.
    """

    name: str
    sizes: Sizes
    mflop: float
    cpu_per_s: Spread
    points: Sequence[Point]


def cuda(
    sizes: Sizes,
    device: torch.device,
    rounds: int,
    learners: Sequence[int] = LEARNERS,
    report: Callable[[str], None] = lambda _: None,
) -> Cuda:
    """Measure.

    Args:
        sizes: of networks, batch and replay.
        device: a CUDA device; on the processor, which tests take, there are no graphs.
        rounds: readings of each figure.
        learners: how many are updated together, one point each.
        report: is told what comes next.
    """
    report("one core")
    ours = measure({MEMBER: sizes.ours(MEMBER)}, rounds)
    cpu_per_s = spread([1.0 / seconds for seconds in ours.seconds[MEMBER]])
    config = configuration(MEMBER, sizes.hidden, sizes.actor_delay, sizes.multiplier_delay)
    flop = update_flop(config, sizes.observation, sizes.action, sizes.batch)
    points = []
    for count in learners:
        report(f"{count} learners")
        updates, learner, replay = _updates(sizes, config, count, device)
        rate = spread([_rate(updates.take, device) for _ in range(rounds)])
        uncaptured = statistics.median(_rate(_uncaptured(learner, replay, sizes.batch), device, BLOCK // 4) for _ in range(3))
        limit = _product_flop_per_s(sizes, count, device) / flop
        total = rate.median * count
        points.append(Point(count, rate, total, uncaptured, limit, total / limit, total / cpu_per_s.median))
    return Cuda(device_name(device), sizes, flop / 1e6, cpu_per_s, points)


def _updates(
    sizes: Sizes, config: AlgorithmConfig, count: int, device: torch.device
) -> tuple[Updates, StackedLearner, StackedReplay]:
    """Return the updates of learners in the middle of training; all kinds of updates have been taken."""
    learners, buffers = [], []
    for seed in range(count):
        torch.manual_seed(seed)
        learner = Learner(config, sizes.observation, sizes.action)
        learner.set_progress(1.0)
        rows = random_transitions(np.random.default_rng(seed), sizes.transitions, sizes.observation, sizes.action)
        learner.measure(rows["observation"], rows["reward"], rows["cost"])
        buffer = ReplayBuffer(sizes.transitions, sizes.observation, sizes.action, seed, TrainerConfig().replay_recency)
        buffer.add(**rows)
        learners.append(learner)
        buffers.append(buffer)
    stacked, replay = StackedLearner(learners, device), StackedReplay(buffers, device)
    updates = Updates(stacked, replay, sizes.batch)
    updates.take(BLOCK)
    return updates, stacked, replay


def _uncaptured(learner: StackedLearner, replay: StackedReplay, batch: int) -> Callable[[int], None]:
    def take(count: int) -> None:
        for _ in range(count):
            learner.update(replay.sample(batch), learner.next_due)
            learner.updates += 1

    return take


def _rate(work: Callable[[int], None], device: torch.device, count: int = BLOCK) -> float:
    """Return how often a second work is done."""
    wait_for(device)
    started = time.perf_counter()
    work(count)
    wait_for(device)
    return count / (time.perf_counter() - started)


def _product_flop_per_s(sizes: Sizes, learners: int, device: torch.device) -> float:
    """Return the rate of the hidden layers' products of all critics, which most of the operations are, back to back."""
    width, networks = sizes.hidden[0], 4 * learners
    rows, weights, result = (
        torch.randn(networks, *shape, device=device) for shape in ((sizes.batch, width), (width, width), (sizes.batch, width))
    )

    def work(count: int) -> None:
        for _ in range(count):
            torch.bmm(rows, weights, out=result)

    work(PRODUCTS)
    rate = statistics.median(_rate(work, device, PRODUCTS) for _ in range(7))
    return rate * 2.0 * networks * sizes.batch * width * width
