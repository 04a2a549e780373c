"""A KUKA LBR iiwa 14 R820 in PyBullet, with a joint velocity controller as a real one has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pybullet_data
from numpy.typing import ArrayLike, NDArray

from alam_ros.contract import JointStateSample, PoseSample
from alam_sim.bullet import BulletClient, pybullet, quiet

MODEL = Path(pybullet_data.getDataPath()) / "kuka_iiwa/model.urdf"
TORQUES = (320.0, 320.0, 176.0, 176.0, 110.0, 40.0, 40.0)
"""Greatest torque of each joint, N m, from the robot's data sheet."""
FLANGE = 0.045
"""From the last link's frame to the face of its flange, which is the tool here, m."""
LOW = np.array([-1.6, -0.6, -0.8, -2.05, -1.0, -0.2, -1.2])
HIGH = np.array([1.6, 1.4, 0.8, -0.4, 1.0, 1.8, 1.2])
"""Position limits of the controller, rad, well inside the mechanical ones: the elbow stays up, the flange in front."""
BASE_FRAME = "lbr_iiwa_link_0"
REACH = 2.0
"""Gaps are measured up to here, m: more than the arm is long."""


class Arm:
    """The arm, fixed to the table at the origin of the world, which is its base frame."""

    def __init__(self, client: BulletClient, *, is_visible: bool) -> None:
        """Load the arm.

        Args:
            client: PyBullet world.
            is_visible: whether pictures show it.
        """
        self._client = client
        flags = 0 if is_visible else pybullet.URDF_IGNORE_VISUAL_SHAPES
        with quiet():
            self.body = int(client.loadURDF(str(MODEL), useFixedBase=True, flags=flags))
        self.joints = range(client.getNumJoints(self.body))
        rows = [client.getJointInfo(self.body, joint) for joint in self.joints]
        self.names = tuple(row[1].decode() for row in rows)
        rest: NDArray[np.float64] = np.zeros(len(self.joints))
        self._set_point = self._target = self._slew = rest

    def place(self, posture: ArrayLike) -> None:
        """Put the joints (7,) at rest at these positions, rad."""
        for joint, position in zip(self.joints, np.asarray(posture, dtype=np.float64), strict=True):
            self._client.resetJointState(self.body, joint, position)

    def command(self, velocity: NDArray[np.float64], slew: NDArray[np.float64], period: float) -> None:
        """Take velocities (7,) rad/s to be reached at no more than `slew` (7,) rad/s² within the next `period` s.

        As real controllers do, it limits them so that every joint can still stop before its position limit after that.
        """
        positions = self.joint_state().positions
        fastest = _braking_speed(HIGH - positions, slew, period)
        slowest = -_braking_speed(positions - LOW, slew, period)
        self._target, self._slew = np.clip(velocity, slowest, fastest), slew

    def follow(self, duration: float) -> None:
        """Move the motors' set points toward the command, as far as the slew limits allow in `duration` s."""
        reach = self._slew * duration
        change = np.minimum(np.maximum(self._target - self._set_point, -reach), reach)
        self._set_point = self._set_point + change
        self._client.setJointMotorControlArray(
            self.body, self.joints, pybullet.VELOCITY_CONTROL, targetVelocities=self._set_point, forces=TORQUES
        )

    def joint_state(self) -> JointStateSample:
        """Return positions and velocities of all joints."""
        positions, velocities, *_ = zip(*self._client.getJointStates(self.body, self.joints), strict=True)
        return JointStateSample(self.names, np.array(positions), np.array(velocities))

    def tool_pose(self) -> PoseSample:
        """Return the pose of the flange in the base's frame."""
        state = self._client.getLinkState(self.body, self.joints[-1], computeForwardKinematics=1)
        position, orientation = state[4:6]
        x, y, z, w = orientation
        axis = (2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y))
        flange = tuple(p + FLANGE * a for p, a in zip(position, axis, strict=True))
        return PoseSample(flange, orientation, BASE_FRAME)

    def gap(self, body: int, *, first_link: int) -> float:
        """Return the least distance between another body and the arm's links from `first_link` (-1: the base) on, m.

        It is negative where they penetrate each other, and `REACH` where they are further apart.
        """
        points = self._client.getClosestPoints(self.body, body, REACH)
        return min((point[8] for point in points if point[3] >= first_link), default=REACH)


def _braking_speed(distance: NDArray[np.float64], slew: NDArray[np.float64], period: float) -> NDArray[np.float64]:
    """Return the speed v with v · period + v² / (2 slew) = distance: after a period at it, braking ends at the distance."""
    distance = np.maximum(distance, 0.0)
    return np.asarray(2.0 * distance / (period + np.sqrt(period**2 + 2.0 * distance / slew)))
