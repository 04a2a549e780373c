"""A risk estimate reaches the gate with its numbers and with the age that its receiver sees."""

from __future__ import annotations

from types import SimpleNamespace

from alam_ros.gate import Risk
from alam_ros.onboard.risk_input import judged, risk_from
from alam_ros.onboard.stamps import StampScale

STAMP_NS = 1_700_000_000_123_456_789
NUMBERS = {
    "probability": 0.1,
    "cost_value": 0.2,
    "threshold": 0.3,
    "novelty": 0.4,
    "rest_probability": 0.5,
    "rest_cost_value": 0.6,
}


def test_an_estimate_of_a_past_observation_has_a_positive_age() -> None:
    scale = StampScale()
    assert risk_from(NUMBERS, STAMP_NS, scale, STAMP_NS + 400_000_000) == Risk(stamp=0.0, observation_age=0.4, **NUMBERS)
    assert risk_from(NUMBERS, STAMP_NS + 250_000_000, scale, STAMP_NS) == Risk(stamp=0.25, observation_age=-0.25, **NUMBERS)


def test_what_is_judged_of_an_estimate_are_its_own_numbers() -> None:
    assert judged(SimpleNamespace(**NUMBERS, level=2)) == NUMBERS
