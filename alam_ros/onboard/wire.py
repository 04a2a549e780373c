"""Commands and risk estimates as they travel, past the objects that a client library makes of every field.

What is not read here is left to the client library, which says what it is.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from operator import attrgetter
from struct import Struct

from alam_ros.contract.cdr import LENGTH, HeaderWriter, aligned, is_plain, padded, read_header, read_string, string
from alam_ros.onboard.estimator import NUMBERS, Estimate
from alam_ros.onboard.risk_input import JUDGED

FIXED = NUMBERS[: NUMBERS.index("policy_id")]
"""Fields of `alam_ros/msg/RiskEstimate` behind the header, in its order, up to the first that is of no fixed size."""

_TWIST = Struct("<6d")
_NUMBERS = Struct("<10dB7xd")
_numbers = attrgetter(*FIXED)
_JUDGED = [(name, FIXED.index(name)) for name in JUDGED]


def read_twist_stamped(data: bytes) -> tuple[bytes, tuple[float, ...]] | None:
    """Return what stands before the numbers of a `geometry_msgs/msg/TwistStamped`, its header, and the six numbers."""
    try:
        offset = aligned(read_header(data)[2], 8) if is_plain(data) else len(data)
        return data[:offset], _TWIST.unpack_from(data, offset)
    except (struct.error, ValueError):
        return None


def write_twist_stamped(header: bytes, numbers: Sequence[float]) -> bytes:
    """Return a `geometry_msgs/msg/TwistStamped` with six numbers: linear x, y, z, angular x, y, z."""
    return header + _TWIST.pack(*numbers)


def read_risk(data: bytes) -> tuple[int, dict[str, float], str] | None:
    """Return of a `alam_ros/msg/RiskEstimate` the stamp (ns), the numbers that the gate judges, and the policy."""
    try:
        if not is_plain(data):
            return None
        stamp_ns, _, offset = read_header(data)
        offset = aligned(offset, 8)
        numbers = _NUMBERS.unpack_from(data, offset)
        policy, end = read_string(data, offset + _NUMBERS.size)
        offset = aligned(end, 4)
        (components,) = LENGTH.unpack_from(data, offset)
        _ = data[aligned(offset + LENGTH.size, 8) + 8 * components - 1]  # the last of the action
        return stamp_ns, {name: numbers[place] for name, place in _JUDGED}, policy
    except (struct.error, ValueError, IndexError):
        return None


class RiskWriter:
    """Serialises the estimates of one policy."""

    def __init__(self, frame: str, policy_id: str, action_size: int) -> None:
        """Prepare what all of them have in common.

        Args:
            frame: of the robot's base.
            policy_id: of the policy.
            action_size: components of an action.
        """
        self._header = HeaderWriter(frame)
        self._policy = padded(padded(string(policy_id), 4) + LENGTH.pack(action_size), 8)
        self._action = Struct(f"<{action_size}d")

    def __call__(self, estimate: Estimate) -> bytes:
        """Return an estimate as `alam_ros/msg/RiskEstimate`, under its observation's stamp."""
        numbers = _NUMBERS.pack(*_numbers(estimate))
        return self._header(estimate.stamp_ns) + numbers + self._policy + self._action.pack(*estimate.action.tolist())
