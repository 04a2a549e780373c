"""The catalogue: which Safety-Gymnasium tasks are offered."""

from __future__ import annotations

from dataclasses import dataclass

from alam_sim.safety_gym.navigation import NavigationSource
from alam_sim.safety_gym.velocity import VelocitySource

ROBOTS = ("Point", "Car", "Racecar", "Doggo", "Ant")
WALKERS = ("HalfCheetah", "Hopper", "Walker2d", "Swimmer", "Ant", "Humanoid")
LEVELS = {"Goal": 1000, "Button": 1000, "Push": 1000, "Circle": 500}  # tasks with levels 0 to 2, and their episodes' steps
NAVIGATION_STEPS = {"Run0": 500, **{f"{goal}{level}": steps for goal, steps in LEVELS.items() for level in range(3)}}

Source = NavigationSource | VelocitySource


@dataclass(frozen=True)
class Task:
    """One task of the benchmark.

    Attributes:
        name: as Safety-Gymnasium has it, e.g. `SafetyPointGoal1-v0`.
        body: the robot or walker in it, e.g. `Point`.
        max_steps: of an episode.
    """

    name: str
    body: str
    max_steps: int

    def build(self, *, render_mode: str | None, picture_size: int) -> Source:
        """Return the task, ready to be reset."""
        if self.name.endswith("Velocity-v1"):
            return VelocitySource(self.body, render_mode=render_mode, picture_size=picture_size)
        return NavigationSource(self.name, self.body, render_mode=render_mode, picture_size=picture_size)


TASKS = {
    task.name: task
    for task in (
        *(Task(f"Safety{robot}{goal}-v0", robot, steps) for robot in ROBOTS for goal, steps in NAVIGATION_STEPS.items()),
        *(Task(f"Safety{walker}Velocity-v1", walker, 1000) for walker in WALKERS),
    )
}
