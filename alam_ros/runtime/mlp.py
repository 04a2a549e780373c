"""A multilayer perceptron in NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alam_ros.policy_file.weights import Weights

Float32Array = NDArray[np.float32]


class Mlp:
    """Linear layers with ReLU between them, evaluated for one vector at a time without allocating.

    Every vector begins with a one and every matrix with the biases, so that a layer is one product. Not thread-safe: the result
    lives in a buffer that the next evaluation overwrites.
    """

    def __init__(self, weights: Weights, name: str, vector: Float32Array | None = None) -> None:
        """Take the arrays `<name>.<layer>.weight` (out, in) and `<name>.<layer>.bias` (out,), as many layers as there are.

        Args:
            weights: of a policy file.
            name: of the network.
            vector: (1 + in,) float32, a one and the input, where networks share it; its own by default.
        """
        if vector is None:
            vector = np.ones(1 + weights[f"{name}.0.weight"].shape[1], np.float32)
        self._input = vector[1:]
        layers: list[tuple[Float32Array, Float32Array, Float32Array]] = []
        while f"{name}.{len(layers)}.weight" in weights:
            prefix = f"{name}.{len(layers)}"
            matrix = np.column_stack((weights[f"{prefix}.bias"], weights[f"{prefix}.weight"])).astype(np.float32, order="C")
            output = np.ones(1 + len(matrix), np.float32)
            layers.append((matrix, vector, output[1:]))
            vector = output
        *hidden, self._last = layers
        # Compared with an array of zeros, because NumPy would first make one of a number.
        self._hidden = [(matrix, vector, output, np.zeros_like(output)) for matrix, vector, output in hidden]

    def __call__(self, vector: Float32Array) -> Float32Array:
        """Return (out,) float32 for (in,) float32, valid until the next evaluation."""
        self._input[:] = vector
        return self.evaluate()

    def evaluate(self) -> Float32Array:
        """Return (out,) float32 for what the input holds, valid until the next evaluation."""
        for matrix, vector, output, zeros in self._hidden:
            np.dot(matrix, vector, output)
            np.maximum(output, zeros, output)
        matrix, vector, output = self._last
        return np.dot(matrix, vector, output)
