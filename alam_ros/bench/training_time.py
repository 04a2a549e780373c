"""Where the wall time of a training goes, beyond its updates."""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from alam_ros.errors import BenchmarkError
from alam_ros.learning.config import TrainingConfig
from alam_ros.learning.stepper import EnvironmentFactory, EnvironmentStepper
from alam_ros.learning.trainer import Trainer

UPDATES, REST = "updates", "logging and all else"
Result = TypeVar("Result")


@dataclass(frozen=True)
class TrainingTime:
    """A training from its first update to its end.

    Attributes:
        wall_s: of it, s.
        updates: gradient steps.
        shares: part → share of the wall time, in sum 1.
    """

    wall_s: float
    updates: int
    shares: Mapping[str, float]

    @property
    def beyond_updates(self) -> float:
        """Share of the wall time that is no update."""
        return 1.0 - self.shares[UPDATES]


class TimedTrainer(Trainer):
    """A trainer that keeps the wall time of its parts, from the first update on."""

    def __init__(self, config: TrainingConfig, make_environments: EnvironmentFactory) -> None:
        self._seconds: dict[str, float] = defaultdict(float)
        self._first_update: float | None = None
        super().__init__(config, make_environments=make_environments)

    def measured(self) -> TrainingTime:
        """Run to the end and return where the time went.

        Raises:
            BenchmarkError: when there was no update.
        """
        self.run()
        if self._first_update is None:
            raise BenchmarkError("a training with updates", "none within its steps", "give more --steps")
        wall = time.perf_counter() - self._first_update
        shares = {part: seconds / wall for part, seconds in self._seconds.items()}
        return TrainingTime(wall, self._learner.updates, {**shares, REST: 1.0 - sum(shares.values())})

    def save(self) -> None:
        """Write a checkpoint, in time that is kept."""
        self._timed("checkpoints", super().save)()

    def _begin(self, stepper: EnvironmentStepper, state: dict[str, Any] | None) -> None:
        super()._begin(stepper, state)
        for part, owner, name in (
            (UPDATES, self._learner, "update"),
            ("drawing batches", self._replay, "sample"),
            ("waiting for environments", self._collector, "receive"),
            ("choosing actions", self, "_choose_action"),
            ("evaluation", self, "_begin_evaluation"),
            ("evaluation", self, "go_on_evaluating"),
            ("probe", self._probe, "record"),
        ):
            setattr(owner, name, self._timed(part, getattr(owner, name)))

    def _timed(self, part: str, function: Callable[..., Result]) -> Callable[..., Result]:
        def timed(*arguments: Any, **options: Any) -> Result:
            started = time.perf_counter()
            if part == UPDATES and self._first_update is None:
                self._first_update = started
            result = function(*arguments, **options)
            if self._first_update is not None:
                self._seconds[part] += time.perf_counter() - max(started, self._first_update)
            return result

        return timed


def training_time(config: TrainingConfig, make_environments: EnvironmentFactory) -> TrainingTime:
    """Train in a directory that is removed afterwards, and return where the time went.

    Raises:
        SimulatorError: when the environments cannot be made or trained on.
    """
    with in_temporary_directory(config) as elsewhere, TimedTrainer(elsewhere, make_environments) as timed:
        return timed.measured()


@contextmanager
def in_temporary_directory(config: TrainingConfig) -> Iterator[TrainingConfig]:
    """Yield the same training in a directory that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="alam-bench-") as folder:
        yield replace(config, trainer=replace(config.trainer, directory=str(Path(folder) / "run")))
