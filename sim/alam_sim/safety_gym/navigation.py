"""Safety-Gymnasium's navigation tasks, built without its registry."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from alam_sim.safety_gym.compatibility import import_module
from alam_sim.safety_gym.plain_world import plain_world_class


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
    """

    def __init__(self, name: str, robot: str, *, render_mode: str | None, picture_size: int) -> None:
        with _quiet_and_without_side_effects():
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
        self._picture_size = picture_size
        if render_mode is None:
            task.world = plain_world_class()(task.agent, task._obstacles)

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


@contextmanager
def _quiet_and_without_side_effects() -> Iterator[None]:
    """Build a task without advancing NumPy's global generator, and without warnings on Gymnasium's casts of infinite bounds."""
    state = np.random.get_state()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="overflow encountered in cast", category=RuntimeWarning)
            yield
    finally:
        np.random.set_state(state)
