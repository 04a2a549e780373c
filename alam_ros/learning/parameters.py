"""One optimised vector for all parameters of a network: its gradient step is a handful of operations, whatever the layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from alam_ros.learning.memory import memory

_fused_adam_ = torch.ops.aten._fused_adam_.default  # what torch.optim.Adam(fused=True) itself calls


class ParameterVector:
    """The parameters of a module, laid into one contiguous vector of which they become views, with Adam over it.

    Args:
        module: whose parameters move into the vector; their values stay.
        learning_rate: of Adam (Kingma and Ba 2015).
        gradient_norm: the gradient is scaled down to this Euclidean norm; None leaves it as it is.

    Attributes:
        values: all parameters, (n,).
        gradients: a view of the gradient for each parameter of the module, in its order and shape; who computes a gradient
            writes it there.
    """

    def __init__(self, module: nn.Module, learning_rate: float, gradient_norm: float | None) -> None:
        self.parameters = list(module.parameters())
        self.values = flatten(module)
        self._gradient = memory.zeros_like(self.values)
        self.values.grad = self._gradient
        self.gradients = views_like(self._gradient, self.parameters)
        self._gradient_norm = gradient_norm
        self._optimizer = torch.optim.Adam([self.values], lr=learning_rate, fused=True)
        self._optimizer.state[self.values] = {
            "step": torch.tensor(0.0),
            "exp_avg": memory.zeros_like(self.values),
            "exp_avg_sq": memory.zeros_like(self.values),
        }

    def minimise(self, loss: Tensor) -> Tensor:
        """Take one step down the gradient of a scalar in these parameters only, and return the gradient's norm."""
        self.differentiate(loss)
        return self.step()

    def differentiate(self, loss: Tensor) -> None:
        """Write the gradient of a scalar into `gradients`."""
        for view, gradient in zip(self.gradients, torch.autograd.grad(loss, self.parameters), strict=True):
            view.copy_(gradient)

    @torch.no_grad()
    def step(self) -> Tensor:
        """Take one step of Adam with what stands in `gradients`.

        Returns:
            The gradient's norm before it was limited.
        """
        norm: Tensor = torch.linalg.vector_norm(self._gradient)
        if self._gradient_norm is not None and norm > self._gradient_norm:
            self._gradient.mul_(self._gradient_norm / (norm + 1e-6))
        step_adam(self._optimizer)
        return norm

    def members(self, members: slice) -> MemberSteps:
        """Return what steps some members of a batch of networks on their own; the moments are this vector's."""
        state = self._optimizer.state[self.values]
        values, gradients, first_moments, second_moments = (
            [part[members] for part in views_like(vector, self.parameters)]
            for vector in (self.values.detach(), self._gradient, state["exp_avg"], state["exp_avg_sq"])
        )
        adam = Adam(self._optimizer.param_groups[0], values, gradients, first_moments, second_moments)
        return MemberSteps(adam, self._gradient_norm)

    def state_dict(self) -> dict[str, Any]:
        """Return the optimiser's state; the values belong to the module."""
        return self._optimizer.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the optimiser's state, in the memory it has."""
        kept, (settings,) = dict(self._optimizer.state[self.values]), self._optimizer.param_groups
        self._optimizer.load_state_dict(state)
        settings.update(self._optimizer.param_groups[0])
        self._optimizer.param_groups[0] = settings  # `members` look at them
        restored = self._optimizer.state[self.values]
        for name, part in kept.items():
            restored[name] = part.copy_(restored[name])


class MemberSteps:
    """Adam for some members of a batch of networks.

    Args:
        adam: of these members.
        gradient_norm: as in `ParameterVector`, of these members alone.
    """

    def __init__(self, adam: Adam, gradient_norm: float | None) -> None:
        self._adam, self._gradient_norm = adam, gradient_norm
        self._count = torch.tensor(0.0)

    @torch.no_grad()
    def step(self, count: int) -> Tensor:
        """Take a step.

        Args:
            count: of the steps that these members have taken, this one included.

        Returns:
            The gradient's norm before it was limited.
        """
        gradients = self._adam.gradients
        norm: Tensor = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(part) for part in gradients]))
        if self._gradient_norm is not None and norm > self._gradient_norm:
            for gradient in gradients:
                gradient.mul_(self._gradient_norm / (norm + 1e-6))
        self._adam.step(self._count.fill_(count))
        return norm


@dataclass(frozen=True)
class Adam:
    """What a step of Adam (Kingma and Ba 2015) needs, without the preparations of `torch.optim`, which take longer than the step.

    Attributes:
        settings: as torch keeps them.
        values, gradients, first_moments, second_moments: equally many tensors of equal shapes.
    """

    settings: Mapping[str, Any]
    values: list[Tensor]
    gradients: list[Tensor]
    first_moments: list[Tensor]
    second_moments: list[Tensor]

    def step(self, count: Tensor) -> None:
        """Take step number `count`, ()."""
        _fused_adam_(
            self.values,
            self.gradients,
            self.first_moments,
            self.second_moments,
            [],
            [count] * len(self.values),
            lr=self.settings["lr"],
            beta1=self.settings["betas"][0],
            beta2=self.settings["betas"][1],
            weight_decay=self.settings["weight_decay"],
            eps=self.settings["eps"],
            amsgrad=self.settings["amsgrad"],
            maximize=self.settings["maximize"],
        )


def step_adam(optimizer: torch.optim.Adam) -> None:
    """Do what `optimizer.step()` does for its only parameter."""
    group = optimizer.param_groups[0]
    (values,) = group["params"]
    state = optimizer.state[values]
    if not state:
        optimizer.step()  # creates the state as well
        return
    Adam(group, [values], [values.grad], [state["exp_avg"]], [state["exp_avg_sq"]]).step(state["step"].add_(1))


def flatten(module: nn.Module) -> Tensor:
    """Lay the parameters of a module into one contiguous vector, of which they become views, and return it."""
    parameters = list(module.parameters())
    vector = memory.empty(sum(parameter.numel() for parameter in parameters), dtype=parameters[0].dtype)
    torch.cat([parameter.detach().reshape(-1) for parameter in parameters], out=vector)
    for parameter, view in zip(parameters, views_like(vector, parameters), strict=True):
        parameter.data = view
    return vector


def views_like(vector: Tensor, parameters: Sequence[nn.Parameter]) -> list[Tensor]:
    """Cut a vector into consecutive views with the shapes of `parameters`."""
    parts = torch.split(vector, [parameter.numel() for parameter in parameters])
    return [part.view_as(parameter) for part, parameter in zip(parts, parameters, strict=True)]
