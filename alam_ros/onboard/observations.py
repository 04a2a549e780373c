"""A contract's messages → control ticks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alam_ros.contract import Contract, ControlTick, ObservationSynchroniser, Sample, decode
from alam_ros.contract.frames import FrameTree
from alam_ros.contract.messages import update_frames
from alam_ros.contract.wire import read_sample
from alam_ros.onboard.stamps import StampScale, header_stamp_ns


class ObservationStream:
    """Decodes and stamps what arrives and hands it to the synchroniser.

    Attributes:
        synchroniser: what is missing, stale or out of step.
    """

    def __init__(self, contract: Contract, was_tick: Callable[[int], bool | None] = lambda _: None) -> None:
        """Begin without data.

        Args:
            contract: what is observed.
            was_tick: as of `ObservationSynchroniser`, asked for a stamp in ns.
        """
        self._scale = StampScale()
        self._frames, self._has_frames = FrameTree(), contract.needs_transforms
        self._latched = contract.latched_topics  # stamped when they were wished
        self.synchroniser = ObservationSynchroniser(contract, self._frames, lambda stamp: was_tick(self._scale.stamp_ns(stamp)))

    def receive(self, topic: str, kind: str, message: Any, *, received: float, now_ns: Callable[[], int]) -> None:
        """Take a message.

        Args:
            topic: as the contract names it.
            kind: ROS interface name.
            message: from rclpy or rosbags.
            received: s of the caller's steady clock.
            now_ns: asked for ROS time, the stamp of messages that have none or leave it empty.
        """
        self._take(topic, decode(kind, message), header_stamp_ns(message) or now_ns(), received)

    def receive_serialised(
        self, topic: str, kind: str, data: bytes, *, received: float, now_ns: Callable[[], int], library: Callable[[bytes], Any]
    ) -> None:
        """Take a serialised message.

        Args:
            topic: as the contract names it.
            kind: ROS interface name.
            data: of the message.
            received: s of the caller's steady clock.
            now_ns: asked for ROS time, as of `receive`.
            library: makes a message of bytes that `read_sample` does not read.
        """
        found = read_sample(kind, data)
        if found is None:
            self.receive(topic, kind, library(data), received=received, now_ns=now_ns)
        else:
            self._take(topic, found[1], found[0] or now_ns(), received)

    def receive_transforms(self, message: Any, *, received: float, is_static: bool) -> None:
        """Take a `tf2_msgs/msg/TFMessage`, for contracts that need transforms."""
        update_frames(self._frames, message, received=received, is_static=is_static)

    def frames_used(self) -> set[str]:
        """Return the frames whose transforms goals have been seen through."""
        return self._frames.used

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
        """Return the stamp of a tick's observation, to the nanosecond that of its trigger."""
        return self._scale.stamp_ns(tick.stamp)

    def _take(self, topic: str, sample: Sample, stamp_ns: int, received: float) -> None:
        if self._has_frames:
            self._frames.hear(received, 0 if topic in self._latched else stamp_ns)
        self.synchroniser.update(topic, sample, stamp=self._scale.seconds(stamp_ns), received=received)
