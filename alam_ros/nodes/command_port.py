"""Commands as a node takes and gives them: serialised where that is known here, as rclpy's messages elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.serialization import deserialize_message

from alam_ros.contract import ActionSpec
from alam_ros.contract.cdr import BEGIN, STAMP, HeaderWriter, time_ns
from alam_ros.contract.schema import TWIST_COMPONENTS
from alam_ros.nodes.conversions import CommandConverter
from alam_ros.nodes.stamps import time_message
from alam_ros.onboard.stamps import header_stamp_ns
from alam_ros.onboard.wire import read_twist_stamped, write_twist_stamped


@dataclass(frozen=True, slots=True, eq=False)
class ReceivedCommand:
    """A command that came.

    Attributes:
        values: (components,) float64, physical units, as `CommandReader` reads them.
        header: under which it may be passed on, serialised or not; None for a type without.
        stamp_ns: when it was meant; 0 where its type does not say, or its header was left empty.
        misfit: why it commands nothing; empty where it commands something.
    """

    values: NDArray[np.float64]
    header: Any
    stamp_ns: int = 0
    misfit: str = ""


class CommandPort:
    """Commands of an action's components ⇄ what is subscribed to with `raw=True`, and published.

    Attributes:
        message_type: class of the messages.
    """

    def __init__(self, spec: ActionSpec, period: float = 0.1) -> None:
        """Prepare the conversion.

        Args:
            spec: message type and components.
            period: the control period, s.
        """
        self._converter = CommandConverter(spec, period)
        self.message_type = self._converter.message_type
        self._header: HeaderWriter | None = None
        if spec.type == "geometry_msgs/msg/TwistStamped":
            self._header = HeaderWriter(spec.frame)
            self._places = [TWIST_COMPONENTS.index(component.name) for component in spec.components]

    def received(self, data: bytes) -> ReceivedCommand:
        """Return the command in a serialised message.

        Raises:
            RuntimeError: rclpy's, for bytes that are no such message.
        """
        found = read_twist_stamped(data) if self._header is not None else None
        if found is not None:
            header, numbers = found
            values = np.array([numbers[place] for place in self._places])
            return ReceivedCommand(values, header, time_ns(*STAMP.unpack_from(header, BEGIN)))
        message = deserialize_message(data, self.message_type)
        # A trajectory's stamp is when it begins, not when it was meant.
        stamp_ns = header_stamp_ns(message) if self._header is not None else None
        values = self._converter.to_values(message)
        misfit = "" if values.size else self._converter.misfit(message)
        return ReceivedCommand(values, getattr(message, "header", None), stamp_ns or 0, misfit)

    def message(self, values: NDArray[np.float64], stamp_ns: int) -> Any:
        """Return what to publish to command (components,) in physical units; valid until the next call."""
        if self._header is not None:
            return write_twist_stamped(self._header(stamp_ns), self._numbers(values))
        return self._converter.to_message(values, time_message(stamp_ns))

    def message_under(self, values: NDArray[np.float64], header: Any) -> Any:
        """Return the same under the header of a command that came, of which it is what passes, where its type has one."""
        if self._header is not None and isinstance(header, bytes):
            return write_twist_stamped(header, self._numbers(values))
        return self._converter.to_message_under(values, header)

    def _numbers(self, values: NDArray[np.float64]) -> list[float]:
        numbers = [0.0] * len(TWIST_COMPONENTS)
        for place, number in zip(self._places, values.tolist(), strict=True):
            numbers[place] = number
        return numbers
