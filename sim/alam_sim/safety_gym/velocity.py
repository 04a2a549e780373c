"""Safety-Gymnasium's velocity tasks, built without its registry."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alam_sim.safety_gym.compatibility import import_module


class VelocitySource:
    """A MuJoCo walker; the cost says that it is faster than its limit.

    Args:
        walker: e.g. `HalfCheetah`.
        render_mode: None or `rgb_array`.
        picture_size: px.

    Attributes:
        environment: Safety-Gymnasium's own, with its six-tuple step.
        model: the `mujoco.MjModel`.
        control_period: simulated time of one step, s.
    """

    def __init__(self, walker: str, *, render_mode: str | None, picture_size: int) -> None:
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", walker).lower()
        module = import_module(f"tasks.safe_velocity.safety_{words}_velocity_v1")
        environment_class = getattr(module, f"Safety{walker}VelocityEnv")
        self.environment = environment_class(render_mode=render_mode, width=picture_size, height=picture_size)
        self.model = self.environment.model
        self.control_period = float(self.environment.dt)
        self._counts_all_directions = walker in {"Ant", "Humanoid"}  # the others: forwards only

    def reset(self, seed: int | None) -> tuple[NDArray[np.float64], dict[str, Any]]:
        """Start an episode; return observation and info."""
        observation, info = self.environment.reset(seed=seed)
        return observation, info

    def clearance(self, info: dict[str, Any]) -> float:
        """Return what is left to the speed limit, m/s, of the mean speed in the step whose info this is; before any, of rest."""
        speed = info.get("x_velocity", 0.0)
        if self._counts_all_directions:
            speed = math.hypot(speed, info.get("y_velocity", 0.0))
        return float(self.environment._velocity_threshold - speed)

    def render(self) -> Any:
        """Return the walker from the side, (picture_size, picture_size, 3) uint8."""
        return self.environment.render()

    def close(self) -> None:
        """Release the simulator, with its graphics context if one was made."""
        self.environment.close()
