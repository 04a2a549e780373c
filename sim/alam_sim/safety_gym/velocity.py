"""Safety-Gymnasium's velocity tasks, built without its registry."""

from __future__ import annotations

import re
from typing import Any

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

    def render(self) -> Any:
        """Return the walker from the side, (picture_size, picture_size, 3) uint8."""
        return self.environment.render()

    def close(self) -> None:
        """Release the simulator, with its graphics context if one was made."""
        self.environment.close()
