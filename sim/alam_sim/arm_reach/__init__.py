"""`alam/ArmReach-v0`: an arm moves its tool from goal to goal and keeps all its links away from a column and the table."""

import gymnasium


def register() -> None:
    """Register the task with Gymnasium; episodes last 20 s of simulated time."""
    gymnasium.register(
        id="alam/ArmReach-v0",
        entry_point="alam_sim.arm_reach.environment:ArmReachEnv",
        max_episode_steps=400,
    )
