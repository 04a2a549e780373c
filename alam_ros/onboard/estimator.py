"""Observation → action and risk estimate: what the policy node publishes."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract import ActionCodec, Contract
from alam_ros.runtime import PolicyRuntime, RiskLevel, RiskLevels, RiskScores


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Estimate:
    """The policy's answer to one observation; all fields as in `alam_ros/msg/RiskEstimate`, in place of the header a stamp.

    Attributes:
        stamp_ns: of the observation.
        action: (action_size,) float64, physical units: what is commanded and judged.
        inference_time: s; the only field that the same observation does not repeat.
    """

    stamp_ns: int
    probability: float
    rest_probability: float
    horizon: float
    cost_value: float
    rest_cost_value: float
    threshold: float
    margin: float
    multiplier: float
    effective_multiplier: float
    novelty: float
    level: int
    inference_time: float
    policy_id: str
    action: NDArray[np.float64]

    def fields(self) -> dict[str, Any]:
        """Return the fields of the message but its header."""
        return {**{name: getattr(self, name) for name in NUMBERS}, "action": self.action}


NUMBERS = tuple(field.name for field in dataclasses.fields(Estimate) if field.name not in ("stamp_ns", "action"))
"""The fields of an estimate that its message has too, but for the action, which is an array."""


class Estimator:
    """A policy at work under a contract.

    Attributes:
        levels: by which an estimate's level is told; may be replaced at any time.
    """

    def __init__(self, runtime: PolicyRuntime, contract: Contract, levels: RiskLevels) -> None:
        self._runtime = runtime
        self._codec = ActionCodec(contract.action)
        # Rest, whose judgement is in every estimate, and the policy's own action.
        self._actions = self._codec.to_normalised(np.zeros((2, contract.action_size)))
        self.levels = levels

    @property
    def policy_id(self) -> str:
        """Which policy estimates."""
        return self._runtime.policy_id

    def estimate(self, observation: NDArray[np.float32], stamp_ns: int, excess: NDArray[np.float32] | None = None) -> Estimate:
        """Answer one observation.

        Args:
            observation: (observation_size,) normalised.
            stamp_ns: its stamp.
            excess: what clipping took from it.

        Raises:
            ObservationError: when it is of another shape or not finite.
        """
        started = time.perf_counter()
        seen = self._runtime.see(observation, excess)
        self._actions[1] = seen.action
        judged = self._runtime.judge(seen, self._actions)
        inference_time = time.perf_counter() - started
        scores = self._runtime.scores(seen, judged, 1)
        return estimate_from(
            stamp_ns,
            scores,
            (judged.probabilities[0], judged.cost_values[0]),
            level=self.levels.of(scores),
            inference_time=inference_time,
            policy_id=self.policy_id,
            action=self._codec.to_physical(seen.action),
        )


def estimate_from(stamp_ns: int, scores: RiskScores, rest: tuple[float, float], *, level: RiskLevel, **others: Any) -> Estimate:
    """Return the estimate that an action's scores and those of rest make.

    Args:
        stamp_ns: of the observation.
        scores: of the action.
        rest: probability and cost value if the robot were told to rest instead.
        level: of the scores.
        **others: `inference_time`, `policy_id` and `action`, as in `Estimate`.
    """
    return Estimate(
        stamp_ns=stamp_ns,
        probability=scores.probability,
        rest_probability=rest[0],
        horizon=scores.horizon,
        cost_value=scores.cost_value,
        rest_cost_value=rest[1],
        threshold=scores.threshold,
        margin=scores.margin,
        multiplier=scores.multiplier,
        effective_multiplier=scores.effective_multiplier,
        novelty=scores.novelty,
        level=int(level),
        **others,
    )
