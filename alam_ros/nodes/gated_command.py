"""The command that is gated: its message, its components and their limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alam_ros.contract import ActionSpec, Contract
from alam_ros.errors import ConfigurationError
from alam_ros.gate import CommandLimits
from alam_ros.nodes.command_port import CommandPort
from alam_ros.onboard.gated_action import commanded_action, gated_action, stamped


@dataclass(frozen=True)
class GatedCommand:
    """How commands are read, limited and written.

    Attributes:
        port_in, port_out: between messages and all components that a message has, of the commander and of the robot.
        limits: of these components; those the contract does not name must stay zero, lest they pass ungated.
        frame: of invented commands.
        topic: to which commands go.
    """

    port_in: CommandPort
    port_out: CommandPort
    limits: CommandLimits
    frame: str
    topic: str


def gated_command(values: Mapping[str, Any], contract: Contract | None) -> GatedCommand:
    """Return what the parameters and the contract say about the command.

    Raises:
        AlamError: when limits are given twice or not at all, or do not fit.
    """
    action = commanded_action(values, contract)
    gated = gated_action(action, is_stamped=values["enable_stamped_cmd_vel"], limit_slew=values["limit_slew"])
    spec_in = stamped(gated.spec, is_stamped=values["enable_stamped_cmd_vel_in"])
    port_in, port_out = (_port(spec, contract) for spec in (spec_in, gated.spec))
    return GatedCommand(
        port_in, port_out, gated.limits, gated.spec.frame, _topic(values["cmd_vel_out_topic"] or gated.spec.topic)
    )


def _port(spec: ActionSpec, contract: Contract | None) -> CommandPort:
    return CommandPort(spec) if contract is None else CommandPort(spec, contract.control_period)


def _topic(name: str) -> str:
    if not name:
        raise ConfigurationError("a topic in `cmd_vel_out_topic`, without a contract", "an empty name", "name the driver's topic")
    return name
