"""Announced against observed risk on episodes that the calibration never saw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alam_ros.learning.calibration import auroc, expected_calibration_error, risk_samples
from alam_ros.learning.evaluation import EpisodeRecord
from alam_ros.policy_file import Manifest

EDGES = (0.0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0)
RESAMPLES = 1000


def reliability(records: Sequence[EpisodeRecord], manifest: Manifest, control_period: float) -> dict[str, Any] | None:
    """Return announced and observed probabilities by bins, over states that are not in violation themselves.

    Args:
        records: evaluated episodes of the policy.
        manifest: of its file.
        control_period: s.

    Returns:
        `horizon` (s), `states`, `auroc`, `expected_calibration_error` and `bins`: each has `announced`, `observed`, `low`, `high`
        (between which lie 95 % of resamplings of whole episodes) and `states`; None for a policy without calibration.
    """
    calibration = manifest.calibration
    if calibration is None:
        return None
    samples = risk_samples(records, round(calibration.horizon / control_period))
    headline = ~samples.in_violation
    score, label, episode = samples.score[headline], samples.label[headline], samples.episode[headline]
    announced = np.interp(score, calibration.scores, calibration.probabilities)
    area = auroc(score, label)
    return {
        "horizon": calibration.horizon,
        "states": int(label.size),
        "auroc": None if np.isnan(area) else area,
        "expected_calibration_error": expected_calibration_error(announced, label),
        "bins": _bins(announced, label, episode),
    }


def _bins(announced: NDArray[np.float64], label: NDArray[np.bool_], episode: NDArray[np.intp]) -> list[dict[str, float]]:
    place = np.clip(np.searchsorted(EDGES, announced, side="right") - 1, 0, len(EDGES) - 2)
    shape = (int(episode.max()) + 1, len(EDGES) - 1)
    states, positives = np.zeros(shape), np.zeros(shape)
    np.add.at(states, (episode, place), 1)
    np.add.at(positives, (episode, place), label)
    draws = np.random.default_rng(0).multinomial(shape[0], np.full(shape[0], 1 / shape[0]), size=RESAMPLES)
    resampled_states = draws @ states
    with np.errstate(invalid="ignore"):
        shares = draws @ positives / resampled_states
    rows = []
    for index in np.flatnonzero(states.sum(0)):
        low, high = np.nanquantile(shares[:, index], (0.025, 0.975))
        rows.append(
            {
                "announced": float(announced[place == index].mean()),
                "observed": float(label[place == index].mean()),
                "low": float(low),
                "high": float(high),
                "states": int(states[:, index].sum()),
            }
        )
    return rows
