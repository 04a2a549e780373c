"""When the messages of a topic came: rate, silences, stamps."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from alam_ros.contract_check.finding import Finding, by_share, fails, fits, note
from alam_ros.onboard.stamps import SECOND_NS

START_UP_S = 5.0
"""For which a recorder may miss a topic at either end, while nodes find each other."""
OUT_OF_CLOCK_S = 1.0
"""Between stamp and reception, beyond which sensor and recorder hardly share a clock."""


@dataclass(slots=True)
class Rhythm:
    """Times of a topic's messages, ns.

    Attributes:
        received_ns: by the recorder's clock.
        stamps_ns: of their headers; None where there is none or it is empty.
    """

    received_ns: list[int] = field(default_factory=list)
    stamps_ns: list[int | None] = field(default_factory=list)


def check_silence(name: str, topic: str, rhythm: Rhythm, timeout: float | None, span_ns: tuple[int, int]) -> list[Finding]:
    """Say whether a channel's topic would ever be stale.

    Args:
        name: of the channel.
        topic: as recorded.
        rhythm: of the topic, with at least one message.
        timeout: of the channel, s; None where the last message stays valid.
        span_ns: begin and end of the recording.
    """
    times = np.array(rhythm.received_ns, dtype=np.int64)
    first, last = float(times[0] - span_ns[0]) / SECOND_NS, float(span_ns[1] - times[-1]) / SECOND_NS
    if timeout is None:
        text = f"{name}: {times.size} messages on {topic}, the first after {first:.1f} s, each valid until the next"
        return [note(text) if first > START_UP_S else fits(text)]
    gaps = np.diff(times) / SECOND_NS
    longest = float(gaps.max(initial=0.0))
    rate = f"{1.0 / gaps.mean():.1f} Hz" if gaps.size and gaps.mean() > 0.0 else f"{times.size} messages"
    text = f"{name}: {rate} on {topic}, longest silence {longest:.3f} s, stale after {timeout:g} s"
    found = [fits(text) if longest <= timeout else fails(text)]
    for silence, when in ((first, "before its first message"), (last, "after its last message")):
        if silence > timeout:
            report = fails if silence > max(START_UP_S, timeout) else note
            found.append(report(f"{name}: {topic} is silent for {silence:.1f} s {when}"))
    return found


def check_stamps(topic: str, rhythm: Rhythm, *, is_simulated: bool) -> list[Finding]:
    """Say whether the stamps tell when something was measured.

    Args:
        topic: as recorded, of messages with a header.
        rhythm: of the topic.
        is_simulated: whether the drive has a clock of its own, which has nothing to do with the recorder's.
    """
    stamps = [stamp for stamp in rhythm.stamps_ns if stamp is not None]
    empty = len(rhythm.stamps_ns) - len(stamps)
    found = []
    if empty:
        found.append(note(f"{topic}: {empty} of {len(rhythm.stamps_ns)} messages without a stamp are stamped upon arrival"))
    repeated = int((np.diff(np.array(stamps, dtype=np.int64)) <= 0).sum())
    if repeated:
        text = f"{topic}: {repeated} of {len(stamps)} stamps do not advance; these messages are taken for old ones and ignored"
        found.append(by_share(repeated / len(stamps), text))
    ages = [(at - stamp) / SECOND_NS for at, stamp in zip(rhythm.received_ns, rhythm.stamps_ns, strict=True) if stamp is not None]
    age = float(np.median(ages)) if ages else 0.0
    if abs(age) > OUT_OF_CLOCK_S and not is_simulated:
        found.append(note(f"{topic}: stamped {age:.1f} s before reception; synchronise the clocks of sensor and computer"))
    return found
