"""A loaded policy acts, judges any action, and refuses what it cannot judge."""

from __future__ import annotations

import copy
import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alam_ros.errors import ObservationError, PolicyFileError
from alam_ros.policy_file import PolicyContents, policy_id
from alam_ros.runtime import PolicyRuntime
from tests.support.policies import CALIBRATION, sample_policy, write_sample_policy

OBSERVATION = np.linspace(-0.9, 0.9, 77, dtype=np.float32)
ACTION = np.array([0.2, -0.7], dtype=np.float32)


def altered(**changes: Any) -> PolicyContents:
    contents = sample_policy()
    return PolicyContents({**copy.deepcopy(dict(contents.manifest)), "schema": 1, "sha256": {}, **changes}, contents.weights)


def runtime(**changes: Any) -> PolicyRuntime:
    return PolicyRuntime(altered(**changes), "test")


def altered_risk_network() -> PolicyContents:
    contents = sample_policy(risk_network=True)
    return PolicyContents({**copy.deepcopy(dict(contents.manifest)), "schema": 1, "sha256": {}}, contents.weights)


RUNTIME = runtime()
NARROW = runtime(novelty={"low": [-0.25] * 77, "high": [0.25] * 77})


def test_a_file_is_loaded_and_named_by_its_hash(tmp_path: Path) -> None:
    path = write_sample_policy(tmp_path / "policy.alam")
    loaded = PolicyRuntime.load(path)
    assert loaded.policy_id == policy_id(path.read_bytes())
    np.testing.assert_array_equal(loaded.act(OBSERVATION), RUNTIME.act(OBSERVATION))
    assert loaded.risk(OBSERVATION, ACTION) == RUNTIME.risk(OBSERVATION, ACTION)


@pytest.mark.parametrize("key", ["actions", "cost_values", "multipliers", "risk_scores"])
def test_golden_vectors_that_are_not_reproduced_are_refused(key: str) -> None:
    contents = sample_policy(risk_network=True)
    manifest = {**copy.deepcopy(dict(contents.manifest)), "schema": 1, "sha256": {}}
    PolicyRuntime(PolicyContents(manifest, contents.weights), "test")
    values = np.array(manifest["golden"][key])
    values.flat[0] += 1e-4
    manifest["golden"][key] = values.tolist()
    with pytest.raises(PolicyFileError, match=rf"golden `{key}`.*differences up to 0\.0001"):
        PolicyRuntime(PolicyContents(manifest, contents.weights), "test")


def test_golden_vectors_within_rounding_are_accepted() -> None:
    golden = copy.deepcopy(sample_policy().manifest["golden"])
    golden["cost_values"][0] += 5e-6
    runtime(golden=golden)


def test_a_contract_that_is_not_valid_is_refused() -> None:
    contract = copy.deepcopy(sample_policy().manifest["contract"])
    contract["trigger"] = "camera"
    with pytest.raises(PolicyFileError, match="camera"):
        runtime(contract=contract)


@pytest.mark.parametrize("shape", [(76,), (78,), (1, 77), ()])
def test_an_observation_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ObservationError, match=r"shape \(77,\)"):
        RUNTIME.act(np.zeros(shape))


@given(index=st.integers(0, 76), value=st.sampled_from([math.nan, math.inf, -math.inf]))
def test_an_observation_that_is_not_finite_names_its_channel(index: int, value: float) -> None:
    observation = OBSERVATION.copy()
    observation[index] = value
    channel = "scan" if index < 72 else "velocity" if index < 74 else "goal"
    for ask in (RUNTIME.act, lambda state: RUNTIME.risk(state, ACTION)):
        with pytest.raises(ObservationError, match=f"channel `{channel}`"):
            ask(observation)


@pytest.mark.parametrize("action", [[0.0], [0.0, math.nan], [[0.0, 0.0]]])
def test_an_action_that_cannot_be_judged_is_refused(action: Any) -> None:
    with pytest.raises(ObservationError, match=r"linear\.x"):
        RUNTIME.risk(OBSERVATION, action)


