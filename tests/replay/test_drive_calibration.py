"""Announced against observed risk on drives made by hand."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, cast

import numpy as np
import pytest

from alam_ros.onboard.estimator import Estimate
from alam_ros.onboard.stamps import SECOND_NS
from alam_ros.replay.calibration import calibration_of
from alam_ros.replay.hazard import Hazard
from alam_ros.replay.policy_pass import Answer

HORIZON_S = 1.0


def estimate(probability: float) -> Estimate:
    numbers: dict[str, Any] = {field.name: 0 for field in fields(Estimate)}
    return Estimate(**{**numbers, "probability": probability, "horizon": HORIZON_S})


def drive(seconds: float) -> tuple[list[Answer], Hazard]:
    """Ten estimates a second, 0.25 each, and a violation every four seconds, which one in four states precedes by a second."""
    times = (np.arange(0.0, seconds, 0.1) * SECOND_NS).astype(np.int64)
    is_hazard = np.arange(times.size) % 40 == 39
    answers = [Answer(int(time), int(time), estimate(0.25), cast("Any", None)) for time in times]
    return answers, Hazard("the cost", is_cost=True, times_ns=times, is_hazard=is_hazard, windows=[])


def test_what_came_true_is_counted() -> None:
    found = calibration_of(*drive(40.0))
    assert found is not None
    assert found.announced == pytest.approx(0.25)
    assert found.observed == pytest.approx(0.25, abs=0.02)
    assert found.bins
    assert all(one["low"] <= one["observed"] <= one["high"] for one in found.bins)


def test_a_drive_of_one_block_has_no_intervals_and_no_diagram() -> None:
    found = calibration_of(*drive(7.0))
    assert found is not None
    assert found.states > 0
    assert found.bins == []


def test_states_in_violation_are_not_judged() -> None:
    answers, hazard = drive(9.0)  # with violations at 3.9 and 7.9 s
    lasting = replace(hazard, is_hazard=hazard.is_hazard | np.roll(hazard.is_hazard, 1))
    found = calibration_of(answers, lasting)
    assert found is not None
    assert found.states == 77  # of 80 up to 7.9 s
    assert found.violations == 20  # the ten before each


def test_states_whose_horizon_the_recording_cuts_are_not_judged_though_a_violation_follows() -> None:
    found = calibration_of(*drive(4.2))  # to 4.1 s, with a violation at 3.9 s
    assert found is not None
    assert found.states == 32
    assert found.violations == 3  # 2.9, 3.0 and 3.1 s
