"""Normalised actions of the policy ⇄ physical commands of the robot."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alam_ros.contract.finite import all_finite
from alam_ros.contract.schema import ActionSpec
from alam_ros.errors import ContractError


class ActionCodec:
    """Maps [-1, 1] to each component's physical limits and back.

    Attributes:
        low, high: (action_size,) float64 limits in the components' units.
        slew: (action_size,) float64, unit/s; infinite where the contract names none.
    """

    def __init__(self, spec: ActionSpec) -> None:
        self.names = tuple(component.name for component in spec.components)
        self.low = np.array([component.low for component in spec.components])
        self.high = np.array([component.high for component in spec.components])
        self._limits = list(zip(self.low.tolist(), self.high.tolist(), strict=True))
        self.slew = np.array([component.slew or np.inf for component in spec.components])

    def to_physical(self, normalised: ArrayLike) -> NDArray[np.float64]:
        """Return (…, action_size) float64 in physical units, clipped to the limits."""
        array = self._checked(normalised)
        if array.ndim == 1:
            # Plain numbers: for a handful of components NumPy takes several times as long.
            return np.array([_scaled(value, low, high) for value, (low, high) in zip(array.tolist(), self._limits, strict=True)])
        unit = (_clipped(array, -1.0, 1.0) + 1.0) / 2.0
        return np.asarray(np.minimum(self.low + unit * (self.high - self.low), self.high))

    def to_normalised(self, physical: ArrayLike) -> NDArray[np.float32]:
        """Return (…, action_size) float32 in [-1, 1]; commands beyond the limits are clipped to them."""
        unit = (_clipped(self._checked(physical), self.low, self.high) - self.low) / (self.high - self.low)
        return np.asarray(2.0 * unit - 1.0, dtype=np.float32)

    def _checked(self, values: ArrayLike) -> NDArray[np.float64]:
        array = np.asarray(values, dtype=np.float64)
        if array.shape[-1:] != self.low.shape or not all_finite(array):
            raise ContractError(f"{len(self.names)} finite values for {self.names}", repr(array), "correct the command")
        return array


def _scaled(value: float, low: float, high: float) -> float:
    """Return a value of [-1, 1] in [low, high]; rounding alone may carry it beyond `high`, by one unit in the last place."""
    return min(low + (min(max(value, -1.0), 1.0) + 1.0) / 2.0 * (high - low), high)


def _clipped(values: NDArray[np.float64], low: ArrayLike, high: ArrayLike) -> NDArray[np.float64]:
    """Return what np.clip does, at half its cost."""
    return np.asarray(np.minimum(np.maximum(values, low), high))
