"""Transforms between frames, as TF broadcasts them (REP-105), without ROS: nodes, replay and checks run this same code."""

from __future__ import annotations

import math
from dataclasses import dataclass

from alam_ros.contract.cdr import SECOND_NS
from alam_ros.contract.rotation import inverse, rotated, unit
from alam_ros.contract.samples import Quaternion, Vector3
from alam_ros.errors import ObservationError

TRANSFORM_TIMEOUT_S = 1.0
"""Age from which a moving transform counts no more, by its arrival and by its stamp: localisation broadcasts map → odom ten times
a second and more often. A stamp that is ahead is no fault; localisation dates forward so that others need not wait for it."""


@dataclass(frozen=True, slots=True)
class Transform:
    """Where a frame lies in its parent: p_parent = rotation · p_child + translation; m and a quaternion (x, y, z, w).

    Attributes:
        received: s of the caller's steady clock; infinite for a static transform, which never grows old.
        stamp_ns: of the transform, ns; 0 for a static one, and where it was left empty.
    """

    parent: str
    translation: Vector3
    rotation: Quaternion
    received: float
    stamp_ns: int


class FrameTree:
    """The latest transform of each frame to its parent.

    Attributes:
        used: the frames whose transforms points have been seen through.
    """

    def __init__(self) -> None:
        self.used: set[str] = set()
        self._transforms: dict[str, Transform] = {}
        self._now = -math.inf
        self._stamp_ns = 0

    def hear(self, received: float, stamp_ns: int = 0) -> None:
        """Take note of the time: whatever arrives shows how old the transforms are.

        Args:
            received: s of the caller's steady clock.
            stamp_ns: of a measurement, ns; 0 for what has none.
        """
        self._now = max(self._now, received)
        self._stamp_ns = stamp_ns or self._stamp_ns

    def update(
        self,
        parent: str,
        child: str,
        translation: Vector3,
        rotation: Quaternion,
        *,
        received: float,
        stamp_ns: int = 0,
        is_static: bool = False,
    ) -> None:
        """Take a transform; a leading slash of frames' names, as of ROS 1, is left out. Static ones never grow old."""
        self.hear(received)
        times = (math.inf, 0) if is_static else (received, stamp_ns)
        self._transforms[plain_name(child)] = Transform(plain_name(parent), translation, rotation, *times)

    def point(self, position: Vector3, source: str, target: str) -> Vector3:
        """Return a point of the frame `source` as seen in the frame `target`.

        Raises:
            ObservationError: when no fresh transforms join them.
        """
        source, target = plain_name(source), plain_name(target)
        up, down = self._ancestors(source), self._ancestors(target)
        common = next((frame for frame in up if frame in down), None)
        if common is None:
            raise ObservationError(
                f"transforms that join `{source}` and `{target}`",
                f"the frames {', '.join(sorted({*self._transforms, *(t.parent for t in self._transforms.values())})) or 'none'}",
                f"broadcast them on /tf, or publish what is given in `{source}` in `{target}`",
            )
        for frame in up[: up.index(common)]:
            translation, rotation = self._step(frame)
            position = _sum(rotated(rotation, position), translation)
        for frame in reversed(down[: down.index(common)]):
            translation, rotation = self._step(frame)
            position = rotated(inverse(rotation), _sum(position, translation, -1.0))
        return position

    def _ancestors(self, frame: str) -> list[str]:
        """Return the frame and those above it; a loop, which is no tree, ends where it closes."""
        found = [frame]
        while (step := self._transforms.get(found[-1])) is not None and step.parent not in found:
            found.append(step.parent)
        return found

    def _step(self, frame: str) -> tuple[Vector3, Quaternion]:
        """Return the translation, finite, and the rotation, of unit length, of a frame in its parent."""
        transform = self._transforms[frame]
        self.used.add(frame)
        self._check_age(frame, transform)
        if not all(map(math.isfinite, transform.translation)):
            found = str(transform.translation)
            raise ObservationError(
                f"a finite translation of `{frame}` in `{transform.parent}`", found, "check who broadcasts it on /tf"
            )
        return transform.translation, unit(transform.rotation, f"/tf, of `{frame}` in `{transform.parent}`")

    def _check_age(self, frame: str, transform: Transform) -> None:
        wanted = f"a transform of `{frame}` in `{transform.parent}` not older than {TRANSFORM_TIMEOUT_S:g} s"
        age = self._now - transform.received
        if age > TRANSFORM_TIMEOUT_S:
            raise ObservationError(
                wanted, f"one of {age:.1f} s ago", "check that its source, such as the localisation, is running"
            )
        lag = (self._stamp_ns - transform.stamp_ns) / SECOND_NS if transform.stamp_ns else 0.0
        if lag > TRANSFORM_TIMEOUT_S:
            found = f"one stamped {lag:.1f} s before what is seen, though it came {age:.1f} s ago"
            raise ObservationError(wanted, found, "check the clock of its source, and that it does not repeat an old one")


def plain_name(frame: str) -> str:
    """Return the name of a frame without the leading slash of ROS 1."""
    return frame.removeprefix("/")


def _sum(a: Vector3, b: Vector3, sign: float = 1.0) -> Vector3:
    return (a[0] + sign * b[0], a[1] + sign * b[1], a[2] + sign * b[2])