@given(seed=st.integers(0, 10_000), reach=st.sampled_from([0.0, 0.5, 1.0]))
def test_scores_keep_their_promises(seed: int, reach: float) -> None:
    generator = np.random.default_rng(seed)
    state, action = generator.uniform(-reach, reach, 77), generator.uniform(-1.0, 1.0, 2)
    acted = RUNTIME.act(state)
    assert acted.dtype == np.float32
    assert (np.abs(acted) <= 1.0).all()
    scores = RUNTIME.risk(state, action)
    assert 0.0 <= scores.probability <= 1.0
    assert scores.horizon == 2.5
    assert scores.margin == scores.threshold - scores.cost_value
    assert scores.multiplier >= 0.0
    assert scores.effective_multiplier == pytest.approx(max(scores.multiplier - 5.0 * scores.margin, 0.0))
    assert scores.novelty == 0.0


def test_actions_judged_together_are_judged_as_one_by_one() -> None:
    judge = PolicyRuntime(altered_risk_network(), "test")
    others = np.array([[0.2, -0.7], [0.0, 0.0], [1.0, 1.0]], np.float32)
    excess = np.zeros(77, np.float32)
    excess[3] = 2.0
    seen = judge.see(OBSERVATION, excess)
    np.testing.assert_array_equal(seen.action, judge.act(OBSERVATION))
    actions = np.vstack((others, seen.action))
    judged = judge.judge(seen, actions)
    for index, action in enumerate(actions):
        found, expected = judge.scores(seen, judged, index), judge.risk(OBSERVATION, action, excess)
        assert dataclasses.astuple(found) == pytest.approx(dataclasses.astuple(expected), rel=1e-5)
    assert len(set(judged.cost_values)) == 4


def test_an_observation_seen_before_another_is_still_the_one_judged_in() -> None:
    seen = RUNTIME.see(OBSERVATION)
    expected = RUNTIME.judge(seen, ACTION[None])
    for distract in (RUNTIME.see, RUNTIME.act, RUNTIME.distribution):
        distract(-OBSERVATION)
        assert RUNTIME.judge(seen, ACTION[None]) == expected


def test_the_probability_follows_the_breakpoints_and_is_constant_beyond() -> None:
    value = RUNTIME.risk(OBSERVATION, ACTION).cost_value
    calibration = {**CALIBRATION, "scores": [value - 1.0, value + 1.0], "probabilities": [0.2, 0.6]}
    assert runtime(calibration=calibration).risk(OBSERVATION, ACTION).probability == pytest.approx(0.4)
    for scores, expected in (([value + 1, value + 2], 0.2), ([value - 2, value - 1], 0.6)):
        assert runtime(calibration={**calibration, "scores": scores}).risk(OBSERVATION, ACTION).probability == expected


def test_a_risk_network_sees_observation_action_cost_value_and_multiplier() -> None:
    contents = sample_policy(risk_network=True, hidden=(8,))
    weights = dict(contents.weights)
    manifest = {**contents.manifest, "schema": 1, "sha256": {}}
    judge = PolicyRuntime(PolicyContents(manifest, weights), "test")
    scores = judge.risk(OBSERVATION, ACTION)
    row = np.concatenate((OBSERVATION, ACTION, [scores.cost_value, scores.multiplier]))
    hidden = np.maximum(weights["risk.0.weight"] @ row + weights["risk.0.bias"], 0.0)
    value = float(weights["risk.1.weight"][0] @ hidden + weights["risk.1.bias"][0])
    assert scores.probability == pytest.approx(np.interp(value, CALIBRATION["scores"], CALIBRATION["probabilities"]), abs=1e-5)
    assert 0.0 < scores.probability < 1.0


def test_without_calibration_nothing_is_claimed() -> None:
    scores = runtime(calibration=None).risk(OBSERVATION, ACTION)
    assert math.isnan(scores.probability)
    assert math.isnan(scores.horizon)
    assert math.isfinite(scores.cost_value)


@given(index=st.integers(0, 76), distance=st.floats(0.0, 5.0), side=st.sampled_from([-1.0, 1.0]))
def test_novelty_is_the_largest_distance_in_ranges_of_training(index: int, distance: float, side: float) -> None:
    observation = np.zeros(77, dtype=np.float32)
    observation[index] = side * (0.25 + 0.5 * distance)
    assert NARROW.risk(observation, ACTION).novelty == pytest.approx(distance, abs=1e-5)


def test_an_element_that_never_moved_in_training_is_measured_against_a_narrow_range() -> None:
    judge = runtime(novelty={"low": [0.0] * 77, "high": [0.0] * 77})
    observation = np.zeros(77, dtype=np.float32)
    assert judge.risk(observation, ACTION).novelty == 0.0
    observation[3] = 0.02
    assert judge.risk(observation, ACTION).novelty == pytest.approx(2.0)
