"""The trained networks of a policy file: actor, twin cost critics, multiplier, risk."""

from __future__ import annotations

import math

import numpy as np

from alam_ros.policy_file.manifest import RiskSpec
from alam_ros.policy_file.weights import Weights
from alam_ros.runtime.mlp import Float32Array, Mlp


class PolicyNetworks:
    """Forward passes for one observation at a time; inputs are float32 and of the right size, as the caller has checked.

    All networks read their inputs from one vector [1, s, a, Q_c, λ̄], each as much of it as it needs, so that nothing is
    concatenated and nothing but the action allocated. Not thread-safe: that vector and the networks' buffers are overwritten.
    """

    def __init__(self, weights: Weights, risk: RiskSpec) -> None:
        state, pair = (1 + weights[f"{name}.0.weight"].shape[1] for name in ("actor", "cost_critic_0"))
        inputs = np.ones(pair + 2, np.float32)
        self._observation, self._action, self._scores = inputs[1:state], inputs[state:pair], inputs[pair:]
        self._actor = Mlp(weights, "actor", inputs[:state])
        self._critics = tuple(Mlp(weights, f"cost_critic_{twin}", inputs[:pair]) for twin in (0, 1))
        self._multiplier = Mlp(weights, "multiplier", inputs[:state]) if risk.multiplier is None else None
        self._scalar_multiplier = risk.multiplier or 0.0
        self._risk = Mlp(weights, "risk", inputs) if "risk.0.weight" in weights else None
        self._multiplier_max = risk.multiplier_max

    def action(self, observation: Float32Array) -> Float32Array:
        """Return the deterministic action tanh(mean), (action_size,) float32 in [-1, 1]."""
        output = self.actor_output(observation)
        return np.tanh(output[: output.size // 2])

    def actor_output(self, observation: Float32Array) -> Float32Array:
        """Return [mean, raw log_std] before squashing, (2 · action_size,), valid until the next call."""
        self._observation[:] = observation
        return self._actor.evaluate()

    def cost_value(self, observation: Float32Array, action: Float32Array) -> float:
        """Return Q_c, the larger of the twins (alam.md §4.1)."""
        self._observation[:] = observation
        self._action[:] = action
        first, second = self._critics
        return max(float(first.evaluate()[0]), float(second.evaluate()[0]))

    def multiplier(self, observation: Float32Array) -> float:
        """Return the averaged multiplier of this observation, in [0, multiplier_max] (alam.md §4.3)."""
        if self._multiplier is None:
            return self._scalar_multiplier
        self._observation[:] = observation
        return min(softplus(float(self._multiplier.evaluate()[0])), self._multiplier_max)

    def risk_score(self, observation: Float32Array, action: Float32Array, cost_value: float, multiplier: float) -> float | None:
        """Return the output of the risk network for [s, a, Q_c(s, a), λ̄(s)] (docs/risk.md); None where there is none."""
        if self._risk is None:
            return None
        self._observation[:] = observation
        self._action[:] = action
        self._scores[0], self._scores[1] = cost_value, multiplier
        return float(self._risk.evaluate()[0])


def softplus(value: float) -> float:
    """Return log(1 + exp(value)) without overflow."""
    return max(value, 0.0) + math.log1p(math.exp(-abs(value)))
