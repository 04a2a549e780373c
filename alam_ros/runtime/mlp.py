"""Multilayer perceptrons in NumPy that look at one observation together, for any number of other inputs at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alam_ros.policy_file.weights import Weights

Float32Array = NDArray[np.float32]

FEW_ROWS = 4
"""Up to so many rows are multiplied one by one. A product of matrices first copies them into another order, which for two rows
takes three to five times as long as two products of vector and matrix, at widths of 128 and 256 and with OpenBLAS' kernels for
processors without AVX-512."""


class Mlp:
    """Linear layers with ReLU between them, evaluated without allocating, for k rows of inputs at once.

    Every row begins with a one and every matrix with the biases, so that a layer is one product; the first column of each but
    the last matrix passes the one on. What the first layer makes of the observation is computed elsewhere, once for all networks
    and rows (`SharedObservation`). Not thread-safe: the result lives in a buffer that the next evaluation of k rows overwrites.
    """

    def __init__(self, first: Float32Array, later: Sequence[Float32Array], seen: Float32Array) -> None:
        """Prepare.

        Args:
            first: (other inputs, width) of the first layer, for what is not the observation.
            later: (in, out) of each other layer.
            seen: (width,) what the first layer makes of the observation; `SharedObservation` fills it.
        """
        # What was seen stands before the weights of the other inputs, to be multiplied by the one that each row begins with.
        self._first, self._later, self._seen = np.vstack((seen, first)), tuple(later), seen
        self._of_rows: dict[int, _Pass] = {}
        self._of_observation = self._pass(seen)

    def __call__(self, inputs: Float32Array) -> Float32Array:
        """Return (k, out) float32 for (k, 1 + other inputs), of which the first are ones; valid until the next such call."""
        count = len(inputs)
        if count not in self._of_rows:
            self._of_rows[count] = self._pass(np.empty((count, len(self._seen)), np.float32))
        found = self._of_rows[count]
        self._first[0] = self._seen
        np.dot(inputs, self._first, found.first)
        return _run(found)

    def of_observation(self) -> Float32Array:
        """Return (out,) float32 where the observation is the only input. What was seen of it is used up."""
        return _run(self._of_observation)

    def _pass(self, value: Float32Array) -> _Pass:
        """Return the layers after the first with their buffers, for what the first makes of one input or of k: ([k,] width)."""
        first, steps = value, []
        for matrix in self._later:
            output = np.empty((*value.shape[:-1], matrix.shape[1]), np.float32)
            each = zip(value, output, strict=True) if value.ndim == 2 and len(value) <= FEW_ROWS else [(value, output)]
            # Compared with an array of zeros, because NumPy would first make one of a number.
            steps.append(_Step(value, np.zeros_like(value), [(row, matrix, result) for row, result in each]))
            value = output
        return _Pass(first, steps, value)


class SharedObservation:
    """The first layers of several networks, as far as they look at the observation: one product for all of them.

    Attributes:
        networks: by name.
    """

    def __init__(self, weights: Weights, names: Sequence[str], size: int) -> None:
        """Take the arrays `<name>.<layer>.weight` (out, in) and `<name>.<layer>.bias` (out,) of each network.

        Args:
            weights: of a policy file.
            names: of the networks.
            size: of the observation, with which the inputs of each begin.
        """
        matrices = {name: _matrices(weights, name) for name in names}
        self._matrix = np.ascontiguousarray(np.concatenate([first[: 1 + size] for first, *_ in matrices.values()], axis=1))
        self._row = np.ones(1 + size, np.float32)
        self._observation, self._seen = self._row[1:], np.empty(self._matrix.shape[1], np.float32)
        self.networks: dict[str, Mlp] = {}
        begin = 0
        for name, (first, *later) in matrices.items():
            end = begin + first.shape[1]
            self.networks[name] = Mlp(np.ascontiguousarray(first[1 + size :]), later, self._seen[begin:end])
            begin = end

    def see(self, observation: Float32Array) -> None:
        """Take the observation (size,) that the networks are then asked about."""
        self._observation[:] = observation
        np.dot(self._row, self._matrix, self._seen)


class _Step(NamedTuple):
    """ReLU and one layer: the zeros are what the value is compared with; a product is (value or row of it, matrix, output)."""

    value: Float32Array
    zeros: Float32Array
    products: list[tuple[Float32Array, Float32Array, Float32Array]]


class _Pass(NamedTuple):
    """All layers but the first, whose result is put into `first`; `last` is what comes of it."""

    first: Float32Array
    steps: list[_Step]
    last: Float32Array


def _run(layers: _Pass) -> Float32Array:
    for value, zeros, products in layers.steps:
        np.maximum(value, zeros, value)
        for row, matrix, output in products:
            np.dot(row, matrix, output)
    return layers.last


def _matrices(weights: Weights, name: str) -> list[Float32Array]:
    """Return a network's matrices [b, W] transposed, (1 + in, out), with a column that passes the one on in all but the last."""
    found: list[Float32Array] = []
    while f"{name}.{len(found)}.weight" in weights:
        prefix = f"{name}.{len(found)}"
        matrix = np.vstack((weights[f"{prefix}.bias"], weights[f"{prefix}.weight"].T))
        if f"{name}.{len(found) + 1}.weight" in weights:
            matrix = np.hstack((np.eye(len(matrix), 1), matrix))
        found.append(matrix.astype(np.float32, order="C"))
    return found
