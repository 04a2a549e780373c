"""Safety-Gymnasium's navigation tasks, built without its registry."""

from __future__ import annotations

import math
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from alam_sim.array_contract import Part
from alam_sim.cast_warnings import cast_warnings_off
from alam_sim.global_generators import generators_kept
from alam_sim.safety_gym.clearance import NavigationClearance
from alam_sim.safety_gym.compatibility import import_module
from alam_sim.safety_gym.plain_world import plain_world_class

DECISION_PERIOD = 0.1
"""s, of a robot on wheels."""
WHEELED = frozenset({"Point", "Car", "Racecar"})
NEAR = 0.375
"""m, over which a lidar of what costs falls to 1/e; hazards have a radius of 0.2 m (docs/decisions/0008)."""


class _Unchecked(gymnasium.spaces.Dict):
    """The space of the parts of an observation, which Safety-Gymnasium asserts at every step: a tenth of the step's time."""

    def contains(self, x: Any) -> bool:
        """Say yes; the adapter asks whether the numbers are finite."""
        return True


class NavigationSource:
    """A robot on a plane among hazards; the cost says that it is in one, or beyond a border.

    Nothing but rendering needs pictures, so without it the world is a plain one.

    Args:
        name: as Safety-Gymnasium has it, e.g. `SafetyPointGoal1-v0`.
        robot: e.g. `Point`.
        render_mode: None or `rgb_array`.
        picture_size: px.

    Attributes:
        environment: Safety-Gymnasium's own, with its six-tuple step.
        model: the `mujoco.MjModel` of the robot alone.
        control_period: simulated time of one step, s.
        steps_per_action: of a robot that decides as often as robots on wheels do; legs need every step.
    """

    def __init__(self, name: str, robot: str, *, render_mode: str | None, picture_size: int) -> None:
        with generators_kept(), cast_warnings_off():
            self.environment = import_module("builder").Builder(
                name,
                config={"agent_name": robot},
                render_mode=render_mode,
                width=picture_size,
                height=picture_size,
                camera_name="fixedfar",
            )
        task = self.environment.task
        self.model = task.agent.engine.model
        self.control_period = float(self.model.opt.timestep * task.sim_conf.frameskip_binom_n * task.sim_conf.frameskip_binom_p)
        self.steps_per_action = max(1, round(DECISION_PERIOD / self.control_period)) if robot in WHEELED else 1
        self._picture_size = picture_size
        task.obs_info.obs_space_dict = _Unchecked(list(task.obs_info.obs_space_dict.items()))  # in their order
        if render_mode is None:
            task.world = plain_world_class()(task.agent, task._obstacles)

    def sensors(self) -> tuple[Part, ...]:
        """Return the parts of the observation, lidars of what costs spread near to it."""
        task = self.environment.task
        things = {f"{thing.name}_lidar" for thing in task._obstacles if thing.is_constrained}
        # A lidar gives 1 - d / max_dist; this power of it falls with the distance d like exp(-d / NEAR) does near zero.
        power = task.lidar_conf.max_dist / NEAR
        return tuple(
            Part(name, math.prod(space.shape), power if name in things else 1.0)
            for name, space in task.obs_info.obs_space_dict.items()
        )

    def reset(self, seed: int | None) -> tuple[NDArray[np.float64], dict[str, Any]]:
        """Start an episode, in a new world; return observation and info."""
        observation, info = self.environment.reset(seed=seed)
        self._distance = NavigationClearance(self.environment.task)
        return observation, info

    def clearance(self, info: dict[str, Any]) -> float:
        """Return the distance to what costs, m."""
        return self._distance()

    def render(self) -> Any:
        """Return the arena from outside, (picture_size, picture_size, 3) uint8."""
        task = self.environment.task
        if "rgb_array" not in task._viewers:
            # Safety-Gymnasium would make its viewer without the size that Gymnasium's wants since 1.0; it uses one that is there.
            screen = task.model.vis.global_
            screen.offwidth = screen.offheight = self._picture_size
            viewer_class = import_module("bases.underlying").OffScreenViewer
            task._viewers["rgb_array"] = viewer_class(task.model, task.data, self._picture_size, self._picture_size)
        return self.environment.render()

    def close(self) -> None:
        """Release the graphics context, if one was made."""
        viewers = self.environment.task._viewers
        while viewers:
            viewers.popitem()[1].close()
