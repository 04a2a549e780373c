"""The PyBullet world of one episode: ground, walls, obstacles, robot, lidar, picture."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract import Channel, LaserScanSample, OdometrySample
from alam_ros.contract.rotation import yaw
from alam_sim.bullet import BulletClient, picture, pybullet
from alam_sim.navigation.config import NavigationConfig
from alam_sim.navigation.layout import Layout
from alam_sim.navigation.robot import GROUND_GROUP, OBSTACLE_GROUP, ROBOT_GROUP, DifferentialDrive

OBSTACLE_HEIGHT = 0.5
WALL_THICKNESS = 0.2
STEPS_PER_PERIOD, SUBSTEPS = 2, 2
SOLVER_ITERATIONS = 8


class World:
    """Physics and sensors; built anew each episode, so that equal seeds give equal trajectories whatever came before.

    Args:
        client: PyBullet world, which is emptied first.
        config: of the task.
        layout: where everything stands.
        scan: the lidar's channel of the contract.
        slew: of the robot, as `DifferentialDrive` has it.
        is_visible: whether bodies look like something; without, a world is built in five sixths of the time.
    """

    def __init__(
        self,
        client: BulletClient,
        config: NavigationConfig,
        layout: Layout,
        scan: Channel,
        slew: NDArray[np.float64],
        *,
        is_visible: bool,
    ) -> None:
        self._client, self._config, self._layout = client, config, layout
        self._duration = 0.0
        self._is_visible = is_visible
        client.resetSimulation()
        client.setGravity(0, 0, -9.81)
        ground = client.createMultiBody(0, client.createCollisionShape(pybullet.GEOM_PLANE))
        client.setCollisionFilterGroupMask(ground, -1, GROUND_GROUP, ROBOT_GROUP)
        self._build_walls()
        for x, y, radius in layout.static:
            self._cylinder(x, y, radius, [0.55, 0.55, 0.58, 1])
        self._movers = [self._cylinder(*mover.start, mover.radius, [0.8, 0.3, 0.2, 1]) for mover in layout.movers]
        self._goal: int | None = None
        self.robot = DifferentialDrive(client, *layout.start, slew)
        increment = (scan.angle_max - scan.angle_min) / scan.size
        self._scan_angles = (scan.angle_min, increment)
        self._bearings = scan.angle_min + increment * np.arange(scan.size)
        bounds = scan.bounds()
        self._lidar_range = bounds[0][1] if bounds else 2 * config.arena_half_width

    def step(self, velocity: NDArray[np.float64], time: float, period: float) -> None:
        """Drive toward the commanded velocity for one control period that begins at `time` s."""
        client, wanted = self._client, velocity.tolist()
        duration = period / STEPS_PER_PERIOD
        if duration != self._duration:
            self._duration = duration
            client.setPhysicsEngineParameter(
                fixedTimeStep=duration,
                numSubSteps=SUBSTEPS,
                numSolverIterations=SOLVER_ITERATIONS,
                deterministicOverlappingPairs=1,
            )
        for index in range(STEPS_PER_PERIOD):
            moment = time + (index + 1) * duration
            for body, mover in zip(self._movers, self._layout.movers, strict=True):
                x, y = mover.position(moment)
                client.resetBasePositionAndOrientation(body, [x, y, OBSTACLE_HEIGHT / 2], [0, 0, 0, 1])
            self.robot.command(wanted, duration)
            client.stepSimulation()

    def scan(self, odometry: OdometrySample, obstacles: NDArray[np.float64], rng: np.random.Generator) -> LaserScanSample:
        """Measure the planar lidar at the robot's axis: +inf where nothing is within range, noise elsewhere.

        Rays are plane geometry: exact, where PyBullet's meet its cylinders some millimetres early or late, and four times faster.
        """
        x, y, _ = odometry.position
        distances = self._layout.ranges(x, y, self._bearings + yaw(odometry.orientation), obstacles)
        ranges = distances + rng.normal(0.0, self._config.lidar_noise, len(distances))
        ranges[distances >= self._lidar_range] = np.inf
        return LaserScanSample(np.maximum(ranges, 0.0).astype(np.float32), *self._scan_angles)

    def show_goal(self, x: float, y: float) -> None:
        """Put the goal's marker, which nothing collides with, at (x, y)."""
        if self._goal is None:
            disc = self._client.createVisualShape(
                pybullet.GEOM_CYLINDER, radius=self._config.goal_radius, length=0.01, rgbaColor=[0.2, 0.75, 0.3, 1]
            )
            self._goal = self._client.createMultiBody(0, baseVisualShapeIndex=disc)
        self._client.resetBasePositionAndOrientation(self._goal, [x, y, 0.01], [0, 0, 0, 1])

    def picture(self, size: int) -> NDArray[np.uint8]:
        """Return (size, size, 3) uint8, the arena from above."""
        client, half = self._client, self._config.arena_half_width + WALL_THICKNESS
        height = half / math.tan(math.radians(20))
        view = client.computeViewMatrix([0, 0, height], [0, 0, 0], [0, 1, 0])
        lens = client.computeProjectionMatrixFOV(fov=40, aspect=1.0, nearVal=0.1, farVal=height + 1)
        return picture(client, size, view, lens)

    def _build_walls(self) -> None:
        half, thick = self._config.arena_half_width, WALL_THICKNESS
        for x, y, length_x, length_y in (
            (0, half + thick / 2, half + thick, thick / 2),
            (0, -half - thick / 2, half + thick, thick / 2),
            (half + thick / 2, 0, thick / 2, half + thick),
            (-half - thick / 2, 0, thick / 2, half + thick),
        ):
            extents = [length_x, length_y, OBSTACLE_HEIGHT / 2]
            self._obstacle(
                self._client.createCollisionShape(pybullet.GEOM_BOX, halfExtents=extents),
                self._look(shapeType=pybullet.GEOM_BOX, halfExtents=extents, rgbaColor=[0.35, 0.35, 0.4, 1]),
                x,
                y,
            )

    def _cylinder(self, x: float, y: float, radius: float, colour: list[float]) -> int:
        return self._obstacle(
            self._client.createCollisionShape(pybullet.GEOM_CYLINDER, radius=radius, height=OBSTACLE_HEIGHT),
            self._look(shapeType=pybullet.GEOM_CYLINDER, radius=radius, length=OBSTACLE_HEIGHT, rgbaColor=colour),
            x,
            y,
        )

    def _look(self, **shape: Any) -> int:
        """Return a visual shape, or -1 for none where nobody looks."""
        return int(self._client.createVisualShape(**shape)) if self._is_visible else -1

    def _obstacle(self, collision: int, look: int, x: float, y: float) -> int:
        body = self._client.createMultiBody(0, collision, look, basePosition=[x, y, OBSTACLE_HEIGHT / 2])
        self._client.setCollisionFilterGroupMask(body, -1, OBSTACLE_GROUP, ROBOT_GROUP)
        return int(body)
