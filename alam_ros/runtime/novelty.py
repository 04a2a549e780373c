"""How far an observation lies outside what was seen in training."""

from __future__ import annotations

import numpy as np

from alam_ros.policy_file.manifest import NoveltySpec
from alam_ros.runtime.mlp import Float32Array

NARROWEST_RANGE = 0.01
"""Elements that hardly moved in training are measured against this range of the normalised [-1, 1], not against nothing."""


class Novelty:
    """Distance of an observation from the range of each of its elements in training.

    The distance of one element is how far it lies outside [low, high], in units of high - low; the observation's is the largest
    of them: 0 inside the range in every element, 1 where one element is off by as much as it ever varied in training.
    """

    def __init__(self, spec: NoveltySpec) -> None:
        self._low = np.array(spec.low, dtype=np.float32)
        self._high = np.array(spec.high, dtype=np.float32)
        self._scale = np.maximum(self._high - self._low, np.float32(NARROWEST_RANGE))

    def __call__(self, observation: Float32Array) -> float:
        """Return the distance of (observation_size,) float32, at least 0."""
        outside = np.maximum(self._low - observation, observation - self._high)
        return max(float((outside / self._scale).max()), 0.0)
