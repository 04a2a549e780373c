"""The numbers of the reaching task."""

from __future__ import annotations

from dataclasses import dataclass

from alam_sim.task_numbers import require_numbers

Range = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class ArmReachConfig:
    """Geometry and reward of `alam/ArmReach-v0`: m, rad. Distances and bearings are from the vertical axis of the arm's base.

    Attributes:
        column_distance, column_bearing: least and greatest, of the axis of the column that is the keep-out zone.
        column_radius, column_height: least and greatest; it stands on the table.
        safety_distance: cost 1 when the gap between any link and the column is smaller.
        table_distance: cost 1 when the gap between any moving link and the table is smaller: contact, with what a solver needs.
        start_clearance: least clearance (gap less safety distance) of the postures that episodes start in and goals are made of.
        goal_distance, goal_bearing, goal_height: least and greatest, of starts and goals.
        goal_radius: a goal nearer than this to the tool is reached, and the next one appears at least `goal_spacing` away.
        progress_reward: for each metre nearer to the goal; `goal_reward` for reaching it.
    """

    column_distance: Range = (0.55, 0.7)
    column_bearing: Range = (-0.35, 0.35)
    column_radius: Range = (0.05, 0.09)
    column_height: Range = (0.4, 0.8)
    safety_distance: float = 0.08
    table_distance: float = 0.01
    start_clearance: float = 0.05
    goal_distance: Range = (0.4, 0.75)
    goal_bearing: Range = (-1.2, 1.2)
    goal_height: Range = (0.15, 0.6)
    goal_radius: float = 0.05
    goal_spacing: float = 0.4
    progress_reward: float = 10.0
    goal_reward: float = 2.5

    def __post_init__(self) -> None:
        """Refuse numbers without meaning.

        Raises:
            SimulatorError: naming the number.
        """
        require_numbers(self, may_be_zero=MAY_BE_ZERO, may_be_negative=("column_bearing", "goal_bearing", "goal_height"))


MAY_BE_ZERO = ("safety_distance", "table_distance", "start_clearance", "goal_distance", "progress_reward", "goal_reward")
