"""The bins of the reliability diagram."""

from __future__ import annotations

import numpy as np
import pytest

from alam_ros.risk_evaluation.diagram import diagram_bins


def test_bins_hold_what_was_announced_and_observed() -> None:
    announced = np.repeat([0.001, 0.15, 1.0], 40)
    label = np.concatenate((np.zeros(40, bool), np.arange(40) % 4 == 0, np.ones(40, bool)))
    bins = diagram_bins(announced, label, np.tile(np.arange(8), 15))
    assert [one.states for one in bins] == [40, 40, 40]
    assert [one.announced for one in bins] == pytest.approx([0.001, 0.15, 1.0])
    assert [one.observed for one in bins] == pytest.approx([0.0, 0.25, 1.0])
    assert bins[1].low < 0.25 < bins[1].high
    assert (bins[0].low, bins[0].high, bins[2].low) == (0.0, 0.0, 1.0)
