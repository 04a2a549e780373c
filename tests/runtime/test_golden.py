"""Golden vectors tell other weights from other rounding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from alam_ros.errors import PolicyFileError
from alam_ros.policy_file.manifest import GoldenSpec
from alam_ros.runtime.golden import check_golden
from alam_ros.runtime.mlp import Float32Array
from alam_ros.typed import from_mapping


@dataclass(frozen=True)
class Answers:
    """Networks of one observation element that answer by a table."""

    risk_scores: tuple[float, ...]

    def action(self, observation: Float32Array) -> Float32Array:
        return np.zeros(1, np.float32)

    def cost_value(self, observation: Float32Array, action: Float32Array) -> float:
        return 0.0

    def multiplier(self, observation: Float32Array) -> float:
        return 0.0

    def risk_score(self, observation: Float32Array, action: Float32Array, cost_value: float, multiplier: float) -> float:
        return self.risk_scores[int(observation[0])]


def golden(risk_scores: tuple[float, ...]) -> GoldenSpec:
    zeros = [0.0] * len(risk_scores)
    observations = [[float(index)] for index in range(len(risk_scores))]
    document = {"observations": observations, "actions": [[0.0] for _ in zeros], "cost_values": zeros, "multipliers": zeros}
    return from_mapping(GoldenSpec, document | {"risk_scores": list(risk_scores)})


def test_an_answer_whose_sum_cancels_may_be_rounded_as_the_others() -> None:
    # Trained (torch) and NumPy's scores of a navigation policy that could not be exported: -0.03 beside -22, in float32.
    check_golden(Answers((-22.2333374, -0.0307314, 1.7436047)), golden((-22.2333374, -0.0307161063, 1.74360812)))


@pytest.mark.parametrize("found", [-0.0299, 0.03, float("nan")])
def test_another_answer_is_refused(found: float) -> None:
    with pytest.raises(PolicyFileError, match=r"golden `risk_scores` within 0\.000232; found differences up to"):
        check_golden(Answers((-22.2333374, found)), golden((-22.2333374, -0.0307161063)))
