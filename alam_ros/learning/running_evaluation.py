"""An evaluation that goes on while training does: of the policy as it was when the evaluation began."""

from __future__ import annotations

from dataclasses import replace

from alam_ros.learning.agents import LearnerAgent
from alam_ros.learning.evaluation import Evaluation
from alam_ros.learning.learner import Learner
from alam_ros.learning.metrics import MetricsRow
from alam_ros.learning.stepper import EnvironmentStepper
from alam_ros.learning.summary import summarise


class RunningEvaluation:
    """Takes a step whenever it is asked to, and says at the end what it found.

    Args:
        learner: its policy as it is now.
        stepper: environments of its own.
        row: where training stands now.
        episodes: how many.
        first_seed: of the first.
    """

    def __init__(self, learner: Learner, stepper: EnvironmentStepper, row: MetricsRow, *, episodes: int, first_seed: int) -> None:
        self._agent, self._row = LearnerAgent(learner, frozen=True), row
        self._evaluation = Evaluation(self._agent, stepper, episodes=episodes, first_seed=first_seed)

    @property
    def begun_at(self) -> int:
        """Return the environment steps of training after which it began."""
        return self._row.steps

    def advance(self) -> MetricsRow | None:
        """Take a step of all environments; return the row with the evaluation once the last episode has ended.

        Raises:
            SimulatorError: when an environment's process is gone.
        """
        records = self._evaluation.advance()
        return None if records is None else replace(self._row, evaluation=summarise(records, self._agent))

    def close(self) -> None:
        """Give it up."""
        self._evaluation.close()
