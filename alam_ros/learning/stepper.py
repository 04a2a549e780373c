"""Steps vectors of environments and hands out each step as it truly was, also where an episode ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from gymnasium import Space
from gymnasium.spaces import Box
from gymnasium.vector import AsyncVectorEnv
from numpy.typing import NDArray

from alam_ros.contract import Contract
from alam_ros.errors import AlamError, SimulatorError
from alam_ros.learning.config import EnvironmentConfig
from alam_ros.learning.divergence import DivergenceError

EnvironmentFactory: TypeAlias = Callable[[str, int, Mapping[str, Any]], AsyncVectorEnv]
"""(environment id, copies, constructor arguments) → processes that step several copies each, such as `alam_sim.vector.Rack`.

What a process gives and takes has its copies as the first dimension. It begins a new episode in the step that ends one; its info
then has `successor`, the true successors of its copies.
"""

OWN_SIMULATOR = 'docs/simulators.md, "A simulator of your own"'
LARGEST_REWARD = float(np.finfo(np.float32).max)  # the replay's


@dataclass(frozen=True)
class VectorStep:
    """One step of n environments.

    Attributes:
        next_observation: the true successor also where an episode ended, (n, observation_size).
        reward, terminated: (n,).
        ended: terminated or truncated, (n,).
        info: numbers of this step by name, (n,) each.
        restarted_observation: what to act on next; the first of the new episode where one ended, (n, observation_size).
    """

    next_observation: NDArray[np.float32]
    reward: NDArray[np.float64]
    terminated: NDArray[np.bool_]
    ended: NDArray[np.bool_]
    info: Mapping[str, Any]
    restarted_observation: NDArray[np.float32]

    @property
    def cost(self) -> NDArray[np.float64]:
        """Return the cost of each environment's step as its benchmark counts it, (n,).

        Raises:
            SimulatorError: when the environments have no cost signal, or one that is not a finite number of at least 0.
        """
        if "cost" not in self.info:
            raise SimulatorError(
                "a number `cost` in every step's info",
                f"a step of which no environment gave one, of numbers only {sorted(self.info)}",
                f"give it one, 0 where nothing costs ({OWN_SIMULATOR})",
            )
        cost = self.number("cost")
        _require("a finite `cost` of at least 0", cost, (cost >= 0.0) & np.isfinite(cost))
        return cost

    @property
    def violation(self) -> NDArray[np.float64]:
        """Return the share of each environment's step that was in violation, in [0, 1], (n,); it is the learner's cost.

        Environments that hold an action for several steps of a benchmark say it; elsewhere it is the cost itself.

        Raises:
            SimulatorError: when it is not in [0, 1].
        """
        violation = self.number("violation") if "violation" in self.info else self.cost
        expected = "a `violation`, which the budget counts, or without one a `cost`, in [0, 1]"
        _require(expected, violation, (violation >= 0.0) & (violation <= 1.0))
        return violation

    def number(self, name: str) -> NDArray[np.float64]:
        """Return a number of this step's info, (n,); NaN where the environments do not give it."""
        values = np.full(len(self.reward), np.nan)
        if name in self.info:
            values[:] = self.info[name]
        return values


