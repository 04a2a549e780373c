"""What the gate says at every tick."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class GateStatus(IntEnum):
    """What happens to the commands; the numbers are those of `alam_ros/msg/GateState`."""

    INACTIVE = 0
    PASS = 1
    SLOW = 2
    STOP = 3
    EMERGENCY_STOP = 4
    FALLBACK = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Causes:
    """One bool for each cause in force, named as in `alam_ros/msg/GateState`."""

    command_missing: bool = False
    command_stale: bool = False
    risk_missing: bool = False
    risk_stale: bool = False
    observation_missing: bool = False
    observation_stale: bool = False
    risk_high: bool = False
    rest_no_safer: bool = False
    novelty_high: bool = False
    non_finite: bool = False
    out_of_limits: bool = False
    estop_latched: bool = False
    disabled: bool = False
    monitoring_only: bool = False

    def names(self) -> tuple[str, ...]:
        """Return the names of the causes in force."""
        return tuple(field.name for field in dataclasses.fields(self) if getattr(self, field.name))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class GateDecision:
    """The outcome of one tick.

    Attributes:
        state: what the gate decides; in monitoring mode what it would do.
        command: (components,) float64 to send to the robot.
        is_passed: the command is the source's, scaled by `scale`; otherwise it is an invented zero or the policy's.
        is_holding: zero has been sent for longer than `stop_pub_timeout`; it may be repeated at a lower rate.
        causes: in force, including those that do not decide the state.
        scale: factor applied to all components of the source's command.
        command_age: s since the last command arrived, or since its own stamp where that is longer; infinite without one.
        risk_age: s since the observation behind the last estimate was made; infinite without one.
        observation_age: s since the most silent of the topics with a timeout was heard; infinite before its first data.
        probability: of a violation, from the last estimate; NaN without.
        novelty: of the last estimate; NaN without.
        cause: the name in `causes` of the one that decides the state; empty where none does.
        detail: one sentence: that cause with its numbers.
    """

    state: GateStatus
    command: NDArray[np.float64]
    is_passed: bool
    is_holding: bool
    causes: Causes
    scale: float
    command_age: float
    risk_age: float
    observation_age: float
    probability: float
    novelty: float
    cause: str
    detail: str
