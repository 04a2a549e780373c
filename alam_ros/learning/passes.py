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

from alam_ros.learning.memory import memory
from alam_ros.learning.networks import LOG_STD_RANGE, Actor, BatchedCritics, MultiplierNetwork, linear_layers

_LOG_2 = math.log(2.0)
_relu_backward = torch.ops.aten.threshold_backward.grad_input


class MlpPass:
    """Passes through `networks.mlp` for batches of one size.

    Args:
        layers: weight (out, in) and bias (out,) of each layer.
        batch_size: of every batch.
        gradients: where `backward` writes: weight, bias, weight, bias, …; none where it is never called.
    """

    def __init__(self, layers: Sequence[tuple[Tensor, Tensor]], batch_size: int, gradients: Sequence[Tensor] = ()) -> None:
        biases = [bias.detach() for _, bias in layers]
        self._weights = [weight.detach() for weight, _ in layers]
        self._outputs = [memory.empty(batch_size, len(bias)) for bias in biases]
        self._steps = list(zip(biases, (weight.t() for weight in self._weights), self._outputs, strict=True))
        self._scratch = [memory.empty(*output.shape) for output in self._outputs[:-1]]
        self._gradients = list(zip(gradients[::2], gradients[1::2], strict=True))
        self._input = self._outputs[0]

    def forward(self, rows: Tensor) -> Tensor:
        """Return the output, (batch, out), valid until the next call."""
        self._input = hidden = rows
        for bias, weight, output in self._steps[:-1]:
            hidden = torch.addmm(bias, hidden, weight, out=output).relu_()
        bias, weight, output = self._steps[-1]
        return torch.addmm(bias, hidden, weight, out=output)

    def backward(self, delta: Tensor) -> None:
        """Write the gradient of the parameters for the last `forward`, of which it uses up what is kept.

        Args:
            delta: derivative of the loss with respect to the output, (batch, out).
        """
        for index in reversed(range(len(self._weights))):
            below = self._outputs[index - 1] if index else self._input
            weight_gradient, bias_gradient = self._gradients[index]
            torch.mm(delta.t(), below, out=weight_gradient)
            torch.sum(delta, 0, out=bias_gradient)
            if index:
                above = torch.mm(delta, self._weights[index], out=self._scratch[index - 1])
                delta = _relu_backward(above, below, 0.0, grad_input=below)


class CriticMemory:
    """What passes through critics write between input and values; passes that never overlap share it, and find it in the cache.

    Args:
        hidden: sizes of the hidden layers.
        batch_size: of every batch.
        count: critics at most.

    Attributes:
        outputs: of each hidden layer, (count, batch, size); the way back turns them into derivatives.
        scratch: of the same shapes, for all but the last.
    """

    def __init__(self, hidden: Sequence[int], batch_size: int, count: int) -> None:
        self.outputs = [torch.empty(count, batch_size, size) for size in hidden]
        self.scratch = [memory.empty(*output.shape) for output in self.outputs[:-1]]


class CriticPass:
    """Passes through some of the critics of one `BatchedCritics`.

    Hidden layers are one batched product for all critics. The last one has a single output, for which a product of matrix and
    vector for each critic is several times faster; the action's few columns are faster as rows.

    Args:
        critics: whose parameters are read.
        members: which of the critics.
        rows: input of every pass, (batch, observation_size + action_size); the caller fills it.
        observation_size: where the action begins in a row.
        shared: valid from `forward` to what follows it.
        gradients: where `backward` writes: weights of all layers, then biases; none where it is never called.
    """

    def __init__(
        self,
        critics: BatchedCritics,
        members: slice,
        rows: Tensor,
        observation_size: int,
        shared: CriticMemory,
        gradients: Sequence[Tensor] = (),
    ) -> None:
        weights = [weight.detach()[members] for weight in critics.weights]
        biases = [bias.detach()[members] for bias in critics.biases]
        count, batch_size = len(weights[0]), len(rows)
        self._input = rows.expand(count, *rows.shape)
        self._outputs = [output[:count] for output in shared.outputs]
        self._scratch = [output[:count] for output in shared.scratch]
        self._values = torch.empty(count, batch_size)
        self._steps = list(zip(biases[:-1], weights[:-1], self._outputs, strict=True))
        self._heads = _each(biases[-1][:, 0], self._outputs[-1], weights[-1].squeeze(-1), self._values)
        self._transposed = [weight.transpose(1, 2) for weight in weights]
        self._action_weight = weights[0][:, observation_size:]
        self._action_delta = torch.empty(count, self._action_weight.shape[1], batch_size)
        self._action_gradient = torch.empty(self._action_weight.shape[1], batch_size)
        self._prepare_gradients([gradient[members] for gradient in gradients])

    def _prepare_gradients(self, gradients: Sequence[Tensor]) -> None:
        layers = len(gradients) // 2
        weights, self._bias_gradients = gradients[:layers], gradients[layers:]
        inputs = [part.transpose(1, 2) for part in (self._input, *self._outputs)]
        self._products = list(zip(inputs[:-1], weights[:-1], strict=False))
        self._head_products = _each(inputs[-1], weights[-1].squeeze(-1)) if layers else []

    def forward(self) -> Tensor:
        """Return the values of the rows, (members, batch), valid until the next call."""
        hidden = self._input
        for bias, weight, output in self._steps:
            hidden = torch.baddbmm(bias, hidden, weight, out=output).relu_()
        for bias, below, weight, value in self._heads:
            torch.addmv(bias, below, weight, out=value)
        return self._values

    def backward(self, delta: Tensor) -> None:
        """Write the gradient of the parameters for the last `forward`, of which it uses up what is kept.

        Args:
            delta: derivative of the loss with respect to the values, (members, batch).
        """
        for (below, gradient), row in zip(self._head_products, delta.unbind(), strict=True):
            torch.mv(below, row, out=gradient)
        column = delta.unsqueeze(-1)
        torch.sum(column, 1, keepdim=True, out=self._bias_gradients[-1])
        for index, layer_delta in self._descend(self._last_delta().mul_(column)):
            below, gradient = self._products[index]
            torch.bmm(below, layer_delta, out=gradient)
            torch.sum(layer_delta, 1, keepdim=True, out=self._bias_gradients[index])

    def action_gradient(self, delta: Tensor) -> Tensor:
        """Return the derivative with respect to the action, (batch, action_size), valid until the next call.

        As `backward`, but a row's own factor, its `delta`, enters when all else is done and few columns are left.
        """
        for _, layer_delta in self._descend(self._last_delta()):
            lowest = layer_delta
        torch.bmm(self._action_weight, lowest.transpose(1, 2), out=self._action_delta)
        self._action_delta.mul_(delta.unsqueeze(1))
        return torch.sum(self._action_delta, 0, out=self._action_gradient).t()

    def _last_delta(self) -> Tensor:
        """Return the derivative of each value with respect to the last hidden layer's output before the ReLU."""
        output = self._outputs[-1]
        _relu_backward(self._transposed[-1], output, 0.0, grad_input=output)
        return output

    def _descend(self, delta: Tensor) -> Iterator[tuple[int, Tensor]]:
        """Yield (hidden layer, derivative with respect to its output before the ReLU), from the last layer, whose is given."""
        for index in reversed(range(len(self._outputs))):
            yield index, delta
            if index:
                above = torch.bmm(delta, self._transposed[index], out=self._scratch[index - 1])
                delta = _relu_backward(above, self._outputs[index - 1], 0.0, grad_input=self._outputs[index - 1])


