"""The PyBullet world of one episode: physics and picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract.samples import Vector3
from alam_sim.arm_reach.column import Column
from alam_sim.arm_reach.config import ArmReachConfig
from alam_sim.arm_reach.scene import Scene
from alam_sim.bullet import BulletClient, picture, pybullet

STEPS_PER_PERIOD = 4
SOLVER_ITERATIONS = 50
CAMERA, TARGET = (1.9, -1.0, 1.3), (0.3, 0.0, 0.4)


class World(Scene):
    """A scene in which time passes; built anew each episode, so that equal seeds give equal trajectories whatever came before."""

    def __init__(
        self,
        client: BulletClient,
        config: ArmReachConfig,
        *,
        column: Column,
        posture: NDArray[np.float64],
        is_visible: bool,
    ) -> None:
        client.resetSimulation()
        client.setGravity(0, 0, -9.81)
        super().__init__(client, config, is_visible=is_visible)
        self.place(column)
        self.arm.place(posture)
        self._goal: int | None = None

    def step(self, velocity: NDArray[np.float64], slew: NDArray[np.float64], period: float) -> None:
        """Move toward the commanded joint velocities (7,) rad/s for one control period of `period` s."""
        duration = period / STEPS_PER_PERIOD
        self.client.setPhysicsEngineParameter(
            fixedTimeStep=duration, numSolverIterations=SOLVER_ITERATIONS, deterministicOverlappingPairs=1
        )
        self.arm.command(velocity, slew, period)
        for _ in range(STEPS_PER_PERIOD):
            self.arm.follow(duration)
            self.client.stepSimulation()

    def picture(self, size: int, goal: Vector3, goal_radius: float) -> NDArray[np.uint8]:
        """Return (size, size, 3) uint8, the arm from its front right, with the goal as a ball that nothing collides with."""
        if self._goal is None:
            ball = self.client.createVisualShape(pybullet.GEOM_SPHERE, radius=goal_radius, rgbaColor=[0.2, 0.75, 0.3, 1])
            self._goal = self.client.createMultiBody(0, baseVisualShapeIndex=ball)
        self.client.resetBasePositionAndOrientation(self._goal, goal, [0, 0, 0, 1])
        view = self.client.computeViewMatrix(CAMERA, TARGET, [0, 0, 1])
        lens = self.client.computeProjectionMatrixFOV(fov=45, aspect=1.0, nearVal=0.1, farVal=6.0)
        return picture(self.client, size, view, lens)
