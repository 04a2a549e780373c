"""A contract's file → all that is wrong with it, not only what is found first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

from alam_ros.contract import ActionSpec, Channel, Contract
from alam_ros.contract.schema import ActionComponent, read_document
from alam_ros.contract_check.finding import Finding, fails, fits
from alam_ros.errors import AlamError, ContractError
from alam_ros.onboard.gate_settings import gate_config, topic_timeouts
from alam_ros.onboard.gated_action import gated_action
from alam_ros.replay.settings import GATE_DEFAULTS
from alam_ros.typed import from_mapping


def check_document(path: Path, gate: Mapping[str, Any] = GATE_DEFAULTS) -> tuple[Contract | None, list[Finding]]:
    """Return the contract, or None if it cannot be used, and a line for each part of it, or for each thing wrong with it.

    Args:
        path: of the contract's file.
        gate: the safety monitor's parameters.

    Raises:
        ContractError: when the file cannot be read, is a policy's, or is no YAML.
    """
    if path.is_file() and is_zipfile(path):  # as policy files are, and no YAML
        remedy = f"give the robot's contract first, and this with --policy: `alam contract check my_robot.yaml --policy {path}`"
        raise ContractError("a contract's YAML file", f"the policy file {path}", remedy)
    document = read_document(path)
    try:
        contract = Contract.from_mapping(document)
    except ContractError as error:
        errors = _parts_errors(document)
        return None, [fails(text) for text in (errors if str(error) in errors else [*errors, str(error)])]
    return contract, [*describe(contract), _gate_line(contract, gate)]


def describe(contract: Contract) -> list[Finding]:
    """Return one line for the contract, each channel and each action component."""
    sizes = f"{contract.observation_size} elements seen, {contract.action_size} commanded"
    lines = [f"contract `{contract.name}`: every {contract.control_period:g} s, started by `{contract.trigger}`; {sizes}"]
    lines += [_channel_line(channel) for channel in contract.observation]
    lines.append(f"action: `{contract.action.topic}` ({contract.action.type})")
    lines += [_component_line(component) for component in contract.action.components]
    return [fits(line) for line in lines]


def _gate_line(contract: Contract, gate: Mapping[str, Any]) -> Finding:
    """Say whether a safety monitor would work by the contract."""
    try:
        gate_config(gate, gated_action(contract.action, limit_slew=gate["limit_slew"]).limits, topic_timeouts(contract))
    except AlamError as error:
        return fails(f"safety monitor: {error}")
    return fits("safety monitor: limits and timeouts")


def _channel_line(channel: Channel) -> str:
    size = f"{channel.size}" if channel.history == 1 else f"{channel.size} x {channel.history}"
    limit = "stays valid" if channel.timeout is None else f"stale after {channel.timeout:g} s"
    seen_from = f", seen from `{channel.reference_topic}`" if channel.reference_topic else ""
    part = "" if channel.array_size is None else f" ({elements(channel)})"
    return f"{channel.name}: `{channel.topic}` ({channel.type}, {channel.field}){seen_from}, {size} elements{part}, {limit}"


def elements(channel: Channel) -> str:
    """Say which elements of its array a channel reads."""
    last = channel.first + channel.size - 1
    return f"{channel.first} to {last} of the {channel.whole_array} on `{channel.topic}`, counted from 0"


def _component_line(component: ActionComponent) -> str:
    slew = "any slew" if component.slew is None else f"slew {component.slew:g} {component.unit}/s"
    return f"{component.name}: {component.low:g} to {component.high:g} {component.unit}, {slew}"


def _parts_errors(document: object) -> list[str]:
    """Return what is wrong with each channel and with the action, taken by themselves."""
    if not isinstance(document, Mapping):
        return []
    channels = document.get("observation")
    channels = channels if isinstance(channels, Sequence) and not isinstance(channels, str) else []
    errors = [_part_error(Channel, channel, f"observation[{index}]") for index, channel in enumerate(channels)]
    if "action" in document:
        errors.append(_part_error(ActionSpec, document["action"], "action"))
    return [error for error in errors if error]


def _part_error(kind: type[Any], mapping: object, where: str) -> str:
    try:
        from_mapping(kind, mapping, where)
    except AlamError as error:
        return str(error)
    return ""