class ActorPass:
    """Draws reparametrised actions and carries gradients back through them.

    Args:
        actor: whose parameters are read.
        batch_size: of every batch.
        action_size: of the contract.
        gradients: where `backward` writes: weight, bias, weight, bias, …
    """

    def __init__(self, actor: Actor, batch_size: int, action_size: int, gradients: Sequence[Tensor]) -> None:
        self._trunk = MlpPass(linear_layers(actor.trunk), batch_size, gradients)
        shape = batch_size, action_size
        self._noise, self._spread, self._unsquashed = torch.empty(shape), torch.empty(shape), torch.empty(shape)
        self._log_std, self._squashed = torch.empty(shape), torch.empty(shape)
        self._delta = torch.empty(batch_size, 2 * action_size)
        self._mean_delta, self._raw_delta = self._delta.chunk(2, dim=1)
        self._action = self._mean_delta
        low, high = LOG_STD_RANGE
        self._half_range = 0.5 * (high - low)
        self._middle = torch.full((), low + self._half_range)
        self._constant = action_size * (_LOG_2 * 2 + 0.5 * math.log(2 * math.pi))

    def sample(self, observation: Tensor, action: Tensor) -> Tensor:
        """Draw actions.

        Args:
            observation: (batch, observation_size).
            action: where they are written, (batch, action_size), in [-1, 1].

        Returns:
            Their log-probabilities, (batch,).
        """
        mean, raw = self._trunk.forward(observation).chunk(2, dim=1)
        torch.tanh(raw, out=self._squashed)
        log_std = torch.add(self._middle, self._squashed, alpha=self._half_range, out=self._log_std)
        self._noise.normal_()
        torch.exp(log_std, out=self._spread).mul_(self._noise)
        torch.add(mean, self._spread, out=self._unsquashed)
        self._action = torch.tanh(self._unsquashed, out=action)
        # log N(u) - log |d tanh(u)/du|, the latter as 2 (log 2 - u - softplus(-2 u)), which cannot overflow.
        half_jacobian = torch.nn.functional.softplus(self._unsquashed * -2.0).add_(self._unsquashed)
        rest = torch.addcmul(log_std, self._noise, self._noise, value=0.5)
        return half_jacobian.mul_(2.0).sub_(rest).sum(-1).sub_(self._constant)

    def backward(self, action_gradient: Tensor, log_probability_gradient: Tensor) -> None:
        """Write the gradient of the parameters for the last `sample`.

        Args:
            action_gradient: derivative of the loss with respect to the actions, (batch, action_size).
            log_probability_gradient: and to their log-probabilities, (batch,).
        """
        action, slope = self._action, log_probability_gradient.unsqueeze(1)
        # With u before squashing: da/du = 1 - a², d log π/du = 2 a, du/d log σ = σ ε, d log π/d log σ = -1 beside that.
        torch.mul(action_gradient, 1.0 - action.square(), out=self._mean_delta)
        self._mean_delta.addcmul_(action, slope, value=2.0)
        torch.mul(self._mean_delta, self._spread, out=self._raw_delta)
        self._raw_delta.sub_(slope).mul_((1.0 - self._squashed.square()).mul_(self._half_range))
        self._trunk.backward(self._delta)


def multiplier_pass(network: MultiplierNetwork, batch_size: int, gradients: Sequence[Tensor] = ()) -> MlpPass:
    """Return the pass through a multiplier network up to its softplus."""
    return MlpPass(linear_layers(network.trunk), batch_size, gradients)


def _each(*parts: Tensor) -> list[tuple[Tensor, ...]]:
    """Return what belongs to each critic: views of all parts at each index of their first dimension."""
    return list(zip(*(part.unbind() for part in parts), strict=True))
