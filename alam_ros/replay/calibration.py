"""Whether the probabilities announced on a drive came true."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from alam_ros.learning.discrimination import Ranking
from alam_ros.learning.reliability import Reliability
from alam_ros.onboard.stamps import SECOND_NS
from alam_ros.replay.hazard import Hazard
from alam_ros.replay.policy_pass import Answer
from alam_ros.risk_evaluation.diagram import diagram_bins

BLOCK_S = 10.0
"""s of the blocks that are resampled for intervals: the states of one drive are not independent."""
LEAST_HORIZONS_A_BLOCK = 5


@dataclass(frozen=True)
class DriveCalibration:
    """Announced against observed risk over the states of a drive that are not in violation themselves.

    Attributes:
        horizon: s.
        states, violations: how many, and before how many of them a violation lay within the horizon.
        announced, observed: mean probability and share of violations.
        expected_calibration_error, brier_score: as in docs/risk.md.
        auroc: None where all states had the same fate.
        bins: of the reliability diagram, as the report's figures take them; none where a single block leaves no intervals.
    """

    horizon: float
    states: int
    violations: int
    announced: float
    observed: float
    expected_calibration_error: float
    brier_score: float
    auroc: float | None
    bins: list[dict[str, Any]]


def calibration_of(answers: list[Answer], hazard: Hazard | None) -> DriveCalibration | None:
    """Judge a drive; None without a recorded cost, without calibration, or where no state's future is known."""
    if hazard is None or not hazard.is_cost or not answers:
        return None
    horizon = answers[0].estimate.horizon
    times = np.array([answer.received_ns for answer in answers], dtype=np.int64)
    announced = np.array([answer.estimate.probability for answer in answers])
    if not np.isfinite(horizon) or not np.isfinite(announced).all():
        return None
    costly = hazard.times_ns[hazard.is_hazard]
    horizon_ns = round(horizon * SECOND_NS)
    following = np.append(costly, np.iinfo(np.int64).max)[np.searchsorted(costly, times, side="right")]
    label = following - times <= horizon_ns
    present = np.searchsorted(hazard.times_ns, times, side="right") - 1
    in_violation = (present >= 0) & hazard.is_hazard[present]
    judged = ~in_violation & (times + horizon_ns <= hazard.times_ns[-1]) & (times >= hazard.times_ns[0])
    if not judged.any():
        return None
    announced, label, times = announced[judged], label[judged], times[judged]
    block_ns = round(max(BLOCK_S, LEAST_HORIZONS_A_BLOCK * horizon) * SECOND_NS)
    _, blocks = np.unique((times - times[0]) // block_ns, return_inverse=True)  # those in which something was judged
    honesty, area = Reliability(announced, label).judge(), Ranking(announced, label).judge().auroc
    return DriveCalibration(
        horizon=float(horizon),
        states=int(label.size),
        violations=int(label.sum()),
        announced=float(announced.mean()),
        observed=float(label.mean()),
        expected_calibration_error=honesty.expected_calibration_error,
        brier_score=honesty.brier_score,
        auroc=None if np.isnan(area) else float(area),
        bins=[asdict(one) for one in diagram_bins(announced, label, blocks)] if blocks.max() else [],
    )
