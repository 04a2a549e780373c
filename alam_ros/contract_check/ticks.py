"""The control ticks that a drive makes, as the policy node would run them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from alam_ros.bags.reader import BagReader
from alam_ros.contract import Contract
from alam_ros.contract_check.finding import Finding, by_share, fails, fits, note
from alam_ros.onboard.stamps import SECOND_NS
from alam_ros.replay.observation_pass import ObservationPass, RecordedTick, replay_observations

SPAN = 10
"""Ticks that a period is the mean of: a trigger that is thinned gives long and short ones in turns."""
SLOW = 1.25
"""Ratio of measured to trained control period from which the policy acts on another time scale than it learned."""


def check_ticks(bag: BagReader, contract: Contract, topic_of: Callable[[str], str]) -> list[Finding]:
    """Run the drive's control ticks and say how many there were, how often, and why others were refused."""
    ticks: list[RecordedTick] = []
    drive = replay_observations(bag, contract, topic_of, ticks.append)
    if not ticks:
        return [fails(f"control ticks: none of {drive.refused.total()} could be run: {_reasons(drive, contract.trigger)}")]
    found = [_period(ticks, contract.control_period)]
    found += [note(f"control ticks: {count} before the first one, refused: {reason}") for reason, count in drive.waited.items()]
    refused = drive.refused - drive.waited
    whole = refused.total() + len(ticks)
    share = refused.total() / whole
    found += [by_share(share, f"control ticks: {count} of {whole} refused: {reason}") for reason, count in refused.most_common()]
    unpaired = sum(bool(at.tick.unpaired) for at in ticks)
    if unpaired:
        topics = ", ".join(sorted({topic for at in ticks for topic in at.tick.unpaired}))
        text = f"control ticks: {unpaired} of {len(ticks)} with data of different times on {topics}; training paired equal ones"
        found.append(by_share(unpaired / len(ticks), text))
    if drive.synchroniser.restarts:
        text = (
            f"control ticks: the clock was set back {drive.synchroniser.restarts} times; histories began anew, and latched data"
        )
        found.append(note(f"{text} of the time before are wanted anew, unless one topic's stamps alone jumped back and returned"))
    return found


def _reasons(drive: ObservationPass, trigger: str) -> str:
    """Say why no tick ran, the most frequent reason first; that data were still to come only where it is the only one."""
    reasons = (drive.refused - drive.incomplete or drive.refused).most_common()
    told = "; ".join(reason if len(reasons) == 1 else f"{count} times {reason}" for reason, count in reasons)
    return told or f"no message on `{trigger}`'s topic started one"


def _period(ticks: list[RecordedTick], trained: float) -> Finding:
    if len(ticks) < 2:
        return fails("control ticks: one only; record more")
    stamps = np.array([at.stamp_ns for at in ticks], dtype=np.int64)
    span = min(SPAN, len(ticks) - 1)
    period = float(np.median(stamps[span:] - stamps[:-span])) / span / SECOND_NS
    text = f"control ticks: {len(ticks)}, one every {period:.3f} s (trained with {trained:g} s)"
    if not 1.0 / SLOW <= period / trained <= SLOW:
        return fails(f"{text}; let the trigger's topic be published every {trained:g} s or faster")
    return fits(text)
