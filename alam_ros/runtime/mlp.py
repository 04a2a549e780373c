"""A multilayer perceptron in NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alam_ros.policy_file.weights import Weights

Float32Array = NDArray[np.float32]


class Mlp:
    """Linear layers with ReLU between them, evaluated for one vector at a time without allocating.

    Not thread-safe: the result lives in a buffer that the next call overwrites.
    """

    def __init__(self, weights: Weights, name: str) -> None:
        """Take the arrays `<name>.<layer>.weight` (out, in) and `<name>.<layer>.bias` (out,), as many layers as there are."""
        self._layers: list[tuple[Float32Array, Float32Array, Float32Array]] = []
        while f"{name}.{len(self._layers)}.weight" in weights:
            prefix = f"{name}.{len(self._layers)}"
            weight = np.ascontiguousarray(weights[f"{prefix}.weight"], dtype=np.float32)
            bias = np.ascontiguousarray(weights[f"{prefix}.bias"], dtype=np.float32)
            self._layers.append((weight, bias, np.empty_like(bias)))

    def __call__(self, vector: Float32Array) -> Float32Array:
        """Return (out,) float32 for (in,) float32, valid until the next call."""
        last = len(self._layers) - 1
        for index, (weight, bias, output) in enumerate(self._layers):
            np.dot(weight, vector, out=output)
            np.add(output, bias, out=output)
            if index < last:
                np.maximum(output, 0.0, out=output)
            vector = output
        return vector
