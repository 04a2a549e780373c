"""The recorded observations through the policy: the estimates of the drive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from alam_ros.bags.reader import BagReader
from alam_ros.contract import Contract, ControlTick
from alam_ros.onboard.estimator import Estimate, Estimator
from alam_ros.replay.observation_pass import RecordedTick, replay_observations
from alam_ros.replay.recorded_ticks import recorded_ticks


@dataclass(frozen=True, eq=False)
class Answer:
    """An estimate, the control tick it answers, and when it was given, ns of the recorder's clock and of ROS time."""

    received_ns: int
    ros_ns: int
    estimate: Estimate
    tick: ControlTick


@dataclass(frozen=True)
class PolicyPass:
    """All estimates of a drive.

    Attributes:
        answers: in their order.
        refused: reason → how many control ticks had no answer for it, the most frequent first.
        arrivals: (ns of the recorder's clock, topic as the contract names it) of every observation, in their order.
    """

    answers: list[Answer]
    refused: Counter[str]
    arrivals: list[tuple[int, str]]


def replay_policy(bag: BagReader, contract: Contract, estimator: Estimator, topic_of: Callable[[str], str]) -> PolicyPass:
    """Run the policy over a recording.

    Args:
        bag: the recording.
        contract: by which observations are assembled.
        estimator: the policy.
        topic_of: the contract's name of a topic → that in the recording.

    Raises:
        BagError: when a topic of the contract is missing or of another type.
    """
    answers: list[Answer] = []

    def answer(at: RecordedTick) -> None:
        estimate = estimator.estimate(at.tick.observation, at.stamp_ns, at.tick.excess)
        answers.append(Answer(at.received_ns, at.ros_ns, estimate, at.tick))

    was_tick = recorded_ticks(bag, contract, estimator.policy_id, topic_of)
    found = replay_observations(bag, contract, topic_of, answer, was_tick)
    return PolicyPass(answers, Counter(dict(found.refused.most_common())), found.arrivals)
