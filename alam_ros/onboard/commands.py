"""Command messages of any library → the gate's and the contract's components."""

from __future__ import annotations

from collections import Counter
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract import ActionSpec


class CommandReader:
    """Reads messages of an action's type, by attribute, so that rclpy's and rosbags' messages both serve.

    For the Twist types a component's name is the path of its field, such as `linear.x`; for arrays the order counts.
    """

    def __init__(self, spec: ActionSpec) -> None:
        self._type = spec.type
        self._names = [component.name for component in spec.components]
        self._fields = [attrgetter(name) for name in self._names] if spec.is_twist else []

    def values(self, message: Any) -> NDArray[np.float64]:
        """Return (components,) float64 in physical units.

        An array message gives as many as it holds, of too many one more than there are components, which is enough to refuse it.
        A trajectory gives none unless it is one point with a velocity for each joint.
        """
        if self._type == "std_msgs/msg/Float64MultiArray":
            return np.array(message.data[: len(self._names) + 1], dtype=np.float64)
        if self._type == "trajectory_msgs/msg/JointTrajectory":
            return self._joint_velocities(message)
        twist = message.twist if self._type == "geometry_msgs/msg/TwistStamped" else message
        return np.array([field(twist) for field in self._fields], dtype=np.float64)

    def misfit(self, message: Any) -> str:
        """Say why a trajectory commands nothing; an empty string for one that does, and for messages of other types."""
        if self._type != "trajectory_msgs/msg/JointTrajectory":
            return ""
        if sorted(message.joint_names) != sorted(self._names):
            named, wanted = Counter(message.joint_names), Counter(self._names)
            verbs = (("names what is no joint of the action or named twice", named - wanted), ("lacks", wanted - named))
            return "it " + " and ".join(f"{verb}: {', '.join(joints)}" for verb, joints in verbs if joints)
        if len(message.points) != 1:
            return f"it has {len(message.points)} points instead of one"
        count = len(message.points[0].velocities)
        return f"its point has {count} velocities for {len(self._names)} joints" if count != len(self._names) else ""

    def _joint_velocities(self, message: Any) -> NDArray[np.float64]:
        """Return velocities in the components' order, found by name."""
        if self.misfit(message):
            return np.empty(0)
        by_name = dict(zip(message.joint_names, message.points[0].velocities, strict=True))
        return np.array([by_name[name] for name in self._names], dtype=np.float64)
