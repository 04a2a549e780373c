"""From recorded episodes to a calibrated probability of a violation: which score, and its map (docs/risk.md)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alam_ros.errors import ConfigurationError
from alam_ros.learning.calibration import FittedCalibration, fit_calibration
from alam_ros.learning.evaluation import EpisodeRecord
from alam_ros.learning.futures import futures
from alam_ros.learning.risk_network import STEPS, RiskNetwork, fit_risk_network, risk_inputs

LEAST_EPISODES = 30
LEAST_VIOLATED = 10
"""Episodes, and episodes with a state before a violation, below which no network is trained: it would learn them by heart."""
HELD_OUT = 3
"""Every third episode is kept from the network, for the map and its evidence."""
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RiskModel:
    """What a policy file says of risk.

    Attributes:
        network: None where the map is of Q_c.
        calibration: None where the episodes admit none.
    """

    network: RiskNetwork | None
    calibration: FittedCalibration | None


def fit_risk_model(records: Sequence[EpisodeRecord], horizon: int, *, seed: int, steps: int = STEPS) -> RiskModel:
    """Train a risk network on two thirds of the episodes and calibrate it on the rest, or calibrate Q_c on all of them.

    Q_c serves where there are too few episodes or violations to train on, or where the network ranks the states of the held-out
    episodes no better than it. Where none or all of the states have a violation ahead there is no calibration, with a warning.

    Args:
        records: episodes of the final policy, with every kind of action noise.
        horizon: H, control steps.
        seed: of the training.
        steps: of the training, gradient steps.
    """
    try:
        cost_value = _calibrated(None, records, horizon)
    except ConfigurationError as error:
        logger.warning("no calibrated probability: %s", error)
        return RiskModel(None, None)
    return _by_network(records, horizon, seed, steps) or RiskModel(None, cost_value)


def _by_network(records: Sequence[EpisodeRecord], horizon: int, seed: int, steps: int) -> RiskModel | None:
    """Return the model by a network; None where one cannot be trained or held against Q_c, or ranks no better."""
    training = [record for index, record in enumerate(records) if index % HELD_OUT]
    held_out = records[::HELD_OUT]
    if len(records) < LEAST_EPISODES or _violated(training, horizon) < LEAST_VIOLATED:
        return None
    try:
        by_cost_value = _calibrated(None, held_out, horizon)
        network = fit_risk_network(training, futures(training), horizon, seed=seed, steps=steps)
        by_network = _calibrated(network, held_out, horizon)
    except ConfigurationError:  # too little happens in the episodes that were held out
        return None
    return RiskModel(network, by_network) if by_network.evidence.auroc > by_cost_value.evidence.auroc else None


def _calibrated(network: RiskNetwork | None, records: Sequence[EpisodeRecord], horizon: int) -> FittedCalibration:
    score = network(risk_inputs(records)) if network else np.concatenate([record.cost_value for record in records])
    return fit_calibration(score.astype(np.float64), futures(records), horizon)


def _violated(records: Sequence[EpisodeRecord], horizon: int) -> int:
    """Return in how many episodes a state that is not in violation precedes one that is."""
    what_followed = futures(records)
    ahead = what_followed.headline(horizon) & what_followed.label(horizon)
    return int(np.unique(what_followed.episode[ahead]).size)
