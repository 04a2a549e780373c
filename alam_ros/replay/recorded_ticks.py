"""Which of a drive's observations its policy answered, so that a replay answers the same.

A trigger that comes more often than the control period, such as joint states at 500 Hz, is thinned to it, and which of its
messages are taken follows from the first that the policy node received: not the recorder's first. The recorded estimates say it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from itertools import pairwise

from alam_ros.bags.reader import BagReader
from alam_ros.contract import Contract
from alam_ros.onboard.stamps import SECOND_NS, header_stamp_ns, nanoseconds

RISK_TOPIC, RISK_TYPE = "alam/risk", "alam_ros/msg/RiskEstimate"
NEXT = 1.5
"""Control periods within which two answered observations follow one another: none of those between them was."""


def recorded_ticks(
    bag: BagReader, contract: Contract, policy_id: str, topic_of: Callable[[str], str]
) -> Callable[[int], bool | None]:
    """Return what says of a stamp of the contract's trigger, ns, whether it started a control tick of the drive.

    None where no estimates of this policy tell: before the first and after the last, where some are missing, where they speak of
    something else than the trigger, as by another contract or where the trigger has no stamps, and where the clock was set back.
    """
    risk, trigger = topic_of(RISK_TOPIC), topic_of(next(c.topic for c in contract.observation if c.name == contract.trigger))
    if bag.types.get(risk) != RISK_TYPE or not (bag.counts.get(risk, 0) and bag.counts.get(trigger, 0)):
        return lambda _: None
    estimates = [entry.message for entry in bag.messages([risk])]
    answered = [nanoseconds(message.header.stamp) for message in estimates if message.policy_id == policy_id]
    if any(later < earlier for earlier, later in pairwise(answered)):
        return lambda _: None
    triggers = {header_stamp_ns(entry.message) for entry in bag.messages([trigger])}
    stamps = [stamp_ns for stamp_ns in answered if stamp_ns in triggers]
    longest_ns = NEXT * contract.control_period * SECOND_NS

    def was_tick(stamp_ns: int) -> bool | None:
        place = bisect_left(stamps, stamp_ns)
        if place < len(stamps) and stamps[place] == stamp_ns:
            return True
        is_between = 0 < place < len(stamps) and stamps[place] - stamps[place - 1] <= longest_ns
        return False if is_between else None

    return was_tick
