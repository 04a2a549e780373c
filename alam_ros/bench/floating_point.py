"""Floating-point operations that one update needs, counted from the sizes of the layers.

Counted are the matrix products, two operations for each multiplication: with B rows and a layer of n inputs and m outputs, the
layer's output, the gradient of its weights and the gradient of its inputs are one product of 2 B n m each. Gradients nobody needs
are not counted (of the observation; of a network's parameters that merely passes a gradient on), nor are element-wise operations
and optimisers, which are about n m and not B n m. What is counted is what must be computed, so a program that computes more has
the smaller share of the machine's rate.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from alam_ros.learning.config import AlgorithmConfig


@dataclass(frozen=True)
class NetworkFlop:
    """Of one network and one batch.

    Attributes:
        forward: its output; the gradient of its parameters takes as many.
        below: the gradient of its hidden layers' outputs.
        action: the gradient of the action among its inputs, beside `below`.
    """

    forward: int
    below: int
    action: int = 0

    @property
    def backward(self) -> int:
        """The gradient of its parameters."""
        return self.forward + self.below


def network_flop(batch: int, sizes: Sequence[int], action: int = 0) -> NetworkFlop:
    """Count for a network with `sizes` of input, hidden layers and output; `action` of its inputs are the action."""
    products = [2 * batch * size_in * size_out for size_in, size_out in itertools.pairwise(sizes)]
    return NetworkFlop(sum(products), sum(products[1:]), 2 * batch * action * sizes[1])


def update_flop(config: AlgorithmConfig, observation: int, action: int, batch: int) -> float:
    """Return the operations of an update with the constraint in force, the mean over the updates with and without each step."""
    actor = network_flop(batch, [observation, *config.hidden, 2 * action])
    critic = network_flop(batch, [observation + action, *config.hidden, 1], action)
    multiplier = network_flop(batch, [observation, *config.hidden, 1])
    has_network, has_any = config.multiplier.kind == "network", config.multiplier.kind != "none"

    stepped = 2 + 2 / config.cost_critic_period
    targets = actor.forward + stepped * critic.forward
    critics = stepped * (critic.forward + critic.backward)
    through_critics = (4 if has_any else 2) * (critic.forward + critic.below + critic.action)
    actor_step = actor.forward + through_critics + actor.backward + has_network * multiplier.forward
    regression = multiplier.forward * (2 if config.multiplier.rule == "averaged_target" else 1) + multiplier.backward
    multiplier_step = has_any * (actor.forward + 2 * critic.forward) + has_network * regression
    return targets + critics + actor_step / config.actor_delay + multiplier_step / config.multiplier.delay
