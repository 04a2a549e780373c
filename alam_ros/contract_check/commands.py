"""Recorded commands against the action's limits, by the gate's own eyes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract import Contract
from alam_ros.contract_check.finding import Finding, fails, fits, note
from alam_ros.gate.limiter import CommandLimiter
from alam_ros.onboard.commands import CommandReader
from alam_ros.onboard.gated_action import gated_action
from alam_ros.onboard.stamps import SECOND_NS


class CommandCheck:
    """Takes recorded commands one by one.

    A slew is the change since the command in force one control period before, so that jitter of single messages does not count.
    """

    def __init__(self, contract: Contract, tolerance: float) -> None:
        """Prepare.

        Args:
            contract: whose action is commanded.
            tolerance: fraction of its range by which a component may exceed its limits.

        Raises:
            ConfigurationError: for an action that no gate would take.
        """
        spec = contract.action
        gated = gated_action(spec)
        self._contract = contract
        self._reader, self._limiter = CommandReader(gated.spec), CommandLimiter(replace(gated.limits, tolerance=tolerance))
        self._shape = (len(gated.limits.names),)
        self._places = [gated.limits.names.index(component.name) for component in spec.components]
        size = contract.action_size
        self._low, self._high = np.full(size, np.inf), np.full(size, -np.inf)
        self._fastest: NDArray[np.float64] = np.zeros(size)
        self._recent: deque[tuple[int, NDArray[np.float64]]] = deque()
        self._count = 0
        self._refused: dict[str, int] = {}

    def read(self, messages: Iterable[tuple[int, Any]]) -> list[Finding]:
        """Return what the commands, each with its ns of reception, say."""
        for received_ns, message in messages:
            self._count += 1
            if misfit := self._reader.misfit(message):
                self._refuse(misfit)
            else:
                self._take(received_ns, self._reader.values(message))
        if not self._count:
            return [note("commands: no messages")]
        found = [
            fails(f"commands: {count} of {self._count} would be stopped: {reason}") for reason, count in self._refused.items()
        ]
        return found + (self._components() if np.isfinite(self._low).all() else [])

    def _take(self, received_ns: int, command: NDArray[np.float64]) -> None:
        if command.size and not np.isfinite(command).all():
            self._refuse("values that are not finite")
            return
        violation = self._limiter.violation(command)
        if violation:
            # One line for all of its numbers, the largest of which are in the component's own line.
            self._refuse(violation if command.shape != self._shape else f"{violation.split()[0]} beyond its limits")
        if command.shape == self._shape:
            self._measure(received_ns, command[self._places])

    def _refuse(self, reason: str) -> None:
        self._refused[reason] = self._refused.get(reason, 0) + 1

    def _measure(self, received_ns: int, values: NDArray[np.float64]) -> None:
        period = self._contract.control_period
        self._low, self._high = np.minimum(self._low, values), np.maximum(self._high, values)
        self._recent.append((received_ns, values))
        while len(self._recent) > 1 and self._recent[1][0] <= received_ns - period * SECOND_NS:
            self._recent.popleft()
        with np.errstate(over="ignore"):  # of what no robot could follow
            self._fastest = np.maximum(self._fastest, np.abs(values - self._recent[0][1]) / period)

    def _components(self) -> list[Finding]:
        found = []
        for index, component in enumerate(self._contract.action.components):
            text = f"{component.name}: commanded {self._low[index]:.4g} to {self._high[index]:.4g} {component.unit}"
            text += f" of {component.low:g} to {component.high:g}, changes up to {self._fastest[index]:.3g} {component.unit}/s"
            if component.slew is not None and self._fastest[index] > component.slew * (1.0 + 1e-3):
                found.append(note(f"{text}, faster than the slew {component.slew:g}: the robot follows later than commanded"))
            else:
                found.append(fits(text))
        return found
