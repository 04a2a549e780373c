"""All that `alam risk` says, also of episodes that say little."""

from __future__ import annotations

import json
from typing import Any

import gymnasium
import numpy as np
import pytest

from alam_ros.errors import ConfigurationError
from alam_ros.learning.agents import Assessment
from alam_ros.learning.evaluation import MIXED_NOISES, EpisodeRecord
from alam_ros.learning.seeds import MAX_EPISODES, RANGE, Purpose, first_seed
from alam_ros.learning.stepper import EnvironmentStepper
from alam_ros.report.figures.reliability import draw
from alam_ros.report.theme import LIGHT, png
from alam_ros.risk_evaluation.evaluation import RiskEvaluation, collect_episodes, evaluate_risk
from alam_ros.risk_evaluation.tables import risk_text
from alam_ros.typed import finite, to_mapping
from alam_sim.vector import in_processes
from tests.support.episodes import episode


class Indifferent:
    """An agent to which all states are alike."""

    threshold, cost_discount, certificate = 0.5, 0.9, "cost_value"

    def act(self, observation: np.ndarray, noise: np.ndarray | None = None) -> np.ndarray:
        return np.zeros((len(observation), 1), np.float32)

    def assess(self, observation: np.ndarray, action: np.ndarray) -> Assessment:
        return Assessment(*[np.zeros(len(observation), np.float32)] * 4)


class Brief(gymnasium.Env[np.ndarray, np.ndarray]):
    """Ends after one step, at no cost."""

    observation_space = action_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[np.ndarray, dict[str, Any]]:
        return np.zeros(1, np.float32), {"cost": 0.0}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        return np.zeros(1, np.float32), 0.0, True, False, {"cost": 0.0}


def evaluated(records: list[EpisodeRecord]) -> RiskEvaluation:
    kinds = {"deterministic": [episode([0, 0, 1, 0] * 5, clearance=np.arange(20))] * 2, "perturbed": records}
    return evaluate_risk(Indifferent(), kinds, headline=2, horizons=[1], stated_horizon=None, resamples=5)


def test_one_episode_of_a_kind_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least 2 episodes of each kind of action noise; found 1"):
        evaluated([episode([0, 0, 1, 0])])
    with pytest.raises(ConfigurationError, match="at least 2 episodes of each kind of action noise; found 1"):
        collect_episodes(Indifferent(), None, episodes=1, seed=0)  # before any is run


def test_episodes_are_other_ones_than_those_that_the_policy_is_evaluated_by() -> None:
    vector = in_processes([Brief])
    try:
        found = collect_episodes(Indifferent(), EnvironmentStepper(vector), episodes=2, seed=3)
    finally:
        vector.close(terminate=True)
    assert {name: len(records) for name, records in found.items()} == dict.fromkeys(MIXED_NOISES, 2)
    seeds = {record.seed for records in found.values() for record in records}
    assert len(seeds) == 6
    assert {seed // RANGE for seed in seeds} == {Purpose.EVALUATION}
    evaluations = first_seed(Purpose.EVALUATION, 3)
    assert not [seed for seed in seeds if 0 <= seed - evaluations < MAX_EPISODES]


def test_a_kind_whose_states_are_all_in_violation_has_no_figures_and_does_not_hide_the_other_one() -> None:
    found = evaluated([episode([1, 1, 1, 1], clearance=[0, 0, 0, 0])] * 2)
    assert found.by_noise["perturbed"].states == 0
    assert found.by_noise["deterministic"].scores["clearance"].auroc.value == 0.5
    assert "nan" in risk_text(found, 0.1).split("AUROC by kind of action")[1]
    assert risk_text(found, 0.1).endswith("nan: not to be had, for want of states before a violation or of others")
    document = json.loads(json.dumps(finite(to_mapping(found)), allow_nan=False))
    assert document["by_noise"]["perturbed"]["scores"]["clearance"]["auroc"] == {"value": None, "low": None, "high": None}


def test_an_area_by_lead_is_of_the_states_so_many_steps_ahead_and_those_before_nothing() -> None:
    kinds = {"deterministic": [episode([0, 0, 0, 0, 1, 0, 0, 0], cost_value=[1, 1, 1, 0, 2, 9, 1, 1])] * 2}
    found = evaluate_risk(Indifferent(), kinds, headline=2, horizons=[], stated_horizon=None, resamples=5)
    assert found.by_lead["cost_value"] == {1: 1.0, 2: 0.0}


def test_where_the_future_of_one_episode_only_is_known_there_are_no_figures_at_all() -> None:
    kinds = {"deterministic": [episode([0, 0, 1, 0]), episode([0])], "perturbed": [episode([0]), episode([0])]}
    found = evaluate_risk(Indifferent(), kinds, headline=2, horizons=[], stated_horizon=None, resamples=5)
    assert found.by_horizon[2].episodes == 1
    assert "nan [nan, nan]" in risk_text(found, 0.1)
    assert found.diagram == ("cost_value", [])
    assert png(draw(LIGHT, [], 0.2))
