"""Parameters of several equal networks as rows of one matrix, and one Adam over all of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from alam_ros.learning.parameters import Adam

LINE = 64
"""A row's length is a multiple of so many elements: a GPU multiplies matrices faster whose beginnings are aligned."""


class StackedParameters:
    """Equal sets of tensors: a row of a matrix for each network; of networks of several kinds, one kind of all learners first.

    Args:
        sets: of each learner, tensors by name; equal names and shapes.
        device: where the matrix is.
        kinds: of networks that a learner has; where it is given, the first dimension of every tensor counts them.

    Attributes:
        learners: how many.
        matrix: (kinds · learners, at least the parameters of a network); what is left of a row stays zero.
        tensors: its parts in the order of the names, each (kinds · learners, …).
    """

    def __init__(self, sets: Sequence[Mapping[str, Tensor]], device: torch.device, kinds: int | None = None) -> None:
        self.learners, self._kinds = len(sets), kinds
        self._names = list(sets[0])
        tensors = [torch.stack([of_learner[name] for of_learner in sets], 0 if kinds is None else 1) for name in self._names]
        self._shapes = [tensor.shape[1 if kinds is None else 2 :] for tensor in tensors]
        self._sizes = [math.prod(shape) for shape in self._shapes]
        rows, columns = (kinds or 1) * self.learners, -(-sum(self._sizes) // LINE) * LINE
        self.matrix = torch.zeros(rows, columns, dtype=tensors[0].dtype, device=device)
        self.tensors = self.views(self.matrix)
        for place, tensor in zip(self.tensors, tensors, strict=True):
            place.copy_(tensor.reshape(place.shape))

    def views(self, matrix: Tensor) -> list[Tensor]:
        """Cut a matrix like this one into parts like `tensors`."""
        parts = torch.split(matrix[:, : sum(self._sizes)], self._sizes, dim=1)
        return [part.view(len(matrix), *shape) for part, shape in zip(parts, self._shapes, strict=True)]

    def rows(self, kinds: slice) -> slice:
        """Return where the networks of some kinds are."""
        return slice(kinds.start * self.learners, kinds.stop * self.learners)

    def flat(self, matrix: Tensor, index: int) -> Tensor:
        """Return one learner's part of a matrix like this one as one vector, its tensors after each other, in main memory."""
        views = self.views(matrix.detach())
        return torch.cat([view[index :: self.learners].reshape(-1) for view in views]).cpu()

    def stack(self, vectors: Sequence[Tensor]) -> Tensor:
        """Return the matrix of which `flat` would return these vectors."""
        matrix = torch.zeros_like(self.matrix)
        for index, vector in enumerate(vectors):
            parts = torch.split(vector, [(self._kinds or 1) * size for size in self._sizes])
            for view, part in zip(self.views(matrix), parts, strict=True):
                rows = view[index :: self.learners]
                rows.copy_(part.view(rows.shape))
        return matrix

    def of_learner(self, index: int) -> dict[str, Tensor]:
        """Return copies of one learner's tensors by name, in main memory."""
        rows = index if self._kinds is None else slice(index, None, self.learners)
        return {name: tensor[rows].detach().cpu().clone() for name, tensor in zip(self._names, self.tensors, strict=True)}


class StackedAdam:
    """What `ParameterVector` is for one learner: gradients, limited by each learner's own norm, and Adam.

    Args:
        parameters: that are optimised.
        states: of `ParameterVector.state_dict`, one of each learner.
        gradient_norm: each learner's gradient is scaled down to this Euclidean norm.
    """

    def __init__(self, parameters: StackedParameters, states: Sequence[Mapping[str, Any]], gradient_norm: float) -> None:
        self.parameters = parameters
        for tensor in parameters.tensors:
            tensor.requires_grad_()
        self._settings = states[0]["param_groups"][0]
        moments = [state["state"][0] for state in states]
        self._first = parameters.stack([moment["exp_avg"] for moment in moments])
        self._second = parameters.stack([moment["exp_avg_sq"] for moment in moments])
        self._gradient = torch.zeros_like(parameters.matrix)
        self._gradients = parameters.views(self._gradient)
        self._gradient_norm = gradient_norm
        self._count = moments[0]["step"].detach().clone().to(parameters.matrix.device, torch.float32)

    @property
    def state(self) -> list[Tensor]:
        """Return all that a step changes."""
        return [self.parameters.matrix, self._first, self._second, self._count]

    def minimise(self, loss: Tensor, values: Sequence[Tensor], rows: slice = slice(None), count: Tensor | None = None) -> Tensor:
        """Take one step down the gradient of a scalar.

        Args:
            loss: the sum of all learners' losses.
            values: what it was computed from: the parameters, or these rows of them.
            rows: of the matrix, that are stepped.
            count: steps that these have taken, this one included; None where all are stepped each time.

        Returns:
            The gradients' norms before they were limited, (learners,).
        """
        gradients = torch.autograd.grad(loss, list(values))
        with torch.no_grad():
            for gradient, place in zip(gradients, self._gradients, strict=True):
                place[rows].copy_(gradient)
            matrix = self._gradient[rows]
            by_learner = matrix.view(-1, self.parameters.learners, matrix.shape[1])
            norm: Tensor = torch.linalg.vector_norm(by_learner, dim=(0, 2))
            scale = torch.where(norm > self._gradient_norm, self._gradient_norm / (norm + 1e-6), 1.0)
            by_learner.mul_(scale.unsqueeze(1))
            moments = [self._first[rows]], [self._second[rows]]
            Adam(self._settings, [self.parameters.matrix[rows]], [matrix], *moments).step(
                self._count.add_(1) if count is None else count
            )
        return norm

    def of_learner(self, index: int) -> dict[str, Any]:
        """Return one learner's state, as `ParameterVector.state_dict` does."""
        moments = {
            "step": self._count.cpu(),
            "exp_avg": self.parameters.flat(self._first, index),
            "exp_avg_sq": self.parameters.flat(self._second, index),
        }
        return {"state": {0: moments}, "param_groups": [dict(self._settings)]}
