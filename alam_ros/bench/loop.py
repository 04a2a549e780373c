"""The loop around the learner: how much of a training is no update, and how fast the simulators are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import gymnasium

from alam_ros.bench.simulation import Adapted, adapted, steps_per_s
from alam_ros.bench.spread import Spread
from alam_ros.bench.training_time import TrainingTime, training_time
from alam_ros.learning.config import TrainingConfig
from alam_ros.learning.stepper import EnvironmentFactory

NAVIGATION = "alam/Navigation-v0"
ADAPTED = "SafetyPointGoal1-v0"
LARGEST_SHARE, LEAST_STEPS_PER_S, LARGEST_RESET_MS, LARGEST_STEP_RATIO = 0.15, 4000.0, 20.0, 1.03
EPISODES, STEPS = 8, 400


@dataclass(frozen=True)
class Loop:
    """All of it.

    Attributes:
        training: where the wall time of a training goes.
        navigation_steps_per_s: of `alam/Navigation-v0`, for each second of CPU time, resets included.
        safety_gymnasium: a task of Safety-Gymnasium, a step of ours being a step of its own; None where it is not installed.
    """

    training: TrainingTime
    navigation_steps_per_s: Spread
    safety_gymnasium: Adapted | None


def loop_document(found: Loop) -> dict[str, Any]:
    """Return it as one JSON document."""
    return {**asdict(found), "beyond_updates": found.training.beyond_updates}


def loop(
    config: TrainingConfig,
    make_environments: EnvironmentFactory,
    own_task: Callable[[str], Any] | None,
    report: Callable[[str], None] = lambda _: None,
) -> Loop:
    """Measure.

    Args:
        config: of the training.
        make_environments: for it.
        own_task: name → a task of Safety-Gymnasium by itself; None leaves it out.
        report: is told what comes next.

    Raises:
        SimulatorError: when the environments cannot be made or trained on.
    """
    report(f"training, {config.trainer.steps:,} steps")
    training = training_time(config, make_environments)
    report(f"steps of {NAVIGATION}")
    rate = steps_per_s(gymnasium.make(NAVIGATION), EPISODES, STEPS)
    if own_task is None:
        return Loop(training, rate, None)
    report(f"{ADAPTED} through our adapter and by itself")
    return Loop(training, rate, adapted(gymnasium.make(f"alam/{ADAPTED}").unwrapped, own_task(ADAPTED), EPISODES, STEPS))
