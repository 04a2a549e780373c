"""Announced against observed risk on episodes that the calibration never saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from alam_ros.learning.discrimination import Ranking
from alam_ros.learning.evaluation import EpisodeRecord
from alam_ros.learning.futures import futures
from alam_ros.learning.reliability import Reliability
from alam_ros.policy_file import Manifest
from alam_ros.risk_evaluation.diagram import diagram_bins


def reliability(records: Sequence[EpisodeRecord], manifest: Manifest, control_period: float) -> dict[str, Any] | None:
    """Return announced and observed probabilities by bins, over states that are not in violation themselves.

    Args:
        records: evaluated episodes of the policy.
        manifest: of its file.
        control_period: s.

    Returns:
        `horizon` (s), `states`, `auroc`, `expected_calibration_error` and `bins`: each has `announced`, `observed`, `low`, `high`
        (between which lie 95 % of resamplings of whole episodes) and `states`; None for a policy without calibration, and where
        no episode reaches beyond the horizon.
    """
    calibration = manifest.calibration
    if calibration is None:
        return None
    what_followed, horizon = futures(records), round(calibration.horizon / control_period)
    headline = what_followed.headline(horizon)
    if not headline.any():
        return None
    label, episode = what_followed.label(horizon)[headline], what_followed.episode[headline]
    announced = np.concatenate([record.probability for record in records]).astype(np.float64)[headline]
    area = Ranking(announced, label).judge().auroc
    return {
        "horizon": calibration.horizon,
        "states": int(label.size),
        "auroc": None if np.isnan(area) else area,
        "expected_calibration_error": Reliability(announced, label).judge().expected_calibration_error,
        "bins": [asdict(one) for one in diagram_bins(announced, label, episode)],
    }
