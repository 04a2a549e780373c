"""Bullet-Safety-Gym's PyBullet tasks, as `alam/SafetyCarRun-v0` and so on."""

import gymnasium

from alam_sim.bullet_safety_gym.tasks import TASKS


def register() -> None:
    """Register the tasks with Gymnasium; Bullet-Safety-Gym itself is imported when one is made."""
    for name, task in TASKS.items():
        gymnasium.register(
            id=f"alam/{name}",
            entry_point="alam_sim.bullet_safety_gym.environment:BulletSafetyGymEnv",
            kwargs={"task": name},
            max_episode_steps=task.max_steps,
        )
