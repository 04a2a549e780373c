"""The numbers of the navigation task."""

from __future__ import annotations

from dataclasses import dataclass

from alam_sim.task_numbers import require_numbers


@dataclass(frozen=True, kw_only=True)
class NavigationConfig:
    """Geometry, dynamics and reward of `alam/Navigation-v0`: m, s, rad, kg.

    Attributes:
        arena_half_width: from the centre to each wall.
        static_obstacles, moving_obstacles: how many cylinders.
        static_radius, moving_radius: least and greatest radius.
        mover_speed: least and greatest speed of a moving obstacle; it patrols between two points and gives way to nobody.
        passage: least free width between two static obstacles or an obstacle and a wall.
        safety_distance: cost 1 when the gap between the robot's body and an obstacle or wall is smaller.
        start_clearance: least such gap at the start of an episode and at a goal.
        goal_radius: a goal nearer than this is reached, and the next one appears at least `goal_spacing` away.
        lidar_noise: standard deviation of a range.
        progress_reward: for each metre nearer to the goal; `goal_reward` for reaching it.
    """

    arena_half_width: float = 3.5
    static_obstacles: int = 6
    moving_obstacles: int = 2
    static_radius: tuple[float, float] = (0.2, 0.35)
    moving_radius: tuple[float, float] = (0.15, 0.25)
    mover_speed: tuple[float, float] = (0.1, 0.25)
    passage: float = 0.8
    safety_distance: float = 0.15
    start_clearance: float = 0.4
    goal_radius: float = 0.3
    goal_spacing: float = 1.5
    lidar_noise: float = 0.01
    progress_reward: float = 5.0
    goal_reward: float = 2.5

    def __post_init__(self) -> None:
        """Refuse numbers without meaning.

        Raises:
            SimulatorError: naming the number.
        """
        require_numbers(self, may_be_zero=MAY_BE_ZERO)


MAY_BE_ZERO = (
    "static_obstacles",
    "moving_obstacles",
    "mover_speed",
    "passage",
    "safety_distance",
    "start_clearance",
    "lidar_noise",
    "progress_reward",
    "goal_reward",
)
