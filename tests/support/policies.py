"""Policy files with random weights, valid in every other respect."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract import ActionCodec, Contract
from alam_ros.policy_file import PolicyContents, write_policy
from alam_ros.policy_file.manifest import RiskSpec
from alam_ros.runtime import PolicyNetworks, PolicyRuntime, RiskScores, golden_vectors

Weights = dict[str, NDArray[np.float32]]
CALIBRATION: dict[str, Any] = {
    "score": "cost_value",
    "horizon": 2.5,
    "scores": [-1.0, 0.0, 1.0],
    "probabilities": [0.0, 0.25, 1.0],
    "evidence": {"episodes": 0},
}


def answer(runtime: PolicyRuntime, observation: NDArray[np.float32]) -> tuple[NDArray[np.float32], RiskScores, RiskScores]:
    """Return what a policy node makes of an observation, bit for bit: action, its scores and those of rest."""
    actions = ActionCodec(runtime.contract.action).to_normalised(np.zeros((2, runtime.contract.action_size)))
    seen = runtime.see(observation)
    actions[1] = seen.action
    judged = runtime.judge(seen, actions)
    return seen.action, runtime.scores(seen, judged, 1), runtime.scores(seen, judged, 0)


def navigation_contract() -> Contract:
    """Return a contract like the navigation task's."""
    return Contract.load(Path(__file__).with_name("robot.yaml"))


def sample_policy(
    *,
    contract: Contract | None = None,
    seed: int = 0,
    hidden: tuple[int, ...] = (32, 32),
    calibration: dict[str, Any] | None = CALIBRATION,
    scalar_multiplier: float | None = None,
    novelty: tuple[float, float] = (-1.0, 1.0),
    risk_network: bool = False,
) -> PolicyContents:
    """Return the contents of a policy with random weights.

    Args:
        contract: `navigation_contract()` by default.
        seed: of the weights.
        hidden: widths of the hidden layers.
        calibration: the manifest's, or None for a policy without.
        scalar_multiplier: for a policy without a multiplier network.
        novelty: training range of each element of the observation.
        risk_network: whether the probability comes from a risk network instead of the cost value.
    """
    contract = contract or navigation_contract()
    generator = np.random.default_rng(seed)
    observation, action = contract.observation_size, contract.action_size
    ends = {
        "actor": (observation, 2 * action),
        "cost_critic_0": (observation + action, 1),
        "cost_critic_1": (observation + action, 1),
    }
    if scalar_multiplier is None:
        ends["multiplier"] = (observation, 1)
    if risk_network:
        ends["risk"] = (observation + action + 2, 1)
        calibration = {**CALIBRATION, "score": "risk_network"}
    weights: Weights = {}
    for name, (inputs, outputs) in ends.items():
        weights.update(_network(generator, name, (inputs, *hidden, outputs)))
    risk = {
        "threshold": 0.2,
        "cost_discount": 0.97,
        "penalty_coefficient": 5.0,
        "multiplier_max": 50.0,
        "multiplier": scalar_multiplier,
    }
    observations = generator.uniform(-1.0, 1.0, (4, observation)).astype(np.float32)
    spec = {"layers": len(hidden) + 1, "activation": "relu"}
    manifest = {
        "algorithm": "sac_alam" if scalar_multiplier is None else "sac_lag",
        "configuration": {"seed": seed},
        "contract": contract.to_mapping(),
        "networks": {**dict.fromkeys(ends, spec), **({} if "multiplier" in ends else {"multiplier": None})},
        "risk": risk,
        "calibration": calibration,
        "novelty": {"low": [novelty[0]] * observation, "high": [novelty[1]] * observation},
        "training": {"steps": 0},
        "libraries": {"numpy": np.__version__},
        "golden": golden_vectors(PolicyNetworks(weights, RiskSpec(**risk)), observations),
    }
    return PolicyContents(manifest, weights)


def write_sample_policy(path: Path, **options: Any) -> Path:
    """Write `sample_policy(**options)` and return the path."""
    write_policy(path, sample_policy(**options))
    return path


def _network(generator: np.random.Generator, name: str, widths: tuple[int, ...]) -> Weights:
    weights: Weights = {}
    for layer, (inputs, outputs) in enumerate(pairwise(widths)):
        weight = generator.normal(0.0, inputs**-0.5, (outputs, inputs))
        weights[f"{name}.{layer}.weight"] = weight.astype(np.float32)
        weights[f"{name}.{layer}.bias"] = generator.normal(0.0, 0.1, outputs).astype(np.float32)
    return weights
