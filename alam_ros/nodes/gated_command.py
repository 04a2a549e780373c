"""The command that is gated: its message, its components and their limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alam_ros.contract import Contract
from alam_ros.errors import ConfigurationError
from alam_ros.gate import CommandLimits
from alam_ros.nodes.command_port import CommandPort
from alam_ros.onboard.gated_action import gated_action


@dataclass(frozen=True)
class GatedCommand:
    """How commands are read, limited and written.

    Attributes:
        port: between messages and all components that a message has.
        limits: of these components; those the contract does not name must stay zero, lest they pass ungated.
        frame: of invented commands.
        topic: to which commands go.
    """

    port: CommandPort
    limits: CommandLimits
    frame: str
    topic: str


def gated_command(values: Mapping[str, Any], contract: Contract | None) -> GatedCommand:
    """Return what the parameters and the contract say about the command.

    Raises:
        AlamError: when limits are given twice or not at all, or do not fit.
    """
    gated = gated_action(values, contract)
    port = CommandPort(gated.spec) if contract is None else CommandPort(gated.spec, contract.control_period)
    return GatedCommand(port, gated.limits, gated.spec.frame, _topic(values["cmd_vel_out_topic"] or gated.spec.topic))


def _topic(name: str) -> str:
    if not name:
        raise ConfigurationError("a topic in `cmd_vel_out_topic`, without a contract", "an empty name", "name the driver's topic")
    return name
