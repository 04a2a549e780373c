"""Golden vectors: what the networks answered where they were trained, so that every later load can prove it answers the same.

The export passes the trained (torch) networks to `golden_vectors`; loading passes the NumPy ones to `check_golden`. A file that
loads therefore agrees with what was trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from alam_ros.errors import PolicyFileError
from alam_ros.policy_file.manifest import GoldenSpec
from alam_ros.runtime.mlp import Float32Array

TOLERANCE = 1e-5
"""Float32 rounding in another order of summation, by one more than the largest of a network's golden answers: where an answer is
small because what was summed cancels, its rounding is not small."""


class Networks(Protocol):
    """The answers a policy gives, in any implementation; see `PolicyNetworks`."""

    def action(self, observation: Float32Array) -> Float32Array:
        """Return the deterministic action in [-1, 1]."""
        ...

    def cost_value(self, observation: Float32Array, action: Float32Array) -> float:
        """Return the larger of the twin cost critics."""
        ...

    def multiplier(self, observation: Float32Array) -> float:
        """Return the averaged multiplier."""
        ...

    def risk_score(self, observation: Float32Array, action: Float32Array, cost_value: float, multiplier: float) -> float | None:
        """Return the output of the risk network, None without one."""
        ...


def golden_vectors(networks: Networks, observations: NDArray[np.float32]) -> dict[str, list[Any] | None]:
    """Return the manifest's `golden` mapping.

    Args:
        networks: what was trained.
        observations: (n, observation_size) normalised observations, preferably some that occurred.
    """
    rows = [np.asarray(row, dtype=np.float32) for row in observations]
    actions = [np.asarray(networks.action(row), dtype=np.float32) for row in rows]
    cost_values = [float(networks.cost_value(row, action)) for row, action in zip(rows, actions, strict=True)]
    multipliers = [float(networks.multiplier(row)) for row in rows]
    risk_scores = [networks.risk_score(*inputs) for inputs in zip(rows, actions, cost_values, multipliers, strict=True)]
    return {
        "observations": [row.tolist() for row in rows],
        "actions": [action.tolist() for action in actions],
        "cost_values": cost_values,
        "multipliers": multipliers,
        "risk_scores": None if None in risk_scores else risk_scores,
    }


def check_golden(networks: Networks, golden: GoldenSpec) -> None:
    """Recompute the golden vectors.

    Raises:
        PolicyFileError: when an answer differs by more than rounding, as of `TOLERANCE`.
    """
    observations = np.array(golden.observations, dtype=np.float32)
    # Cost values are compared at the recorded actions, and risk scores at the recorded cost values and multipliers, so that a
    # deviation is reported where it arises.
    actions = np.array(golden.actions, dtype=np.float32)
    _compare("actions", [networks.action(row) for row in observations], golden.actions)
    cost_values = [networks.cost_value(row, action) for row, action in zip(observations, actions, strict=True)]
    _compare("cost_values", cost_values, golden.cost_values)
    _compare("multipliers", [networks.multiplier(row) for row in observations], golden.multipliers)
    if golden.risk_scores:
        inputs = zip(observations, actions, golden.cost_values, golden.multipliers, strict=True)
        _compare("risk_scores", [networks.risk_score(*one) for one in inputs], golden.risk_scores)


def _compare(name: str, found: Sequence[Any], expected: Sequence[Any]) -> None:
    difference = np.abs(np.array(found, dtype=np.float64) - np.array(expected))
    tolerance = TOLERANCE * (1.0 + np.abs(expected).max())
    if not (difference <= tolerance).all():
        raise PolicyFileError(
            f"the golden `{name}` within {tolerance:.3g}",
            f"differences up to {difference.max():.3g}",
            "the weights are not those that were trained, or this NumPy computes wrongly: export the policy again",
        )
