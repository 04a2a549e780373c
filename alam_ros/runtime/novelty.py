"""How far an observation lies outside what was seen in training."""

from __future__ import annotations

import numpy as np

from alam_ros.policy_file.manifest import NoveltySpec
from alam_ros.runtime.mlp import Float32Array

NARROWEST_RANGE = 0.01
"""Elements that hardly moved in training are measured against this range of the normalised [-1, 1], not against nothing."""

REACHED = 0.999
"""End of the normalised range from which training is taken to have met clipped values."""


class Novelty:
    """Distance of an observation from the range of each of its elements in training.

    The distance of one element is how far it lies outside [low, high], in units of high - low; the observation's is the largest
    of them: 0 inside the range in every element, 1 where one element is off by as much as it ever varied in training.

    Observations are clipped to the contract's ranges, which would hide a robot three times faster than any in training. What
    clipping took away therefore counts, unless training met that end of the range itself, as lidars do that see nothing near.
    """

    def __init__(self, spec: NoveltySpec) -> None:
        self._low = np.array(spec.low, dtype=np.float32)
        self._high = np.array(spec.high, dtype=np.float32)
        self._hides_above, self._hides_below = self._high < REACHED, self._low > -REACHED
        self._scale = np.maximum(self._high - self._low, np.float32(NARROWEST_RANGE))
        self._below, self._above = np.empty_like(self._low), np.empty_like(self._low)

    def __call__(self, observation: Float32Array, excess: Float32Array | None = None) -> float:
        """Return the distance, at least 0.

        Args:
            observation: (observation_size,) float32.
            excess: what clipping took from it; None for nothing.
        """
        if excess is not None and excess.any():
            counted = np.where(excess > 0.0, self._hides_above, self._hides_below)
            observation = observation + np.where(counted, excess, np.float32(0.0))
        below, above = self._below, self._above
        np.subtract(self._low, observation, below)
        np.subtract(observation, self._high, above)
        np.maximum(below, above, below)
        np.divide(below, self._scale, below)
        return max(float(below.max()), 0.0)

    def farthest(self) -> int:
        """Return the index of the element to which the last distance belongs."""
        return int(self._below.argmax())

    def unvaried(self) -> list[int]:
        """Return the indices of the elements that hardly moved in training: little of anything else there is new."""
        return [int(index) for index in np.flatnonzero(self._high - self._low < NARROWEST_RANGE)]
