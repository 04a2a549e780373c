"""The trained networks of a policy file: actor, twin cost critics, multiplier, risk."""

from __future__ import annotations

import math

import numpy as np

from alam_ros.policy_file.manifest import RiskSpec
from alam_ros.policy_file.weights import Weights
from alam_ros.runtime.mlp import Float32Array, Mlp


class PolicyNetworks:
    """Forward passes for one observation at a time; inputs are float32 and of the right size, as the caller has checked.

    Not thread-safe: the networks share buffers between calls.
    """

    def __init__(self, weights: Weights, risk: RiskSpec) -> None:
        self._actor = Mlp(weights, "actor")
        self._critics = (Mlp(weights, "cost_critic_0"), Mlp(weights, "cost_critic_1"))
        self._multiplier = Mlp(weights, "multiplier") if risk.multiplier is None else None
        self._scalar_multiplier = risk.multiplier or 0.0
        self._risk = Mlp(weights, "risk") if "risk.0.weight" in weights else None
        self._multiplier_max = risk.multiplier_max

    def action(self, observation: Float32Array) -> Float32Array:
        """Return the deterministic action tanh(mean), (action_size,) float32 in [-1, 1]."""
        output = self.actor_output(observation)
        return np.tanh(output[: output.size // 2])

    def actor_output(self, observation: Float32Array) -> Float32Array:
        """Return [mean, raw log_std] before squashing, (2 · action_size,), valid until the next call."""
        return self._actor(observation)

    def cost_value(self, observation: Float32Array, action: Float32Array) -> float:
        """Return Q_c, the larger of the twins (alam.md §4.1)."""
        pair = np.concatenate((observation, action))
        return max(float(critic(pair)[0]) for critic in self._critics)

    def multiplier(self, observation: Float32Array) -> float:
        """Return the averaged multiplier of this observation, in [0, multiplier_max] (alam.md §4.3)."""
        if self._multiplier is None:
            return self._scalar_multiplier
        return min(softplus(float(self._multiplier(observation)[0])), self._multiplier_max)

    def risk_score(self, observation: Float32Array, action: Float32Array, cost_value: float, multiplier: float) -> float | None:
        """Return the output of the risk network for [s, a, Q_c(s, a), λ̄(s)] (docs/risk.md); None where there is none."""
        if self._risk is None:
            return None
        scores = np.array((cost_value, multiplier), np.float32)
        return float(self._risk(np.concatenate((observation, action, scores)))[0])


def softplus(value: float) -> float:
    """Return log(1 + exp(value)) without overflow."""
    return max(value, 0.0) + math.log1p(math.exp(-abs(value)))
