"""One line of the answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

TOLERATED = 0.05
"""Share of messages, elements or ticks up to which something is a note; beyond, the contract describes another robot."""


class Verdict(Enum):
    """What a finding means for a robot under this contract."""

    FITS = "fits"
    NOTE = "note"
    FAILS = "FAILS"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, and whether it fits."""

    verdict: Verdict
    text: str


def fits(text: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(Verdict.FITS, text)


def note(text: str) -> Finding:
    """Return a finding that works and that people should know."""
    return Finding(Verdict.NOTE, text)


def fails(text: str) -> Finding:
    """Return a finding with which the robot would stand still, or act on something else than it was trained on."""
    return Finding(Verdict.FAILS, text)


def by_share(share: float, text: str) -> Finding:
    """Return a finding about something unwanted that happened in this share of cases."""
    if share > TOLERATED:
        return fails(text)
    return note(text) if share > 0.0 else fits(text)
