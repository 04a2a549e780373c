"""Steps a vector of environments while the learner works, and keeps the episodes' returns and costs."""

from __future__ import annotations

import dataclasses
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alam_ros.learning.replay import ReplayBuffer
from alam_ros.learning.stepper import EnvironmentStepper


@dataclass(frozen=True)
class EpisodeSummary:
    """Sums over one finished episode."""

    episode_return: float
    cost: float
    length: int


class Collector:
    """Collects transitions into the replay buffer, one vector step at a time.

    Attributes:
        stepper: the environments.
        observation: what to act on next, (n, observation_size).
        episodes: the last finished ones.
        steps: environment steps collected in all.
    """

    def __init__(self, stepper: EnvironmentStepper, replay: ReplayBuffer) -> None:
        self.stepper = stepper
        self._replay = replay
        self._action: NDArray[np.float32] = np.empty(0, np.float32)
        self.episodes: deque[EpisodeSummary] = deque(maxlen=40)
        self.steps = 0

    def start(self, seed: int) -> None:
        """Begin episodes with the seeds `seed`, `seed + 1`, …; what was under way is dropped."""
        self.observation = self.stepper.start(seed)
        self._sums = np.zeros((len(self.observation), 3))

    def send(self, action: NDArray[np.float32]) -> None:
        """Begin a step with (n, action_size) actions in [-1, 1]."""
        self._action = action
        self.stepper.send(action)

    def receive(self) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]]:
        """Finish the step and store its transitions.

        Returns:
            The observations acted on, (n, observation_size), the rewards and the learner's costs, (n,).
        """
        acted_on = self.observation
        step = self.stepper.receive()
        cost, violation = step.cost, step.violation
        self._replay.add(self.observation, self._action, step.next_observation, step.reward, violation, step.terminated)
        self._sums += np.stack((step.reward, cost, np.ones_like(cost)), axis=1)
        for index in np.flatnonzero(step.ended):
            episode_return, cost, length = self._sums[index]
            self.episodes.append(EpisodeSummary(float(episode_return), float(cost), int(length)))
            self._sums[index] = 0.0
        self.observation = step.restarted_observation
        self.steps += len(self.observation)
        return acted_on, step.reward, violation

    def state_dict(self) -> dict[str, Any]:
        """Return what `load_state_dict` restores; episodes under way are not part of it, they begin anew."""
        return {"steps": self.steps, "episodes": [dataclasses.asdict(episode) for episode in self.episodes]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the counter and the finished episodes."""
        self.steps = state["steps"]
        self.episodes.extend(EpisodeSummary(**episode) for episode in state["episodes"])
