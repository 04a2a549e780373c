"""The NumPy networks compute what their definition says; the reference is written out in float64."""

from __future__ import annotations

import math
import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alam_ros.policy_file.manifest import RiskSpec
from alam_ros.runtime import PolicyNetworks
from alam_ros.runtime.mlp import FEW_ROWS
from alam_ros.runtime.networks import softplus
from tests.support.policies import Weights, sample_policy

CONTENTS = sample_policy(hidden=(64, 64))
NETWORKS = PolicyNetworks(CONTENTS.weights, RiskSpec(**CONTENTS.manifest["risk"]))


def reference(name: str, vector: np.ndarray, weights: Weights = CONTENTS.weights) -> np.ndarray:
    """Evaluate a network of two hidden layers in float64."""
    w: Weights = {key: value.astype(np.float64) for key, value in weights.items()}  # type: ignore[misc]
    hidden = np.maximum(w[f"{name}.0.weight"] @ vector + w[f"{name}.0.bias"], 0.0)
    hidden = np.maximum(w[f"{name}.1.weight"] @ hidden + w[f"{name}.1.bias"], 0.0)
    return w[f"{name}.2.weight"] @ hidden + w[f"{name}.2.bias"]


def random_pair(seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    return generator.uniform(-1, 1, 77).astype(np.float32), generator.uniform(-1, 1, 2).astype(np.float32)


@given(seed=st.integers(0, 10_000))
def test_the_networks_agree_with_float64(seed: int) -> None:
    observation, action = random_pair(seed)
    pair = np.concatenate((observation, action)).astype(np.float64)
    np.testing.assert_allclose(NETWORKS.action(observation), np.tanh(reference("actor", observation)[:2]), atol=1e-5)
    twins = [reference(f"cost_critic_{twin}", pair)[0] for twin in (0, 1)]
    assert NETWORKS.cost_value(observation, action) == pytest.approx(max(twins), abs=1e-5)
    assert NETWORKS.multiplier(observation) == pytest.approx(
        math.log1p(math.exp(reference("multiplier", observation)[0])), abs=1e-5
    )


@pytest.mark.parametrize("count", [1, 2, FEW_ROWS, FEW_ROWS + 1, 12])
def test_any_number_of_actions_is_judged_each_for_itself(count: int) -> None:
    observation, _ = random_pair(count)
    actions = np.random.default_rng(count).uniform(-1, 1, (count, 2)).astype(np.float32)
    contents = sample_policy(hidden=(64, 64), risk_network=True)
    networks = PolicyNetworks(contents.weights, RiskSpec(**contents.manifest["risk"]))
    networks.see(observation)
    costs, scores = (values.copy() for values in networks.judge(actions, 0.5))
    assert len(set(costs.tolist())) == len(set(scores.tolist())) == count
    for action, cost, score in zip(actions, costs, scores, strict=True):
        pair = np.concatenate((observation, action)).astype(np.float64)
        twins = [reference(f"cost_critic_{twin}", pair, contents.weights)[0] for twin in (0, 1)]
        assert cost == pytest.approx(max(twins), abs=1e-5)
        judged = np.concatenate((pair, (cost, 0.5)))
        assert score == pytest.approx(reference("risk", judged, contents.weights)[0], abs=1e-5)


def test_the_action_leaves_out_the_standard_deviation() -> None:
    observation, _ = random_pair(0)
    weights = dict(CONTENTS.weights)
    weights["actor.2.weight"] = weights["actor.2.weight"].copy()
    weights["actor.2.weight"][2:] += 1.0
    other = PolicyNetworks(weights, RiskSpec(**CONTENTS.manifest["risk"]))
    np.testing.assert_array_equal(other.action(observation), NETWORKS.action(observation))


def test_results_survive_the_next_call() -> None:
    first, _ = random_pair(1)
    second, _ = random_pair(2)
    action = NETWORKS.action(first)
    before = action.copy()
    NETWORKS.action(second)
    np.testing.assert_array_equal(action, before)


def test_forward_passes_allocate_no_arrays_once_their_buffers_are_made() -> None:
    contents = sample_policy(hidden=(1024, 1024), risk_network=True)
    networks = PolicyNetworks(contents.weights, RiskSpec(**contents.manifest["risk"]))
    observation, action = random_pair(3)
    actions = np.stack((action, -action))

    def ask() -> None:
        networks.see(observation)
        networks.act()
        networks.judge(actions, networks.seen_multiplier())

    ask()
    tracemalloc.start()
    ask()
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    ask()
    after, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak - before < 1024, "less than a quarter of one hidden layer of one action: the action itself, views and numbers"
    assert after <= before


def test_forward_passes_leave_no_blocks_behind() -> None:
    observation, action = random_pair(3)

    def blocks_after(calls: int) -> int:
        for _ in range(calls):
            NETWORKS.see(observation)
            NETWORKS.act()
            NETWORKS.judge(action[None], NETWORKS.seen_multiplier())
        return sys.getallocatedblocks()

    blocks_after(100)
    assert abs(blocks_after(1000) - blocks_after(1000)) < 10


def test_the_multiplier_is_capped() -> None:
    observation, _ = random_pair(4)
    uncapped = NETWORKS.multiplier(observation)
    risk = RiskSpec(**{**CONTENTS.manifest["risk"], "multiplier_max": uncapped / 2})
    assert PolicyNetworks(CONTENTS.weights, risk).multiplier(observation) == uncapped / 2


def test_without_a_multiplier_network_the_scalar_is_the_multiplier() -> None:
    contents = sample_policy(scalar_multiplier=3.5)
    networks = PolicyNetworks(contents.weights, RiskSpec(**contents.manifest["risk"]))
    assert networks.multiplier(random_pair(5)[0]) == 3.5


@pytest.mark.parametrize(
    ("value", "expected"), [(0.0, math.log(2.0)), (-3.0, math.log1p(math.exp(-3.0))), (1000.0, 1000.0), (-1000.0, 0.0)]
)
def test_softplus_neither_overflows_nor_goes_negative(value: float, expected: float) -> None:
    assert softplus(value) == pytest.approx(expected, rel=1e-12)
    assert softplus(sys.float_info.max) == sys.float_info.max
