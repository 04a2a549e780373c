"""`python -m alam_sim.survey ID…`: what a learner meets in a task, measured under uniformly random actions.

Learners see observations as they are. An element that hardly varies, or far from zero, or much more than the others, is learned
slowly; this says which ones. Speed is steps per second of CPU time, resets included.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import gymnasium
import numpy as np
from numpy.typing import NDArray

import alam_sim  # noqa: F401 (registers the environments)

FAR = 5.0
HEADER = (
    "| task | elements | spread: least, median, greatest | reward a step | return | cost rate | steps of an episode | steps/s |\n"
    "|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True)
class Survey:
    """Random actions in one task for T steps.

    Attributes:
        task: id.
        observations: (T, n).
        rewards, costs: (T,).
        ended: whether an episode ended with the step, (T,).
        seconds: of CPU time.
    """

    task: str
    observations: NDArray[np.float32]
    rewards: NDArray[np.float64]
    costs: NDArray[np.float64]
    ended: NDArray[np.bool_]
    seconds: float

    @property
    def spread(self) -> NDArray[np.float64]:
        """Return the standard deviation of each element, (n,)."""
        return np.asarray(self.observations.std(0, dtype=np.float64))

    def row(self) -> str:
        """Return the task's row of the table under `HEADER`."""
        spread, ends = self.spread, np.flatnonzero(self.ended)
        episodes, steps = (len(ends), int(ends[-1]) + 1) if len(ends) else (1, len(self.ended))
        return (
            f"| {self.task} | {len(spread)} | {spread.min():.2g}, {np.median(spread):.2g}, {spread.max():.2g} "
            f"| {self.rewards.mean():.3g} ± {self.rewards.std():.2g} | {self.rewards[:steps].sum() / episodes:.3g} "
            f"| {self.costs.mean():.3f} | {steps / episodes:.0f} | {len(self.rewards) / self.seconds:.0f} |"
        )

    def far_elements(self) -> str:
        """Return index: mean ± spread of each element whose spread is over `FAR` times off 1, or whose mean is beyond ±`FAR`."""
        spread, mean = self.spread, self.observations.mean(0, dtype=np.float64)
        far = np.flatnonzero((spread < 1 / FAR) | (spread > FAR) | (np.abs(mean) > FAR))
        listed = ", ".join(f"{index}: {mean[index]:.2g} ± {spread[index]:.2g}" for index in far)
        return f"{self.task}: {len(far)} of {len(spread)}: {listed}"


def survey(task: str, *, steps: int, seed: int) -> Survey:
    """Act at random in the task.

    Args:
        task: id, e.g. `alam/SafetyCarRun-v0`.
        steps: in all; episodes follow one another.
        seed: of the first episode and of the actions.
    """
    environment = gymnasium.make(task, disable_env_checker=True)
    size = environment.action_space.shape or ()
    actions = np.random.default_rng(seed).uniform(-1.0, 1.0, (steps, *size)).astype(np.float32)
    environment.reset(seed=seed)
    rows = []
    began = time.process_time()
    for action in actions:
        observation, reward, terminated, truncated, info = environment.step(action)
        rows.append((observation, float(reward), info["cost"], terminated or truncated))
        if terminated or truncated:
            environment.reset()
    seconds = time.process_time() - began
    environment.close()
    observations, rewards, costs, ended = (np.array(column) for column in zip(*rows, strict=True))
    return Survey(task, observations, rewards, costs, ended, seconds)


def main() -> None:
    """Print a table of the tasks, and then the elements that are far from zero mean and unit spread."""
    parser = argparse.ArgumentParser(prog="python -m alam_sim.survey", description=main.__doc__)
    parser.add_argument("tasks", nargs="+", metavar="ID", help="e.g. alam/SafetyCarRun-v0")
    parser.add_argument("--steps", type=int, default=5000, help="for each task (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.steps < 1:
        parser.error(f"--steps must be at least 1, not {arguments.steps}")
    try:
        for task in arguments.tasks:
            gymnasium.spec(task)
    except gymnasium.error.Error as error:
        parser.error(" ".join(str(error).split()))
    print(HEADER)
    surveys = []
    for task in arguments.tasks:
        surveys.append(survey(task, steps=arguments.steps, seed=arguments.seed))
        print(surveys[-1].row(), flush=True)
    print(f"\nElements whose spread is below {1 / FAR:g} or above {FAR:g}, or whose mean is beyond ±{FAR:g}: mean ± spread")
    for each in surveys:
        print(each.far_elements())


if __name__ == "__main__":
    main()