class EnvironmentStepper:
    """Sends actions and receives steps.

    Attributes:
        observation_size, action_size: of each environment.
        copies: environments stepped together.

    Raises:
        SimulatorError: when observations or actions are not vectors, or actions are not in [-1, 1].
    """

    def __init__(self, environments: AsyncVectorEnv) -> None:
        self.environments = environments
        self._processes: int = environments.num_envs
        each, self.observation_size = _sizes("observations", environments.single_observation_space)
        _, self.action_size = _sizes("actions", environments.single_action_space)
        self._each = each
        self.copies = self._processes * each
        actions = environments.single_action_space
        assert isinstance(actions, Box)
        if not ((actions.low == -1.0).all() and (actions.high == 1.0).all()):
            raise SimulatorError("actions in [-1, 1]", _of_copies(actions), f"scale them by a contract ({OWN_SIMULATOR})")

    def contract(self) -> Contract:
        """Return the contract of the environments.

        Raises:
            SimulatorError: when they have none, or one of other sizes, or when an environment's process is gone.
        """
        try:
            contract: object = self.environments.get_attr("contract")[0]
        except AttributeError:
            contract = None
        except (EOFError, OSError) as error:
            raise _process_gone(error) from error
        if not isinstance(contract, Contract):
            found = "none" if contract is None else type(contract).__name__
            raise SimulatorError(
                "a `Contract` as the environment's attribute `contract`", found, f"give it one ({OWN_SIMULATOR})"
            )
        for what, size, own in (
            ("observations", contract.observation_size, self.observation_size),
            ("actions", contract.action_size, self.action_size),
        ):
            if size != own:
                raise SimulatorError(
                    f"{what} of {size} elements, as the contract's", f"{own}", f"build their space from it ({OWN_SIMULATOR})"
                )
        return contract

    def start(self, seed: int) -> NDArray[np.float32]:
        """Start an episode in each environment with the seeds `seed`, `seed + 1`, …; return (n, observation_size).

        Raises:
            SimulatorError: when an environment fails or its process is gone, or an observation is not finite.
        """
        seeds: list[int | None] = [seed + process * self._each for process in range(self._processes)]
        with _failures_told():
            observation, _ = self.environments.reset(seed=seeds)
        rows = self._joined(np.array(observation, np.float32))
        _require("finite observations", rows, np.isfinite(rows))
        return rows

    def send(self, action: NDArray[np.float32]) -> None:
        """Begin a step with (copies, action_size) actions in [-1, 1]; the environments work until `receive`.

        Raises:
            DivergenceError: when an action is not finite.
            SimulatorError: when an environment's process is gone.
        """
        if not np.isfinite(action).all():
            raise DivergenceError("finite actions", "NaN or infinity", "train anew with lower learning rates: learning diverged")
        try:
            self.environments.step_async(action.reshape(self._processes, self._each, self.action_size))
        except OSError as error:
            raise _process_gone(error) from error

    def receive(self) -> VectorStep:
        """Finish the step that `send` began.

        Raises:
            SimulatorError: when an environment fails or its process is gone, or a reward, as float32, or an observation is not
                finite.
        """
        with _failures_told():
            observation, reward, terminated, truncated, info = self.environments.step_wait()
        observation = np.array(observation, np.float32)
        successor = observation
        if "successor" in info:
            successor = np.where(info["_successor"][:, None, None], info["successor"], observation)
        numbers = {
            name: self._joined(values)
            for name, values in info.items()
            if isinstance(values, np.ndarray) and values.shape == (self._processes, self._each)
        }
        terminated = np.array(terminated)
        step = VectorStep(
            next_observation=self._joined(successor),
            reward=self._joined(np.array(reward, np.float64)),
            terminated=self._joined(terminated),
            ended=self._joined(np.logical_or(terminated, truncated)),
            info=numbers,
            restarted_observation=self._joined(observation),
        )
        _require("a reward that is finite in float32", step.reward, np.abs(step.reward) <= LARGEST_REWARD)
        for rows in (step.next_observation, step.restarted_observation):
            _require("finite observations", rows, np.isfinite(rows))
        return step

    @staticmethod
    def _joined(values: NDArray[Any]) -> NDArray[Any]:
        """Return (processes, each, …) as (copies, …)."""
        return values.reshape(-1, *values.shape[2:])


@contextmanager
def running(make_environments: EnvironmentFactory, environment: EnvironmentConfig, copies: int) -> Iterator[EnvironmentStepper]:
    """Start environments for a while; leaving the block ends their processes, however they fare.

    Raises:
        SimulatorError: when they cannot be made or stepped.
    """
    environments = make_environments(environment.id, copies, environment.arguments)
    try:
        yield EnvironmentStepper(environments)
    finally:
        close_environments(environments)


def close_environments(environments: AsyncVectorEnv) -> None:
    """End the environments' processes, also when they are at a step or some of them are gone already.

    A signal to the whole process group ends the environments before us; Gymnasium's own `close` then fails at the first one.
    """
    try:
        environments.close(terminate=True)
    except (EOFError, OSError):
        for process in environments.processes:
            process.terminate()
        for process in environments.processes:
            process.join()
        environments.closed = True


def _sizes(what: str, space: Space[Any]) -> tuple[int, int]:
    """Return how many copies a process has, and the size of each one's vector."""
    if not isinstance(space, Box) or len(space.shape) != 2:
        remedy = f"make them a `Box` of one dimension ({OWN_SIMULATOR})"
        raise SimulatorError(f"{what} that are vectors", _of_copies(space), remedy)
    return space.shape[0], space.shape[1]


def _of_copies(space: Space[Any]) -> str:
    return f"{space}, one row for each of several copies"


def _require(what: str, values: NDArray[Any], is_right: NDArray[np.bool_]) -> None:
    """Refuse what would make networks NaN for ever, or a certificate leave its range; both (copies, …)."""
    if not is_right.all():
        copy = int(np.argwhere(~is_right)[0][0])
        raise SimulatorError(what, f"{values[copy]} in environment {copy}", f"correct it ({OWN_SIMULATOR})")


@contextmanager
def _failures_told() -> Iterator[None]:
    """Make one kind of error of whatever happens in the simulators' processes; Gymnasium has logged where it happened."""
    try:
        yield
    except SimulatorError:
        raise
    except AlamError as error:
        raise SimulatorError(error) from error
    except (EOFError, OSError) as error:
        raise _process_gone(error) from error
    except Exception as error:
        found = f"{type(error).__name__} in one: {error}"
        raise SimulatorError(
            "environments that go on", found, f"correct it ({OWN_SIMULATOR}); the log above says where"
        ) from error


def _process_gone(error: Exception) -> SimulatorError:
    found = f"one process gone ({type(error).__name__})"
    return SimulatorError("all environments at work", found, "look for what ended it (memory?), then `alam train --resume`")
