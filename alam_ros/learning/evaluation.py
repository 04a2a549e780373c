"""Evaluation: whole episodes of given seeds, step by step, for curves, calibration and reports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alam_ros.errors import SimulatorError
from alam_ros.learning.agents import Agent
from alam_ros.learning.stepper import EnvironmentStepper


@dataclass(frozen=True)
class EpisodeRecord:
    """One episode of T steps. Element t of an array belongs to the transition from state t to state t + 1.

    Attributes:
        seed: of the episode.
        terminated: whether it ended by itself rather than by its time limit.
        observation: of state t, (T, observation_size).
        action: in [-1, 1], taken in state t, (T, action_size).
        reward, cost: of the transition, as its benchmark counts them, (T,).
        violation: share of the transition in violation, in [0, 1]; what Q_c adds up, (T,).
        clearance: in state t + 1, (T,); NaN where the environment does not tell. In the task's unit: m, in velocity tasks m/s, in
            some a share of the limit (docs/simulators.md).
        cost_value: Q_c(s_t, a_t), the larger of the twins, (T,).
        multiplier: λ̄(s_t), (T,).
        effective_multiplier: [λ̄ + ρ (Q_c - d)]_+, (T,).
        probability: calibrated, of a violation within the policy file's horizon, (T,); NaN without calibration.
    """

    seed: int
    terminated: bool
    observation: NDArray[np.float32]
    action: NDArray[np.float32]
    reward: NDArray[np.float64]
    cost: NDArray[np.float64]
    violation: NDArray[np.float64]
    clearance: NDArray[np.float64]
    cost_value: NDArray[np.float32]
    multiplier: NDArray[np.float32]
    effective_multiplier: NDArray[np.float32]
    probability: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.reward)

    @property
    def episode_return(self) -> float:
        """Return the sum of rewards."""
        return float(self.reward.sum())

    @property
    def episode_cost(self) -> float:
        """Return the sum of costs."""
        return float(self.cost.sum())


@dataclass(frozen=True, kw_only=True)
class ActionNoise:
    """How far actions depart from the deterministic policy.

    Attributes:
        stochastic: draw them from the policy.
        perturbation: standard deviation σ of a normal deviate added to each, clipped to [-1, 1] afterwards.
    """

    stochastic: bool = False
    perturbation: float = 0.0


JUDGED_AT_ONCE = 64  # steps of all environments
MIXED_NOISES = {
    "deterministic": ActionNoise(),
    "stochastic": ActionNoise(stochastic=True),
    "perturbed": ActionNoise(perturbation=0.3),
}
"""What risk is calibrated and judged on (alam.md §7): a perfectly safe policy would show no violations to learn from."""


def evaluate(
    agent: Agent,
    stepper: EnvironmentStepper,
    *,
    episodes: int,
    first_seed: int,
    noise: ActionNoise | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    advance: Callable[[int], None] = lambda _: None,
) -> list[EpisodeRecord]:
    """Run the episodes with the seeds `first_seed`, `first_seed + 1`, … to their ends.

    Which episodes are run is settled beforehand, so that short ones do not crowd out long ones, and neither maps nor noise depend
    on how many environments work side by side.

    Args:
        agent: acts and judges.
        stepper: environments; whatever they were doing is abandoned.
        episodes: how many.
        first_seed: of the first.
        noise: None for deterministic actions.
        should_stop: asked in every step; once it says yes, nothing is returned.
        advance: told how many episodes have ended since it was told last.

    Returns:
        The episodes in the order of their seeds.
    """
    evaluation = Evaluation(agent, stepper, episodes=episodes, first_seed=first_seed, noise=noise, advance=advance)
    while not should_stop():
        records = evaluation.advance()
        if records is not None:
            return records
    evaluation.close()
    return []


class Evaluation:
    """What `evaluate` does, a step at a time, between which others can work.

    Args:
        agent: acts and judges, and must stay as it is until the last step.
        stepper: environments; whatever they were doing is abandoned.
        episodes: how many.
        first_seed: of the first.
        noise: None for deterministic actions.
        advance: told how many episodes have ended since it was told last.
    """

    def __init__(
        self,
        agent: Agent,
        stepper: EnvironmentStepper,
        *,
        episodes: int,
        first_seed: int,
        noise: ActionNoise | None = None,
        advance: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._steps = _rounds(agent, stepper, range(first_seed, first_seed + episodes), noise or ActionNoise(), advance)

    def advance(self) -> list[EpisodeRecord] | None:
        """Finish the step that all environments are at, and begin the next.

        Returns:
            The episodes in the order of their seeds, once the last one has ended.

        Raises:
            SimulatorError: when an environment's process is gone.
        """
        try:
            next(self._steps)
        except StopIteration as finished:
            records: list[EpisodeRecord] = finished.value
            return records
        return None

    def close(self) -> None:
        """Give it up; the environments finish the step they are at."""
        with suppress(SimulatorError):  # a signal to the whole process group ended them before us
            self._steps.close()


def _rounds(
    agent: Agent, stepper: EnvironmentStepper, seeds: range, noise: ActionNoise, advance: Callable[[int], None]
) -> Generator[None, None, list[EpisodeRecord]]:
    records: list[EpisodeRecord] = []
    for first in seeds[:: stepper.copies]:
        finished = (yield from _round(agent, stepper, first, noise))[: seeds.stop - first]
        records += finished
        advance(len(finished))
    return records


def _round(
    agent: Agent, stepper: EnvironmentStepper, first_seed: int, noise: ActionNoise
) -> Generator[None, None, list[EpisodeRecord]]:
    """Run one episode in each environment; those that end early restart and are ignored until the last one ends."""
    generators = [np.random.default_rng(first_seed + index) for index in range(stepper.copies)]
    columns: defaultdict[str, list[NDArray[np.generic]]] = defaultdict(list)
    lengths = np.zeros(stepper.copies, int)
    observation = stepper.start(first_seed)
    while not lengths.all():
        action = _act(agent, observation, stepper.action_size, noise, generators)
        stepper.send(action)
        if len(columns["action"]) % JUDGED_AT_ONCE == 0:
            _judge(agent, columns)
        try:
            yield
        finally:  # no step is left under way where nobody goes on
            step = stepper.receive()
        row: dict[str, NDArray[np.generic]] = {
            "observation": observation,
            "action": action,
            "reward": step.reward,
            "cost": step.cost,
            "violation": step.violation,
            "clearance": step.number("clearance"),
            "terminated": step.terminated,
        }
        for name, values in row.items():
            columns[name].append(values)
        lengths[step.ended & (lengths == 0)] = len(columns["reward"])
        observation = step.restarted_observation
    _judge(agent, columns)
    stacked = {name: np.stack(values, axis=1) for name, values in columns.items()}
    terminated = stacked.pop("terminated")
    return [
        EpisodeRecord(
            first_seed + index, bool(terminated[index, length - 1]), **{n: v[index, :length] for n, v in stacked.items()}
        )
        for index, length in enumerate(lengths)
    ]


def _judge(agent: Agent, columns: defaultdict[str, list[NDArray[np.generic]]]) -> None:
    """Add what the agent says of the steps that it has not judged yet: of many at once, which takes little more than of one."""
    since = len(columns["cost_value"])
    pairs = columns["observation"][since:], columns["action"][since:]
    if not pairs[0]:
        return
    assessment = agent.assess(*(np.concatenate(rows) for rows in pairs))
    for name, values in vars(assessment).items():
        columns[name].extend(values.reshape(len(pairs[0]), -1))


def _act(
    agent: Agent,
    observation: NDArray[np.float32],
    action_size: int,
    noise: ActionNoise,
    generators: list[np.random.Generator],
) -> NDArray[np.float32]:
    """Choose actions; each episode draws from a generator of its own."""

    def normal() -> NDArray[np.float32]:
        return np.stack([generator.standard_normal(action_size, np.float32) for generator in generators])

    action = agent.act(observation, normal() if noise.stochastic else None)
    if noise.perturbation > 0:
        action = np.clip(action + np.float32(noise.perturbation) * normal(), -1.0, 1.0)
    return action
