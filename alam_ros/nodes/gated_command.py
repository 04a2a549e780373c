"""The command that is gated: its message, its components and their limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alam_ros.contract import Contract
from alam_ros.gate import CommandLimits
from alam_ros.nodes.conversions import CommandConverter
from alam_ros.onboard.gated_action import gated_action


@dataclass(frozen=True)
class GatedCommand:
    """How commands are read, limited and written.

    Attributes:
        converter: between messages and all components that a message has.
        limits: of these components; those the contract does not name must stay zero, lest they pass ungated.
        frame: of invented commands.
    """

    converter: CommandConverter
    limits: CommandLimits
    frame: str


def gated_command(values: Mapping[str, Any], contract: Contract | None) -> GatedCommand:
    """Return what the parameters and the contract say about the command.

    Raises:
        AlamError: when limits are given twice or not at all, or do not fit.
    """
    gated = gated_action(values, contract)
    converter = CommandConverter(gated.spec) if contract is None else CommandConverter(gated.spec, contract.control_period)
    return GatedCommand(converter, gated.limits, gated.spec.frame)
