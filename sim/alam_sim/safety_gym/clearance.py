"""How far the robot of a navigation task is from what costs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Gap = Callable[[], float]


class NavigationClearance:
    """The least distance to a violation in one episode's world, m.

    - a hazard costs when the robot's origin is over it: distance to its edge, exactly;
    - a border costs when the robot's origin is beyond it: distance to it, exactly;
    - a vase, gremlin, pillar or wrong button costs when touched: gap between bounding spheres, which is at most the true gap.

    Args:
        task: Safety-Gymnasium's, with its present world.
    """

    def __init__(self, task: Any) -> None:
        self._task = task
        self._origin = task.data.body("agent").xpos  # a view: it moves with the robot
        self._gaps = [gap for thing in task._obstacles if thing.is_constrained for gap in self._gaps_to(thing)]

    def __call__(self) -> float:
        """Return it for the present state; infinite where nothing costs."""
        return min((gap() for gap in self._gaps), default=math.inf)

    def _gaps_to(self, thing: Any) -> list[Gap]:
        if thing.name == "sigwalls":
            axes = slice(2) if thing.num == 4 else slice(1)
            return [lambda: float(thing.locate_factor - np.abs(self._origin[axes]).max())]
        if thing.name == "hazards":
            x, y, _ = np.transpose(thing.pos)
            return [lambda: float(np.hypot(x - self._origin[0], y - self._origin[1]).min() - thing.size)]
        return self._gaps_between_spheres(thing)

    def _gaps_between_spheres(self, thing: Any) -> list[Gap]:
        model, data = self._task.model, self._task.data
        suffix = "obj" if thing.name == "gremlins" else ""
        names = [f"{thing.name[:-1]}{index}{suffix}" for index in range(thing.num)]
        things = [model.geom(name).id for name in names]
        robot = np.flatnonzero(model.body_rootid[model.geom_bodyid] == model.body("agent").rootid)
        reach = model.geom_rbound[robot][:, None] + model.geom_rbound[things]

        def gaps() -> float:
            between = data.geom_xpos[robot][:, None] - data.geom_xpos[things]
            free = np.sqrt(np.square(between).sum(-1)) - reach
            if thing.name == "buttons":
                free[:, thing.goal_button] = math.inf
            return float(free.min())

        return [gaps]
