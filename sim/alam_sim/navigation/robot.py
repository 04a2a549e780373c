"""A differential-drive robot in PyBullet: two motor-driven wheels that roll by friction, two casters, limited acceleration."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract import OdometrySample
from alam_sim.bullet import BulletClient, pybullet

BODY_RADIUS = 0.18
BODY_HEIGHT = 0.12
BODY_MASS = 8.0
BODY_CENTRE = 0.10
WHEEL_RADIUS = 0.06
WHEEL_MASS = 0.4
TRACK = 0.28
CASTER_RADIUS = 0.03
CASTER_OFFSET = 0.13
MOTOR_TORQUE = 1.5
BUMPER_FRICTION = 0.1
ROBOT_GROUP, OBSTACLE_GROUP, GROUND_GROUP = 1, 2, 4


class DifferentialDrive:
    """The robot's body, wheels and motor controller.

    Wheels are spheres where they touch the ground, which rolls without the chatter of a cylinder's edge at few solver iterations.
    """

    def __init__(self, client: BulletClient, x: float, y: float, yaw: float, slew: NDArray[np.float64]) -> None:
        """Place the robot at rest.

        Args:
            client: PyBullet world.
            x: m.
            y: m.
            yaw: rad.
            slew: (2,) greatest change of forward speed (m/s²) and turn rate (rad/s²) the motor controller asks for.
        """
        self._client = client
        self._slew: list[float] = slew.tolist()
        self._set_point = [0.0, 0.0]
        self.body = self._build(x, y, yaw)

    def command(self, velocity: Sequence[float], duration: float) -> None:
        """Move the set point toward (forward speed m/s, turn rate rad/s), as far as the limits allow in `duration` s."""
        rows = zip(self._set_point, velocity, self._slew, strict=True)
        self._set_point = [at + min(max(to - at, -slew * duration), slew * duration) for at, to, slew in rows]
        forward, turn = self._set_point
        wheels = [(forward - turn * TRACK / 2) / WHEEL_RADIUS, (forward + turn * TRACK / 2) / WHEEL_RADIUS]
        self._client.setJointMotorControlArray(
            self.body, [0, 1], pybullet.VELOCITY_CONTROL, targetVelocities=wheels, forces=[MOTOR_TORQUE] * 2
        )

    def odometry(self) -> OdometrySample:
        """Return the pose in the world (the odometry frame drifts not) and the twist in the body frame."""
        position, orientation = self._client.getBasePositionAndOrientation(self.body)
        linear, angular = self._client.getBaseVelocity(self.body)
        x, y, z, w = orientation
        cosine, sine = 1.0 - 2.0 * (y * y + z * z), 2.0 * (w * z + x * y)
        forward, left = cosine * linear[0] + sine * linear[1], cosine * linear[1] - sine * linear[0]
        return OdometrySample(position, orientation, (forward, left, linear[2]), angular)

    def _build(self, x: float, y: float, yaw: float) -> int:
        client = self._client
        body = client.createCollisionShape(pybullet.GEOM_CYLINDER, radius=BODY_RADIUS, height=BODY_HEIGHT)
        wheel = client.createCollisionShape(pybullet.GEOM_SPHERE, radius=WHEEL_RADIUS)
        caster = client.createCollisionShape(pybullet.GEOM_SPHERE, radius=CASTER_RADIUS)
        look = client.createVisualShape(
            pybullet.GEOM_CYLINDER, radius=BODY_RADIUS, length=BODY_HEIGHT, rgbaColor=[0.15, 0.35, 0.75, 1]
        )
        upright = [0.0, 0.0, 0.0, 1.0]
        robot = client.createMultiBody(
            baseMass=BODY_MASS,
            baseCollisionShapeIndex=body,
            baseVisualShapeIndex=look,
            basePosition=[x, y, BODY_CENTRE],
            baseOrientation=client.getQuaternionFromEuler([0, 0, yaw]),
            linkMasses=[WHEEL_MASS, WHEEL_MASS, 0.05, 0.05],
            linkCollisionShapeIndices=[wheel, wheel, caster, caster],
            linkVisualShapeIndices=[-1] * 4,
            linkPositions=[
                [0, TRACK / 2, WHEEL_RADIUS - BODY_CENTRE],
                [0, -TRACK / 2, WHEEL_RADIUS - BODY_CENTRE],
                [CASTER_OFFSET, 0, CASTER_RADIUS - BODY_CENTRE],
                [-CASTER_OFFSET, 0, CASTER_RADIUS - BODY_CENTRE],
            ],
            linkOrientations=[upright] * 4,
            linkInertialFramePositions=[[0, 0, 0]] * 4,
            linkInertialFrameOrientations=[upright] * 4,
            linkParentIndices=[0] * 4,
            linkJointTypes=[pybullet.JOINT_REVOLUTE, pybullet.JOINT_REVOLUTE, pybullet.JOINT_FIXED, pybullet.JOINT_FIXED],
            linkJointAxis=[[0, 1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]],
        )
        # Joint order: left wheel, right wheel, front caster, rear caster.
        for link in (0, 1):
            client.changeDynamics(robot, link, lateralFriction=1.0, linearDamping=0.0, angularDamping=0.0)
        client.changeDynamics(robot, -1, lateralFriction=BUMPER_FRICTION)
        for link in (2, 3):
            client.changeDynamics(robot, link, lateralFriction=0.0)
        for link in range(-1, 4):
            client.setCollisionFilterGroupMask(robot, link, ROBOT_GROUP, OBSTACLE_GROUP | GROUND_GROUP)
        return int(robot)
