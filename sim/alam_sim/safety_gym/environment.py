"""A Safety-Gymnasium task as a Gymnasium environment with our interface."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from alam_ros.errors import SimulatorError
from alam_sim.array_contract import Part, array_contract
from alam_sim.array_environment import ArrayEnvironment, Outcome
from alam_sim.catalogue import task_named
from alam_sim.safety_gym.actuators import actuators
from alam_sim.safety_gym.compatibility import libraries
from alam_sim.safety_gym.navigation import NavigationSource
from alam_sim.safety_gym.offscreen import prepare_offscreen
from alam_sim.safety_gym.tasks import TASKS

PICTURE_SIZE = 480
INTERFACES = ("benchmark", "robot")


class SafetyGymnasiumEnv(ArrayEnvironment):
    """One of the tasks of Ji et al., Safety-Gymnasium (arXiv:2310.12567); a seed gives the same episode as there.

    Its cost is 0 or 1 in each of these tasks: several violations at once count once. `clearance` is the distance to what costs
    in navigation tasks, m, and what is left to the speed limit in velocity tasks, m/s. MuJoCo's version changes the physics.

    Args:
        task: as Safety-Gymnasium names it, e.g. `SafetyPointGoal1-v0`.
        interface: `benchmark` is the task's own vector and an action for each of its steps. `robot` is what `alam train` takes
            unless told otherwise: robots on wheels decide about every 0.1 s, and lidars of what costs are spread where
            they are near to it (docs/decisions/0008). Walkers are the same either way.
        render_mode: None or `rgb_array`; with the latter, resets take ten times longer.

    Raises:
        SimulatorError: when the task is unknown, a package is absent or of a version that does not work, or pictures are asked
            for where none can be drawn.
    """

    def __init__(self, task: str, interface: Literal["benchmark", "robot"] = "benchmark", render_mode: str | None = None) -> None:
        if interface not in INTERFACES:
            raise SimulatorError(f"an interface among {', '.join(INTERFACES)}", repr(interface), "choose one of them")
        installed = libraries()
        if render_mode is not None:
            prepare_offscreen()
        found = task_named(task, TASKS, package="Safety-Gymnasium")
        self._source = found.build(render_mode=render_mode, picture_size=PICTURE_SIZE)
        self._environment = self._source.environment
        parts: tuple[Part, ...] = (Part("observation", self._environment.observation_space.shape[0]),)
        steps_per_action = 1
        if interface == "robot" and isinstance(self._source, NavigationSource):
            parts, steps_per_action = self._source.sensors(), self._source.steps_per_action
        contract = array_contract(
            name=task,
            control_period=self._source.control_period * steps_per_action,
            parts=parts,
            components=actuators(self._source.model),
        )
        super().__init__(contract=contract, libraries=installed, render_mode=render_mode, steps_per_action=steps_per_action)

    def close(self) -> None:
        """Release the simulator and its graphics context."""
        self._source.close()

    def _begin(self, seed: int | None) -> tuple[NDArray[np.float64], dict[str, Any]]:
        return self._source.reset(seed)

    def _advance(self, action: NDArray[np.float64]) -> Outcome:
        outcome: Outcome = self._environment.step(action)
        return outcome

    def _clearance(self, info: dict[str, Any]) -> float:
        return self._source.clearance(info)

    def _draw(self) -> NDArray[np.uint8]:
        picture: NDArray[np.uint8] = self._source.render()
        return picture
