"""A Bullet-Safety-Gym task as a Gymnasium environment with our interface."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract import ActionComponent
from alam_sim.array_contract import Part, array_contract
from alam_sim.array_environment import ArrayEnvironment, Outcome
from alam_sim.bullet_safety_gym.clearance import CLEARANCE
from alam_sim.bullet_safety_gym.package import build, libraries
from alam_sim.bullet_safety_gym.tasks import TASKS
from alam_sim.catalogue import task_named
from alam_sim.global_generators import GlobalGenerators

# What the first two bodies are commanded by; the others by their motors, which have names.
COMMANDS = {"Ball": ("force_x", "force_y"), "RaceCar": ("wheel_speed", "steering")}
OUT_OF_SIGHT = [0, 0, -100]


class BulletSafetyGymEnv(ArrayEnvironment):
    """One of the PyBullet tasks of Gronauer, Bullet-Safety-Gym (2022).

    The package draws from the global random generators of Python and NumPy and keeps its world between episodes, motors included.
    Here each environment has generators of its own, and a seed also builds a new world: it gives the episode, and then the
    following ones, that the package gives in a new environment after `random.seed(seed)` and `numpy.random.seed(seed)`. Moving
    obstacles keep simulated time instead of the wall clock's.

    Args:
        task: as the package names it, e.g. `SafetyCarRun-v0`.
        render_mode: None or `rgb_array`.

    Raises:
        SimulatorError: when the task is unknown, or a package is absent or of a version that does not work.
    """

    def __init__(self, task: str, render_mode: str | None = None) -> None:
        installed = libraries()
        self._task = task_named(task, TASKS, package="Bullet-Safety-Gym")
        self._clearance_of = CLEARANCE[self._task.kind]
        self._generators = GlobalGenerators(0)
        with self._generators.installed():
            self._environment = build(task)
        contract = array_contract(
            name=task,
            control_period=self._environment.dt,
            parts=(Part("observation", self._environment.observation_space.shape[0]),),
            components=tuple(
                ActionComponent(name=name, unit="1", low=-1.0, high=1.0) for name in _commands(self._environment.agent)
            ),
        )
        super().__init__(contract=contract, libraries=installed, render_mode=render_mode)

    def close(self) -> None:
        """Release the PyBullet world."""
        self._environment.close()

    def _begin(self, seed: int | None) -> tuple[NDArray[np.float64], dict[str, Any]]:
        if seed is not None:
            self._generators = GlobalGenerators(seed)
            self._environment.close()
        with self._generators.installed():
            if seed is not None:
                self._environment = build(self._task.name)
            observation, info = self._environment.reset()
        return observation, info

    def _advance(self, action: NDArray[np.float64]) -> Outcome:
        observation, reward, terminated, truncated, info = self._environment.step(action)
        return observation, reward, info["cost"], terminated, truncated, info

    def _clearance(self, info: dict[str, Any]) -> float:
        return self._clearance_of(self._environment)

    def _draw(self) -> NDArray[np.uint8]:
        agent = self._environment.agent
        if not agent._violates_constraints:
            # The shell that marks violations is transparent otherwise, but the renderer that needs no screen draws it opaque.
            agent.bc.resetBasePositionAndOrientation(agent.violation_body_id, OUT_OF_SIGHT, [0, 0, 0, 1])
        return np.asarray(self._environment.render(mode="rgb_array"), dtype=np.uint8)


def _commands(agent: Any) -> tuple[str, ...]:
    return COMMANDS.get(type(agent).__name__) or tuple(motor.name for motor in agent.motor_list)
