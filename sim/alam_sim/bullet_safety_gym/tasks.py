"""The catalogue: which Bullet-Safety-Gym tasks are offered."""

from __future__ import annotations

from dataclasses import dataclass

BODIES = ("Ball", "Car", "Ant", "Drone")
# Steps of an episode, for each of the bodies.
EPISODES = {
    "Run": (100, 200, 200, 200),
    "Circle": (200, 300, 500, 300),
    "Reach": (250, 500, 1000, 500),
    "Gather": (250, 500, 1000, 500),
}


@dataclass(frozen=True)
class Task:
    """One task of the package.

    Attributes:
        name: as the package has it, e.g. `SafetyCarRun-v0`.
        kind: what is to be done, e.g. `Run`.
        max_steps: of an episode.
    """

    name: str
    kind: str
    max_steps: int


TASKS = {
    task.name: task
    for task in (
        Task(f"Safety{body}{kind}-v0", kind, steps)
        for kind, episodes in EPISODES.items()
        for body, steps in zip(BODIES, episodes, strict=True)
    )
}
