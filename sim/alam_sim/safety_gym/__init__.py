"""Safety-Gymnasium's navigation and velocity tasks, as `alam/SafetyPointGoal1-v0` and so on."""

from collections.abc import Mapping

import gymnasium

from alam_sim.safety_gym.tasks import TASKS


def register() -> None:
    """Register the tasks with Gymnasium; Safety-Gymnasium itself is imported when one is made."""
    for name, task in TASKS.items():
        gymnasium.register(
            id=f"alam/{name}",
            entry_point="alam_sim.safety_gym.environment:SafetyGymnasiumEnv",
            kwargs={"task": name},
            max_episode_steps=task.max_steps,
        )


def learning_arguments(name: str) -> Mapping[str, str]:
    """Return the robot's interface for the benchmark's tasks, nothing for others."""
    return {"interface": "robot"} if name in TASKS else {}
