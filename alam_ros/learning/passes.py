"""Forward and backward passes written out, into memory that is reserved once.

They compute what autograd computes for the networks of `networks.py`, without its bookkeeping: at the sizes of this project that
is most of an update's time. Only what a caller needs is computed: no gradient with respect to the observation, none of the
parameters of a network that merely passes a gradient on.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from alam_ros.learning.networks import LOG_STD_RANGE, Actor, BatchedCritics, MultiplierNetwork, linear_layers

_LOG_2 = math.log(2.0)
_relu_backward = torch.ops.aten.threshold_backward.grad_input


class MlpPass:
    """Passes through `networks.mlp` for batches of one size.

    Args:
        layers: weight (out, in) and bias (out,) of each layer.
        batch_size: of every batch.
    """

    def __init__(self, layers: Sequence[tuple[Tensor, Tensor]], batch_size: int) -> None:
        self._biases = [bias.detach() for _, bias in layers]
        self._weights = [weight.detach() for weight, _ in layers]
        self._transposed = [weight.t() for weight in self._weights]
        self._outputs = [torch.empty(batch_size, len(bias)) for bias in self._biases]
        self._deltas = [torch.empty_like(output) for output in self._outputs[:-1]]
        self._input = self._outputs[0]

    def forward(self, rows: Tensor) -> Tensor:
        """Return the output, (batch, out), valid until the next call."""
        self._input = hidden = rows
        last = len(self._outputs) - 1
        for index, (bias, weight, output) in enumerate(zip(self._biases, self._transposed, self._outputs, strict=True)):
            torch.addmm(bias, hidden, weight, out=output)
            hidden = output if index == last else output.relu_()
        return hidden

    def backward(self, delta: Tensor, gradients: Sequence[Tensor]) -> None:
        """Write the gradient of the parameters for the last `forward`.

        Args:
            delta: derivative of the loss with respect to the output, (batch, out).
            gradients: where to: weight, bias, weight, bias, …
        """
        for index in reversed(range(len(self._weights))):
            below = self._outputs[index - 1] if index else self._input
            torch.mm(delta.t(), below, out=gradients[2 * index])
            torch.sum(delta, 0, out=gradients[2 * index + 1])
            if index:
                delta = _relu_backward(
                    torch.mm(delta, self._weights[index], out=self._deltas[index - 1]),
                    below,
                    0.0,
                    grad_input=self._deltas[index - 1],
                )


class CriticPass:
    """Passes through some of the critics of one `BatchedCritics`.

    Hidden layers are one batched product for all critics. The last one has a single output, for which a product of matrix and
    vector for each critic is several times faster; the action's few columns are faster as rows.

    Args:
        critics: whose parameters are read.
        members: which of the critics.
        batch_size: of every batch.
        observation_size: where the action begins in a row of input.
    """

    def __init__(self, critics: BatchedCritics, members: slice, batch_size: int, observation_size: int) -> None:
        self._weights = [weight.detach()[members] for weight in critics.weights]
        self._biases = [bias.detach()[members] for bias in critics.biases]
        self._transposed = [weight.transpose(1, 2) for weight in self._weights]
        self._action_weight = self._weights[0][:, observation_size:]
        count = len(self._weights[0])
        self._outputs = [torch.empty(count, batch_size, weight.shape[2]) for weight in self._weights[:-1]]
        self._values = torch.empty(count, batch_size)
        last = self._biases[-1][:, 0], self._weights[-1].squeeze(-1), self._values
        self._last = list(zip(*(part.unbind() for part in last), strict=True))
        self._deltas = [torch.empty_like(output) for output in self._outputs]
        self._action_delta = torch.empty(count, self._action_weight.shape[1], batch_size)
        self._action_gradient = torch.empty(self._action_weight.shape[1], batch_size)
        self._count = count
        self._input = self._values

    def forward(self, rows: Tensor) -> Tensor:
        """Return values (members, batch) of rows [observation, action], valid until the next call."""
        self._input = hidden = rows.expand(self._count, *rows.shape)
        for bias, weight, output in zip(self._biases[:-1], self._weights[:-1], self._outputs, strict=True):
            hidden = torch.baddbmm(bias, hidden, weight, out=output).relu_()
        for below, (bias, weight, value) in zip(hidden.unbind(), self._last, strict=True):
            torch.addmv(bias, below, weight, out=value)
        return self._values

    def backward(self, delta: Tensor, weight_gradients: Sequence[Tensor], bias_gradients: Sequence[Tensor]) -> None:
        """Write the gradient of the parameters for the last `forward`.

        Args:
            delta: derivative of the loss with respect to the values, (members, batch).
            weight_gradients: where to, layer by layer.
            bias_gradients: the same.
        """
        inputs = [self._input, *self._outputs]
        for index, layer_delta in self._descend(delta):
            if index < len(self._outputs):
                torch.bmm(inputs[index].transpose(1, 2), layer_delta, out=weight_gradients[index])
            else:
                last = inputs[index].transpose(1, 2), delta, weight_gradients[index].squeeze(-1)
                for below, row, gradient in zip(*(part.unbind() for part in last), strict=True):
                    torch.mv(below, row, out=gradient)
            torch.sum(layer_delta, 1, keepdim=True, out=bias_gradients[index])

    def action_gradient(self, delta: Tensor) -> Tensor:
        """Return the derivative with respect to the action, (batch, action_size), valid until the next call."""
        for index, layer_delta in self._descend(delta):
            if index == 0:
                torch.bmm(self._action_weight, layer_delta.transpose(1, 2), out=self._action_delta)
        return torch.sum(self._action_delta, 0, out=self._action_gradient).t()

    def _descend(self, values_delta: Tensor) -> Iterator[tuple[int, Tensor]]:
        """Yield (layer, derivative with respect to its output before the ReLU) from the last layer to the first."""
        delta = values_delta.unsqueeze(-1)
        for index in reversed(range(len(self._weights))):
            yield index, delta
            if index:
                below = self._deltas[index - 1]
                if delta.shape[2] == 1:
                    torch.mul(delta, self._transposed[index], out=below)
                else:
                    torch.bmm(delta, self._transposed[index], out=below)
                delta = _relu_backward(below, self._outputs[index - 1], 0.0, grad_input=below)


class ActorPass:
    """Draws reparametrised actions and carries gradients back through them.

    Args:
        actor: whose parameters are read.
        batch_size: of every batch.
        action_size: of the contract.
    """

    def __init__(self, actor: Actor, batch_size: int, action_size: int) -> None:
        self._trunk = MlpPass(linear_layers(actor.trunk), batch_size)
        self._noise = torch.empty(batch_size, action_size)
        self._delta = torch.empty(batch_size, 2 * action_size)
        self._mean_delta, self._raw_delta = self._delta.chunk(2, dim=1)
        self._low, high = LOG_STD_RANGE
        self._half_range = 0.5 * (high - self._low)

    def sample(self, observation: Tensor, action: Tensor) -> Tensor:
        """Draw actions.

        Args:
            observation: (batch, observation_size).
            action: where they are written, (batch, action_size), in [-1, 1].

        Returns:
            Their log-probabilities, (batch,).
        """
        mean, raw = self._trunk.forward(observation).chunk(2, dim=1)
        self._squashed = torch.tanh(raw)
        log_std = torch.add(self._squashed, 1.0).mul_(self._half_range).add_(self._low)
        self._noise.normal_()
        self._spread = log_std.exp().mul_(self._noise)
        unsquashed = mean + self._spread
        torch.tanh(unsquashed, out=action)
        self._action = action
        # log N(u) - log |d tanh(u)/du|, the latter as 2 (log 2 - u - softplus(-2 u)), which cannot overflow.
        log_jacobian = torch.nn.functional.softplus(unsquashed * -2.0).add_(unsquashed).neg_().add_(_LOG_2).mul_(2.0)
        log_normal = self._noise.square().mul_(-0.5).sub_(log_std).sub_(0.5 * math.log(2 * math.pi))
        return log_normal.sub_(log_jacobian).sum(-1)

    def backward(self, action_gradient: Tensor, log_probability_gradient: Tensor, gradients: Sequence[Tensor]) -> None:
        """Write the gradient of the parameters for the last `sample`.

        Args:
            action_gradient: derivative of the loss with respect to the actions, (batch, action_size).
            log_probability_gradient: and to their log-probabilities, (batch,).
            gradients: where to, as in `MlpPass.backward`.
        """
        action, slope = self._action, log_probability_gradient.unsqueeze(1)
        # With u before squashing: da/du = 1 - a², d log π/du = 2 a, du/d log σ = σ ε, d log π/d log σ = -1 beside that.
        torch.mul(action_gradient, 1.0 - action.square(), out=self._mean_delta)
        self._mean_delta.addcmul_(action, slope, value=2.0)
        torch.mul(self._mean_delta, self._spread, out=self._raw_delta)
        self._raw_delta.sub_(slope).mul_((1.0 - self._squashed.square()).mul_(self._half_range))
        self._trunk.backward(self._delta, gradients)


def multiplier_pass(network: MultiplierNetwork, batch_size: int) -> MlpPass:
    """Return the pass through a multiplier network up to its softplus."""
    return MlpPass(linear_layers(network.trunk), batch_size)
