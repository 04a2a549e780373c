"""Scores become probabilities as `np.interp` makes them, bit for bit."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from alam_ros.policy_file.manifest import CalibrationSpec
from alam_ros.runtime.calibration import Calibration

number = st.floats(-1e3, 1e3, width=32)


@given(
    known=st.lists(number, min_size=1, max_size=9, unique=True).map(sorted),
    levels=st.lists(st.floats(0.0, 1.0), min_size=9, max_size=9).map(sorted),
    scores=st.lists(st.one_of(number, st.sampled_from((np.inf, -np.inf))), max_size=12),
)
def test_it_is_what_interp_says(known: list[float], levels: list[float], scores: list[float]) -> None:
    probabilities = levels[: len(known)]
    spec = CalibrationSpec(score="cost_value", horizon=1.0, scores=known, probabilities=probabilities, evidence={})
    asked = np.array([*scores, *known], np.float32)
    np.testing.assert_array_equal(Calibration(spec).probabilities(asked), np.interp(asked, known, probabilities))

    assert np.isnan(Calibration(spec).probabilities(np.array([np.nan], np.float32))).all()


def test_without_a_map_every_probability_is_nan() -> None:
    assert np.isnan(Calibration(None).probabilities(np.array([0.0, 1.0], np.float32))).all()
