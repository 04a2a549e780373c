"""Copies of an environment in a few processes, behind Gymnasium's vector API.

A step of a vector is sent to each process and received from each; with a process for each of eight copies that alone takes a
twentieth of a training. So each process steps several, one after the other, and there are no more processes than cores.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from alam_ros.errors import SimulatorError

LEARNED_FROM = ("cost", "violation")
"""What of `info` a learner takes."""

Maker = Callable[[], "gymnasium.Env[Any, Any]"]


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


class Rack(gymnasium.Env[NDArray[Any], NDArray[Any]]):
    """k copies of an environment as one, which a process steps; an episode that ends begins anew in the same step.

    Observations, actions, rewards and both ends have k as their first dimension. `info` holds the numbers of the step that was
    taken, (k,) each, those of an episode that ended included; and `successor`, the true successors of all copies, in steps in
    which an episode ended: the observation is then the first of the new one.

    Args:
        makers: of the copies.
    """

    def __init__(self, makers: Sequence[Maker]) -> None:
        self._copies = SyncVectorEnv([_numeric(make) for make in makers], autoreset_mode=AutoresetMode.SAME_STEP)
        self.observation_space = batch_space(self._copies.single_observation_space, len(makers))
        self.action_space = batch_space(self._copies.single_action_space, len(makers))

    @property
    def contract(self) -> Any:
        """Return the contract of the environment."""
        return self._copies.envs[0].get_wrapper_attr("contract")

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[NDArray[Any], dict[str, Any]]:
        """Begin an episode in each copy; the n-th gets the seed `seed` + n."""
        observation, info = self._copies.reset(seed=seed, options=options)
        return observation, _unmasked(info)

    def step(self, action: NDArray[Any]) -> tuple[NDArray[Any], Any, Any, Any, dict[str, Any]]:
        """Step each copy."""
        observation, reward, terminated, truncated, info = self._copies.step(action)
        numbers = _unmasked(info)
        ended = np.logical_or(terminated, truncated)
        if ended.any():
            successor = observation.copy()
            for index in np.flatnonzero(ended):
                successor[index] = info["final_obs"][index]
            for name, values in _unmasked(info["final_info"]).items():
                numbers[name] = np.where(ended, values, numbers.get(name, np.nan))
            numbers["successor"] = successor
        return observation, reward, terminated, truncated, numbers

    def close(self) -> None:
        """Close all copies."""
        self._copies.close()


def make_vector(environment_id: str, copies: int, arguments: Mapping[str, Any] | None = None) -> AsyncVectorEnv:
    """Start copies of an environment, a `Rack` of them in each process.

    Args:
        environment_id: registered with Gymnasium.
        copies: of the environment; the n-th has place n when the racks' first two dimensions are joined.
        arguments: of the environment's constructor.
    """

    def make() -> gymnasium.Env[Any, Any]:
        import alam_sim  # noqa: F401  (registers the environments in a spawned process)

        return gymnasium.make(environment_id, **(arguments or {}))

    return in_processes([make] * copies)


def in_processes(makers: Sequence[Maker]) -> AsyncVectorEnv:
    """Start the environments in processes that have equally many of them each, at most one for each usable core."""
    most = min(len(makers), len(os.sched_getaffinity(0)))
    processes = next(count for count in range(most, 0, -1) if len(makers) % count == 0)
    each = len(makers) // processes

    def rack(first: int) -> Callable[[], Rack]:
        def make() -> Rack:
            if multiprocessing.parent_process() is not None:
                signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole process group; the parent answers it
                os.environ["OMP_NUM_THREADS"] = "1"
                _do_not_interrupt()
            return Rack(makers[first : first + each])

        return make

    racks = [rack(first) for first in range(0, len(makers), each)]
    return AsyncVectorEnv(racks, autoreset_mode=AutoresetMode.DISABLED, context="forkserver")


def _numeric(make: Maker) -> Maker:
    return lambda: NumericInfo(make())


def _do_not_interrupt() -> None:
    """Let waking up not take the processor from whoever computes on it, such as the learner that has just sent an action."""
    if hasattr(os, "SCHED_BATCH"):  # Linux
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _numbers(info: Mapping[str, Any]) -> dict[str, Any]:
    """Return the numbers of an environment's info.

    Raises:
        SimulatorError: when one that is learned from is something else.
    """
    found = {}
    for name, given in info.items():
        is_scalar = isinstance(given, np.bool_) or (isinstance(given, np.ndarray) and given.ndim == 0)
        value = given.item() if is_scalar else given
        if isinstance(value, (bool, int, float, np.number)):
            found[name] = value
        elif name in LEARNED_FROM:
            raise SimulatorError(f"a number in `info['{name}']`", f"{type(value).__name__} {value!r}", "give it as a float")
    return found


def _unmasked(info: Mapping[str, Any]) -> dict[str, Any]:
    """Return the numbers of a vector's info, (copies,) each; NaN where a copy does not give one."""
    found = {}
    for name, values in info.items():
        mask = info.get(f"_{name}")
        if isinstance(mask, np.ndarray) and isinstance(values, np.ndarray) and values.dtype != object:
            found[name] = values if mask.all() else np.where(mask, values, np.nan)
    return found
