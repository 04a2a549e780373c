"""How fast environments step on one core, and what an adapter adds to the task it adapts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from alam_ros.bench.spread import Spread, paired, spread

BLOCK = 50
"""Steps of one environment before the other has its turn."""

Environment = Any
"""With Gymnasium's `reset(seed=…)`, `step(action)` and `action_space`."""


@dataclass(frozen=True)
class Adapted:
    """A task through our adapter, and by itself, in turns.

    Attributes:
        reset_ms, own_reset_ms: CPU time of a reset through the adapter and of the task's own, ms.
        step_us, own_step_us: CPU time of a step, µs.
        step_ratio: the one over the other, in each round.
    """

    reset_ms: Spread
    own_reset_ms: Spread
    step_us: Spread
    own_step_us: Spread
    step_ratio: Spread


def steps_per_s(environment: Environment, episodes: int, steps: int) -> Spread:
    """Return steps for each second of CPU time, resets included, of random actions; a value for each episode of `steps`."""
    seconds = []
    for episode in range(episodes):
        actions = _actions(environment, steps, episode)
        seconds.append(_reset(environment, episode) + _steps(environment, actions))
    return spread([steps / value for value in seconds])


def adapted(ours: Environment, own: Environment, episodes: int, steps: int) -> Adapted:
    """Measure.

    Args:
        ours: the task through our adapter.
        own: the task by itself; it takes the same actions in its own units, for which the agents here have [-1, 1] as well.
        episodes: to measure.
        steps: of each episode.
    """
    resets: dict[str, list[float]] = {"ours": [], "own": []}
    blocks: dict[str, list[float]] = {"ours": [], "own": []}
    environments = {"ours": ours, "own": own}
    for episode in range(episodes):
        for name, environment in environments.items():
            resets[name].append(1e3 * _reset(environment, episode))
        actions = _actions(ours, steps, episode)
        for begin in range(0, steps, BLOCK):
            for name, environment in environments.items():
                block = actions[begin : begin + BLOCK]
                blocks[name].append(1e6 * _steps(environment, block) / len(block))
    return Adapted(
        spread(resets["ours"]),
        spread(resets["own"]),
        spread(blocks["ours"]),
        spread(blocks["own"]),
        paired(lambda a, b: a / b, blocks["ours"], blocks["own"]),
    )


def _actions(environment: Environment, steps: int, seed: int) -> np.ndarray[Any, Any]:
    size = environment.action_space.shape[0]
    return np.random.default_rng(seed).uniform(-1.0, 1.0, (steps, size)).astype(np.float32)


def _reset(environment: Environment, seed: int) -> float:
    return _cpu_seconds(lambda: environment.reset(seed=seed))


def _steps(environment: Environment, actions: np.ndarray[Any, Any]) -> float:
    def take() -> None:
        for action in actions:
            environment.step(action)

    return _cpu_seconds(take)


def _cpu_seconds(function: Callable[[], Any]) -> float:
    started = time.process_time()
    function()
    return time.process_time() - started
