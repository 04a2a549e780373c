"""Samples and commands ⇄ ROS messages."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
from builtin_interfaces.msg import Duration, Time
from geometry_msgs.msg import Point, PointStamped, PoseStamped, Quaternion, Twist, TwistStamped, Vector3
from nav_msgs.msg import Odometry
from numpy.typing import ArrayLike, NDArray
from sensor_msgs.msg import Imu, JointState, LaserScan
from std_msgs.msg import Float32MultiArray, Float64MultiArray, Header
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from alam_ros.contract import (
    ActionSpec,
    ArraySample,
    ImuSample,
    JointStateSample,
    LaserScanSample,
    OdometrySample,
    PointSample,
    PoseSample,
    Sample,
)
from alam_ros.contract.messages import NOT_MEASURED
from alam_ros.onboard.commands import CommandReader

MESSAGE_TYPES: dict[str, type[Any]] = {
    "geometry_msgs/msg/PointStamped": PointStamped,
    "geometry_msgs/msg/PoseStamped": PoseStamped,
    "geometry_msgs/msg/Twist": Twist,
    "geometry_msgs/msg/TwistStamped": TwistStamped,
    "nav_msgs/msg/Odometry": Odometry,
    "sensor_msgs/msg/Imu": Imu,
    "sensor_msgs/msg/JointState": JointState,
    "sensor_msgs/msg/LaserScan": LaserScan,
    "std_msgs/msg/Float32MultiArray": Float32MultiArray,
    "std_msgs/msg/Float64MultiArray": Float64MultiArray,
    "trajectory_msgs/msg/JointTrajectory": JointTrajectory,
}


class CommandConverter:
    """Commands in the contract's components and physical units ⇄ messages of its action type.

    For the Twist types a component's name is the path of its field, such as `linear.x`; for arrays the order counts. A joint
    trajectory is one point with a velocity for each joint named, to be reached from now on within the control period.
    """

    def __init__(self, spec: ActionSpec, period: float = 0.1) -> None:
        """Prepare the conversion.

        Args:
            spec: message type and components.
            period: the control period, s.
        """
        self._duration = Duration(sec=int(period), nanosec=round(period % 1.0 * 1e9))
        self._reader = CommandReader(spec)
        self.message_type = MESSAGE_TYPES[spec.type]
        self._message = self.message_type()
        self._header = Header(frame_id=spec.frame) if isinstance(self._message, TwistStamped) else Header()
        names = [component.name for component in spec.components]
        # Found once: following a path such as `linear.x` costs as much as publishing.
        self._fields = [_field(_twist(self._message), name) for name in names] if spec.is_twist else []
        if isinstance(self._message, JointTrajectory):
            self._message.joint_names = names

    def to_message(self, values: ArrayLike, stamp: Time) -> Any:
        """Return a message with (action_size,) values in physical units, valid until the next call.

        Types without a stamp drop it, and so do trajectories, whose stamp is not when they were made but when they begin: zero
        is at once, whereas controllers refuse a beginning that has passed.
        """
        if isinstance(self._message, TwistStamped):
            self._header.stamp = stamp
        return self.to_message_under(values, self._header)

    def to_message_under(self, values: ArrayLike, header: Header) -> Any:
        """Return the same under another message's header, for types that have one; a trajectory begins at once all the same.

        A beginning in the future would carry out later what was judged now, one in the past would be dropped by the controller.
        """
        numbers = np.asarray(values, dtype=np.float64).tolist()
        message = self._message
        if isinstance(message, JointTrajectory):
            message.header = Header(frame_id=header.frame_id)
        elif hasattr(message, "header"):
            message.header = header
        if isinstance(message, Float64MultiArray):
            message.data = numbers
        elif isinstance(message, JointTrajectory):
            message.points = [JointTrajectoryPoint(velocities=numbers, time_from_start=self._duration)]
        else:
            for (part, leaf), number in zip(self._fields, numbers, strict=True):
                setattr(part, leaf, number)
        return message

    def to_values(self, message: Any) -> NDArray[np.float64]:
        """Return what a message commands, as `CommandReader` reads it."""
        return self._reader.values(message)

    def misfit(self, message: Any) -> str:
        """Say why a message commands nothing, as `CommandReader` does."""
        return self._reader.misfit(message)


def sample_message(sample: Sample, stamp: Time, *, base_frame: str = "base_link") -> Any:
    """Return the ROS message that `alam_ros.contract.decode` turns back into the sample.

    Args:
        sample: as the simulator made it.
        stamp: of the measurement.
        base_frame: the body's frame, in which odometry gives its twist (REP-105).
    """
    return _WRITERS[type(sample)](sample, stamp, base_frame)


def _scan(sample: LaserScanSample, stamp: Time, _: str) -> LaserScan:
    beams = sample.ranges.size
    return LaserScan(
        header=Header(stamp=stamp, frame_id=sample.frame),
        angle_min=sample.angle_min,
        angle_max=sample.angle_min + (beams - 1) * sample.angle_increment,
        angle_increment=sample.angle_increment,
        range_min=sample.range_min,
        range_max=sample.range_max,
        ranges=sample.ranges.tolist(),
    )


def _odometry(sample: OdometrySample, stamp: Time, base_frame: str) -> Odometry:
    message = Odometry(header=Header(stamp=stamp, frame_id=sample.frame), child_frame_id=base_frame)
    message.pose.pose.position = _point(sample.position)
    message.pose.pose.orientation = _quaternion(sample.orientation)
    message.twist.twist.linear = _vector(sample.linear)
    message.twist.twist.angular = _vector(sample.angular)
    return message


def _pose(sample: PoseSample, stamp: Time, _: str) -> PoseStamped:
    message = PoseStamped(header=Header(stamp=stamp, frame_id=sample.frame))
    message.pose.position = _point(sample.position)
    message.pose.orientation = _quaternion(sample.orientation)
    return message


def _point_stamped(sample: PointSample, stamp: Time, _: str) -> PointStamped:
    return PointStamped(header=Header(stamp=stamp, frame_id=sample.frame), point=_point(sample.position))


def _joint_state(sample: JointStateSample, stamp: Time, _: str) -> JointState:
    return JointState(
        header=Header(stamp=stamp),
        name=list(sample.names),
        position=sample.positions.tolist(),
        velocity=sample.velocities.tolist(),
    )


def _imu(sample: ImuSample, stamp: Time, _: str) -> Imu:
    message = Imu(header=Header(stamp=stamp, frame_id=sample.frame))
    if sample.orientation is not None:
        message.orientation = _quaternion(sample.orientation)
    if sample.angular_velocity is not None:
        message.angular_velocity = _vector(sample.angular_velocity)
    if sample.linear_acceleration is not None:
        message.linear_acceleration = _vector(sample.linear_acceleration)
    for quantity in ("orientation", "angular_velocity", "linear_acceleration"):
        if getattr(sample, quantity) is None:
            getattr(message, f"{quantity}_covariance")[0] = NOT_MEASURED
    return message


def _array(sample: ArraySample, _: Time, __: str) -> Float32MultiArray:
    return Float32MultiArray(data=sample.data.tolist())


_WRITERS: dict[type[Any], Callable[[Any, Time, str], Any]] = {
    LaserScanSample: _scan,
    OdometrySample: _odometry,
    PoseSample: _pose,
    PointSample: _point_stamped,
    ImuSample: _imu,
    JointStateSample: _joint_state,
    ArraySample: _array,
}


def _field(message: Any, path: str) -> tuple[Any, str]:
    """Return the part of a message that has the field at the end of a path, and the field's name."""
    *parents, leaf = path.split(".")
    return reduce(getattr, parents, message), leaf


def _twist(message: Twist | TwistStamped) -> Twist:
    return message.twist if isinstance(message, TwistStamped) else message


def _point(values: tuple[float, float, float]) -> Point:
    x, y, z = map(float, values)
    return Point(x=x, y=y, z=z)


def _vector(values: tuple[float, float, float]) -> Vector3:
    x, y, z = map(float, values)
    return Vector3(x=x, y=y, z=z)


def _quaternion(values: tuple[float, float, float, float]) -> Quaternion:
    x, y, z, w = map(float, values)
    return Quaternion(x=x, y=y, z=z, w=w)
