"""When the messages of a topic came: rate, silences, stamps."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract_check.finding import Finding, by_share, fails, fits, note
from alam_ros.onboard.stamps import SECOND_NS

START_UP_S = 5.0
"""For which a recorder may miss a topic at either end, while nodes find each other."""
JUMP_S = 1.0
"""Change of stamp less reception from one message to the next, beyond which a clock was set."""


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


def check_stamps(topic: str, rhythm: Rhythm) -> list[Finding]:
    """Say whether messages have stamps, and whether these advance.

    Args:
        topic: as recorded, of messages with a header.
        rhythm: of the topic.
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
    return found


def check_clock(topic: str, rhythm: Rhythm, limit: float, begin_ns: int, *, is_latched: bool) -> list[Finding]:
    """Say whether the stamps are of the recorder's clock.

    Args:
        topic: as recorded, of messages with a header.
        rhythm: of the topic.
        limit: s between stamp and reception beyond which the robot is stopped.
        begin_ns: of the recording.
        is_latched: whether the last message stays valid, and stops nobody.
    """
    pairs = [(at, stamp) for at, stamp in zip(rhythm.received_ns, rhythm.stamps_ns, strict=True) if stamp is not None]
    if not pairs:
        return []
    received, stamps = np.array(pairs, dtype=np.int64).T
    leads = (stamps - received) / SECOND_NS
    if is_latched:  # its stamp may be repeated, which is no jump
        return [note(f"{text}, each valid until the next") for text in _out_of_clock(topic, leads, limit)]
    share = float((np.abs(leads) > limit).mean())
    remedy = f"beyond {limit:g} s the robot is stopped: synchronise the clocks of sensor and computer, or find the delay"
    found = [by_share(share, f"{text}; {remedy}; of a simulation record /clock") for text in _out_of_clock(topic, leads, limit)]
    return found + _jumps(topic, leads, (received - begin_ns) / SECOND_NS)


def _out_of_clock(topic: str, leads: NDArray[np.float64], limit: float) -> list[str]:
    """Say how many messages are stamped too long before and too far ahead of reception, and how far the middle one of them."""
    texts = []
    for beyond, where in ((-leads[leads < -limit], "before"), (leads[leads > limit], "ahead of")):
        if beyond.size:
            middle = float(np.quantile(beyond, 0.5, method="lower"))  # of two, one that there was
            told = f"{middle:.1f}" if middle >= 1.0 else f"{middle:.2f}"
            texts.append(f"{topic}: stamped {told} s {where} reception in {beyond.size} of {leads.size} messages")
    return texts


def _jumps(topic: str, leads: NDArray[np.float64], times: NDArray[np.float64]) -> list[Finding]:
    """Say where stamps moved against the recorder's clock at once; `times` are s since the drive's begin."""
    changes = np.diff(leads)
    jumps = np.flatnonzero(np.abs(changes) > JUMP_S)
    if not jumps.size:
        return []
    first = jumps[0]
    text = f"the clock of {topic} jumps by {changes[first]:+.1f} s, {times[first + 1]:.1f} s after the drive's begin"
    text += f", the first of {jumps.size} jumps" if jumps.size > 1 else ""
    return [note(f"{text}; set clocks before a drive, not during it, and let one source publish on the topic")]
