"""Joint states of several devices on one topic, as ROS has them: arm and gripper both publish `joint_states`."""

from __future__ import annotations

from alam_ros.contract.samples import JointStateSample, Sample
from alam_ros.contract.schema import Contract


class JointFilter:
    """Tells another device's joint states from those that a contract reads.

    Before a topic has brought any of the contract's joints nothing is held to be another device's, so that whoever named the
    wrong joints is told so.

    Args:
        contract: whose joints are its own.

    Attributes:
        heard: topics that have brought the contract's joints.
        shared: topics that have brought another device's joint states.
    """

    def __init__(self, contract: Contract) -> None:
        self._joints = {topic: joints for topic, _ in contract.topics() if (joints := contract.joints_on(topic))}
        self.heard: set[str] = set()
        self.shared: set[str] = set()

    def is_of_another_device(self, topic: str, sample: Sample) -> bool:
        """Say whether a sample on a topic holds none of the joints that are read there, though such have come."""
        if not isinstance(sample, JointStateSample) or topic not in self._joints:
            return False
        if not self._joints[topic].isdisjoint(sample.names):
            self.heard.add(topic)
        elif topic in self.heard:
            self.shared.add(topic)
            return True
        return False
