"""A contract's messages → control ticks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alam_ros.contract import Contract, ControlTick, ObservationSynchroniser, decode
from alam_ros.contract.frames import FrameTree
from alam_ros.contract.messages import update_frames
from alam_ros.onboard.stamps import StampScale, header_stamp_ns


class ObservationStream:
    """Decodes and stamps what arrives and hands it to the synchroniser.

    Attributes:
        synchroniser: what is missing, stale or out of step.
    """

    def __init__(self, contract: Contract) -> None:
        self._scale = StampScale()
        self._frames = FrameTree()
        self.synchroniser = ObservationSynchroniser(contract, self._frames)

    def receive(self, topic: str, kind: str, message: Any, *, received: float, now_ns: Callable[[], int]) -> None:
        """Take a message.

        Args:
            topic: as the contract names it.
            kind: ROS interface name.
            message: from rclpy or rosbags.
            received: s of the caller's steady clock.
            now_ns: asked for ROS time, the stamp of messages that have none or leave it empty.
        """
        stamp_ns = header_stamp_ns(message) or now_ns()
        self._frames.hear(received)
        self.synchroniser.update(topic, decode(kind, message), stamp=self._scale.seconds(stamp_ns), received=received)

    def receive_transforms(self, message: Any, *, received: float, is_static: bool) -> None:
        """Take a `tf2_msgs/msg/TFMessage`, for contracts that need transforms."""
        update_frames(self._frames, message, received=received, is_static=is_static)

    def poll(self, now: float) -> ControlTick | None:
        """Run the control tick that is due, if any; call again until there is none.

        Raises:
            ObservationError: when one is due and cannot be run; the message says why.
        """
        return self.synchroniser.poll(now)

    def waits_until(self) -> float | None:
        """Return when the control tick that waits for data runs at the latest, s of the steady clock; None where none does."""
        return self.synchroniser.waits_until()

    def stamp_ns(self, tick: ControlTick) -> int:
        """Return the stamp of a tick's observation, to the nanosecond that of its oldest message."""
        return self._scale.stamp_ns(tick.stamp)
