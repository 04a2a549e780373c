"""Stable-Baselines3's SAC as it ships: two critics, the actor stepped every time, two hidden layers of 256."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray
from stable_baselines3 import SAC

EPISODE_STEPS = 100


class NullTask(gymnasium.Env[NDArray[np.float32], NDArray[np.float32]]):
    """Noise as observations and rewards."""

    def __init__(self, observation: int, action: int) -> None:
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (observation,), np.float32)
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (action,), np.float32)
        self._size, self._steps = observation, 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Start an episode."""
        super().reset(seed=seed)
        self._steps = 0
        return self._observe(), {}

    def step(self, action: NDArray[np.float32]) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Take a step."""
        self._steps += 1
        return self._observe(), float(self.np_random.standard_normal()), False, self._steps == EPISODE_STEPS, {}

    def _observe(self) -> NDArray[np.float32]:
        return self.np_random.standard_normal(self._size, np.float32)


def make(
    *, observation: int, action: int, hidden: Sequence[int], batch: int, transitions: int
) -> tuple[Callable[[int], None], dict[str, Any]]:
    """Return `SAC.train`, its replay filled by random actions, and the versions of its packages."""
    model = SAC(
        "MlpPolicy",
        NullTask(observation, action),
        policy_kwargs={"net_arch": list(hidden)},
        buffer_size=transitions,
        batch_size=batch,
        learning_starts=transitions,
        device="cpu",
        seed=0,
    )
    model.learn(transitions)

    def work(count: int) -> None:
        model.train(gradient_steps=count, batch_size=batch)

    return work, {"versions": {name: version(name) for name in ("stable-baselines3", "torch")}}
