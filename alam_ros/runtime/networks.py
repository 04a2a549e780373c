"""The trained networks of a policy file: actor, twin cost critics, multiplier, risk."""

from __future__ import annotations

import math

import numpy as np

from alam_ros.policy_file.manifest import RiskSpec
from alam_ros.policy_file.weights import Weights
from alam_ros.runtime.mlp import Float32Array, SharedObservation


class PolicyNetworks:
    """Forward passes for one observation at a time; inputs are float32 and of the right size, as the caller has checked.

    `see` an observation, then ask about it: `act`, `seen_multiplier`, `judge`; each at most once. The other methods see and ask
    at once. Not thread-safe, and nothing but the results is allocated: all else lives in buffers that the next call overwrites.
    """

    def __init__(self, weights: Weights, risk: RiskSpec) -> None:
        size, pair = (weights[f"{name}.0.weight"].shape[1] for name in ("actor", "cost_critic_0"))
        optional = {"multiplier": risk.multiplier is None, "risk": "risk.0.weight" in weights}
        names = ("actor", "cost_critic_0", "cost_critic_1", *(name for name, is_there in optional.items() if is_there))
        self._shared = SharedObservation(weights, names, size)
        networks = self._shared.networks
        self._actor, self._multiplier, self._risk = networks["actor"], networks.get("multiplier"), networks.get("risk")
        self._critics = tuple(networks[f"cost_critic_{twin}"] for twin in (0, 1))
        self._scalar_multiplier = risk.multiplier or 0.0
        self._multiplier_max = risk.multiplier_max
        self._action_size = pair - size
        self._inputs: dict[int, tuple[Float32Array, Float32Array]] = {}

    def see(self, observation: Float32Array) -> None:
        """Take the observation that is asked about from now on."""
        self._shared.see(observation)

    def act(self) -> Float32Array:
        """Return the deterministic action tanh(mean) in the observation seen, (action_size,) float32 in [-1, 1]."""
        return np.tanh(self._actor.of_observation()[: self._action_size])

    def seen_multiplier(self) -> float:
        """Return the averaged multiplier of the observation seen, in [0, multiplier_max] (alam.md §4.3)."""
        if self._multiplier is None:
            return self._scalar_multiplier
        return min(softplus(float(self._multiplier.of_observation()[0])), self._multiplier_max)

    def judge(self, actions: Float32Array, multiplier: float | None) -> tuple[Float32Array, Float32Array | None]:
        """Judge k actions in the observation seen.

        Args:
            actions: (k, action_size).
            multiplier: of the observation; None where the risk network is not asked.

        Returns:
            (k,) Q_c, the larger of the twins (alam.md §4.1), and (k,) the outputs of the risk network for [s, a, Q_c, λ̄]
            (docs/risk.md), None where there is none; both valid until the next call.
        """
        pairs, rows = self._inputs_for(len(actions))
        pairs[:, 1:] = actions
        first, second = (critic(pairs)[:, 0] for critic in self._critics)
        cost_values = np.maximum(first, second, first)
        if multiplier is None or self._risk is None:
            return cost_values, None
        rows[:, 1:-2], rows[:, -2], rows[:, -1] = actions, cost_values, multiplier
        return cost_values, self._risk(rows)[:, 0]

    def action(self, observation: Float32Array) -> Float32Array:
        """Return the deterministic action, (action_size,) float32 in [-1, 1]."""
        self.see(observation)
        return self.act()

    def actor_output(self, observation: Float32Array) -> Float32Array:
        """Return [mean, raw log_std] before squashing, (2 · action_size,), valid until the next call."""
        self.see(observation)
        return self._actor.of_observation()

    def cost_value(self, observation: Float32Array, action: Float32Array) -> float:
        """Return Q_c."""
        self.see(observation)
        return float(self.judge(action[None], None)[0][0])

    def multiplier(self, observation: Float32Array) -> float:
        """Return the averaged multiplier of this observation."""
        self.see(observation)
        return self.seen_multiplier()

    def risk_score(self, observation: Float32Array, action: Float32Array, cost_value: float, multiplier: float) -> float | None:
        """Return the output of the risk network for [s, a, Q_c(s, a), λ̄(s)]; None where there is none."""
        if self._risk is None:
            return None
        self.see(observation)
        return float(self._risk(np.array([(1.0, *action, cost_value, multiplier)], np.float32))[0, 0])

    def _inputs_for(self, count: int) -> tuple[Float32Array, Float32Array]:
        """Return the buffers of what critics and risk network see beside the observation, (k, 1 + action_size) and 2 more."""
        if count not in self._inputs:
            size = 1 + self._action_size
            self._inputs[count] = np.ones((count, size), np.float32), np.ones((count, size + 2), np.float32)
        return self._inputs[count]


def softplus(value: float) -> float:
    """Return log(1 + exp(value)) without overflow."""
    return max(value, 0.0) + math.log1p(math.exp(-abs(value)))
