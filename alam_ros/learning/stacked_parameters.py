"""Parameters of several equal networks as one tensor for each parameter, and one Adam over all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from alam_ros.learning.parameters import Adam

EVERY = slice(None)


class StackedParameters:
    """Equal sets of tensors, those of each learner beside those of the others.

    Args:
        sets: of each learner, tensors by name; equal names and shapes.
        axis: of a stacked tensor that counts the learners.
        device: where the stacked tensors are.

    Attributes:
        axis: as given.
        tensors: stacked, in the order of the names, all in one contiguous vector.
    """

    def __init__(self, sets: Sequence[Mapping[str, Tensor]], axis: int, device: torch.device) -> None:
        self._names = list(sets[0])
        self.axis = axis
        parts = [torch.stack([of_learner[name] for of_learner in sets], axis) for name in self._names]
        self.vector = torch.cat([part.reshape(-1) for part in parts]).to(device)
        self.tensors = _cut(self.vector, parts)

    def like(self, flat: Sequence[Tensor] | None = None) -> StackedParameters:
        """Return as many tensors of the same shapes: zeros, or what flat vectors in the order of one learner's tensors hold."""
        count = self.tensors[0].shape[self.axis]
        shapes = [torch.zeros_like(tensor.select(self.axis, 0), device="cpu") for tensor in self.tensors]
        vectors = flat or [torch.zeros(sum(shape.numel() for shape in shapes), dtype=self.vector.dtype)] * count
        sets = [dict(zip(self._names, _cut(vector, shapes), strict=True)) for vector in vectors]
        return StackedParameters(sets, self.axis, self.vector.device)

    def members(self, members: slice) -> list[Tensor]:
        """Return the tensors' parts for some of the networks that stand along dimension 0."""
        return self.tensors if members == EVERY else [tensor[members] for tensor in self.tensors]

    def of_learner(self, index: int) -> dict[str, Tensor]:
        """Return copies of one learner's tensors by name, in main memory."""
        parts = (tensor.select(self.axis, index).cpu() for tensor in self.tensors)
        return dict(zip(self._names, parts, strict=True))

    def flat(self, index: int) -> Tensor:
        """Return one learner's tensors as one vector."""
        return torch.cat([part.reshape(-1) for part in self.of_learner(index).values()])


class StackedAdam:
    """What `ParameterVector` is for one learner: gradients, limited by each learner's own norm, and Adam.

    Args:
        parameters: that are optimised.
        states: of `ParameterVector.state_dict`, one of each learner.
        gradient_norm: each learner's gradient is scaled down to this Euclidean norm.
    """

    def __init__(self, parameters: StackedParameters, states: Sequence[Mapping[str, Any]], gradient_norm: float) -> None:
        self.parameters = parameters
        self._settings = states[0]["param_groups"][0]
        moments = [state["state"][0] for state in states]
        self._first = parameters.like([moment["exp_avg"] for moment in moments])
        self._second = parameters.like([moment["exp_avg_sq"] for moment in moments])
        self._gradients = parameters.like()
        self._gradient_norm = gradient_norm
        self._count = moments[0]["step"].detach().clone().to(parameters.vector.device, torch.float32)

    @property
    def state(self) -> list[Tensor]:
        """Return all that a step changes."""
        return [self.parameters.vector, self._first.vector, self._second.vector, self._count]

    def minimise(self, loss: Tensor, values: Sequence[Tensor], members: slice = EVERY, count: Tensor | None = None) -> Tensor:
        """Take one step down the gradient of a scalar.

        Args:
            loss: the sum of all learners' losses.
            values: what it was computed from: these parameters, or what their `members` returned.
            members: which networks along dimension 0 these are.
            count: steps that these have taken, this one included; None where all are stepped each time.

        Returns:
            The gradients' norms before they were limited, (learners,).
        """
        gradients = list(torch.autograd.grad(loss, values))
        with torch.no_grad():
            axis = self.parameters.axis
            norm: Tensor = torch.linalg.vector_norm(torch.stack([_norm(gradient, axis) for gradient in gradients]), dim=0)
            scale = torch.where(norm > self._gradient_norm, self._gradient_norm / (norm + 1e-6), 1.0)
            limited = self._gradients.members(members)
            for gradient, place in zip(gradients, limited, strict=True):  # Adam reads memory as it lies: autograd's is transposed
                torch.mul(gradient, _along(scale, gradient, axis), out=place)
            moments = self._first.members(members), self._second.members(members)
            adam = Adam(self._settings, [value.detach() for value in values], limited, *moments)
            adam.step(self._count.add_(1) if count is None else count)
        return norm

    def of_learner(self, index: int) -> dict[str, Any]:
        """Return one learner's state, as `ParameterVector.state_dict` does."""
        moments = {
            "step": self._count.cpu(),
            "exp_avg": self._first.flat(index),
            "exp_avg_sq": self._second.flat(index),
        }
        return {"state": {0: moments}, "param_groups": [dict(self._settings)]}


def _cut(vector: Tensor, shapes: Sequence[Tensor]) -> list[Tensor]:
    parts = torch.split(vector, [shape.numel() for shape in shapes])
    return [part.view_as(shape) for part, shape in zip(parts, shapes, strict=True)]


def _norm(gradient: Tensor, axis: int) -> Tensor:
    norm: Tensor = torch.linalg.vector_norm(gradient, dim=[dimension for dimension in range(gradient.ndim) if dimension != axis])
    return norm


def _along(scale: Tensor, tensor: Tensor, axis: int) -> Tensor:
    """Return (learners,) in a shape that multiplies a stacked tensor."""
    return scale.view([-1 if dimension == axis else 1 for dimension in range(tensor.ndim)])
