"""`alam/Navigation-v0`: a differential-drive robot with a lidar drives to goals among static and moving obstacles."""

import gymnasium


def register() -> None:
    """Register the task with Gymnasium; episodes last 40 s of simulated time."""
    gymnasium.register(
        id="alam/Navigation-v0",
        entry_point="alam_sim.navigation.environment:NavigationEnv",
        max_episode_steps=400,
    )
