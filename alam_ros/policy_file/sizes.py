"""The sizes a contract implies, read from its plain form.

The policy file stands beside the contract, not above it, so that it can be read without the contract's code; whoever drives a
robot with it builds the full `Contract` as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alam_ros.errors import PolicyFileError

MAX_SIZE = 1_000_000


@dataclass(frozen=True)
class Sizes:
    """Elements of the observation, histories included, and of the action."""

    observation: int
    action: int


def contract_sizes(contract: Mapping[str, Any]) -> Sizes:
    """Return the sizes the manifest's contract implies.

    Raises:
        PolicyFileError: when it lacks its channels or components, or their sizes are not plausible.
    """
    try:
        observation = sum(channel["size"] * channel.get("history", 1) for channel in contract["observation"])
        action = len(contract["action"]["components"])
        is_plausible = 0 < observation <= MAX_SIZE and 0 < action <= MAX_SIZE
    except (AttributeError, KeyError, TypeError) as error:
        raise PolicyFileError(
            "a contract with sized channels and action components", f"{type(error).__name__}: {error}", "export the policy again"
        ) from error
    if not is_plausible:
        raise PolicyFileError(
            f"observation and action of 1 to {MAX_SIZE} elements", f"{observation} and {action}", "export the policy again"
        )
    return Sizes(int(observation), action)
