"""Several copies of an environment, each in a process of its own, behind Gymnasium's vector API."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AsyncVectorEnv, AutoresetMode


class NumericInfo(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Keeps the numbers of `info` and drops the rest, which would be pickled through a pipe in every step."""

    def reset(self, **arguments: Any) -> tuple[Any, dict[str, Any]]:
        """Reset, with the numbers of `info`."""
        observation, info = self.env.reset(**arguments)
        return observation, _numbers(info)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Step, with the numbers of `info`."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        return observation, reward, terminated, truncated, _numbers(info)


def make_vector(environment_id: str, copies: int, arguments: Mapping[str, Any] | None = None) -> AsyncVectorEnv:
    """Start `copies` processes; a finished episode restarts within its last step, whose observation is in `final_obs`.

    Args:
        environment_id: registered with Gymnasium.
        copies: processes.
        arguments: of the environment's constructor.
    """

    def make() -> gymnasium.Env[Any, Any]:
        if multiprocessing.parent_process() is not None:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole process group; the parent answers it
            os.environ["OMP_NUM_THREADS"] = "1"
            _do_not_interrupt()
        import alam_sim  # noqa: F401  (registers the environments in a spawned process)

        return NumericInfo(gymnasium.make(environment_id, **(arguments or {})))

    return AsyncVectorEnv([make] * copies, autoreset_mode=AutoresetMode.SAME_STEP, context="forkserver")


def _do_not_interrupt() -> None:
    """Let waking up not take the processor from whoever computes on it, such as the learner that has just sent an action."""
    if hasattr(os, "SCHED_BATCH"):  # Linux
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _numbers(info: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in info.items() if isinstance(value, (bool, int, float, np.number))}
