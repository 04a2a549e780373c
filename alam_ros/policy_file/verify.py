"""Cross-checks between the manifest, the contract's sizes and the weights.

They run before writing and after reading, so that no file exists that could not be loaded.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from alam_ros.errors import PolicyFileError
from alam_ros.policy_file.manifest import CalibrationSpec, GoldenSpec, Manifest, NetworkSpec, NoveltySpec, RiskSpec
from alam_ros.policy_file.sizes import Sizes, contract_sizes
from alam_ros.policy_file.weights import DTYPE, Weights

REMEDY = "export the policy again"
RISK_SCORES = 2
"""Elements of the risk network's input after observation and action: Q_c and λ̄."""


def verify(manifest: Manifest, weights: Weights) -> None:
    """Check that everything fits together.

    Raises:
        PolicyFileError: naming the first thing that does not.
    """
    sizes = contract_sizes(manifest.contract)
    _verify_weights(manifest, weights, sizes)
    _verify_risk(manifest.risk, has_network=manifest.networks.multiplier is not None)
    has_risk_network = manifest.networks.risk is not None
    if manifest.calibration is not None:
        _verify_calibration(manifest.calibration, has_risk_network=has_risk_network)
    _verify_novelty(manifest.novelty, sizes)
    _verify_golden(manifest.golden, sizes, has_risk_network=has_risk_network)


def _verify_weights(manifest: Manifest, weights: Weights, sizes: Sizes) -> None:
    ends = {
        "actor": (sizes.observation, 2 * sizes.action),
        "cost_critic_0": (sizes.observation + sizes.action, 1),
        "cost_critic_1": (sizes.observation + sizes.action, 1),
        "multiplier": (sizes.observation, 1),
        "risk": (sizes.observation + sizes.action + RISK_SCORES, 1),
    }
    expected: set[str] = set()
    for name, spec in manifest.networks.named():
        expected |= _verify_network(name, spec, weights, *ends[name])
    unexpected = sorted(set(weights) - expected)
    _require(not unexpected, "weights of the manifest's networks only", f"also {', '.join(unexpected)}")


def _verify_network(name: str, spec: NetworkSpec, weights: Weights, inputs: int, outputs: int) -> set[str]:
    """Follow one network from its inputs to its outputs and return the names of its arrays."""
    _require(1 <= spec.layers <= len(weights), f"1 or more layers in `networks.{name}`, all with weights", f"{spec.layers}")
    names = set()
    for layer in range(spec.layers):
        weight, bias = f"{name}.{layer}.weight", f"{name}.{layer}.bias"
        for array in (weight, bias):
            _verify_array(array, weights)
        shape = weights[weight].shape
        width = outputs if layer == spec.layers - 1 else shape[0]
        _require(shape == (width, inputs), f"`{weight}` of shape {(width, inputs)} to fit the contract", f"{shape}")
        _require(weights[bias].shape == (width,), f"`{bias}` of shape {(width,)}", f"{weights[bias].shape}")
        names |= {weight, bias}
        inputs = width
    return names


def _verify_array(name: str, weights: Weights) -> None:
    _require(name in weights, f"the weights `{name}`", f"only {', '.join(sorted(weights))}")
    array = weights[name]
    _require(array.dtype == DTYPE, f"`{name}` in float32", f"{array.dtype}")
    _require(
        array.size > 0 and array.ndim == (2 if name.endswith("weight") else 1), f"`{name}` not empty", f"shape {array.shape}"
    )
    _require(bool(np.isfinite(array).all()), f"finite `{name}`", f"{np.count_nonzero(~np.isfinite(array))} values that are not")


def _verify_risk(risk: RiskSpec, *, has_network: bool) -> None:
    _require(0.0 < risk.threshold < math.inf, "a finite `risk.threshold` above 0", f"{risk.threshold}")
    _require(0.0 <= risk.cost_discount < 1.0, "`risk.cost_discount` in [0, 1)", f"{risk.cost_discount}")
    for name in ("penalty_coefficient", "multiplier_max"):
        value = getattr(risk, name)
        _require(0.0 <= value < math.inf, f"`risk.{name}` finite and not negative", f"{value}")
    if has_network:
        _require(risk.multiplier is None, "no `risk.multiplier` beside a multiplier network", f"{risk.multiplier}")
    else:
        is_valid = risk.multiplier is not None and 0.0 <= risk.multiplier < math.inf
        _require(is_valid, "`risk.multiplier` of at least 0, for want of a multiplier network", f"{risk.multiplier}")


def _verify_calibration(calibration: CalibrationSpec, *, has_risk_network: bool) -> None:
    scores, probabilities = calibration.scores, calibration.probabilities
    needs_risk_network = calibration.score == "risk_network"
    _require(has_risk_network or not needs_risk_network, "`networks.risk`, which the calibration maps", "none")
    _require(0.0 < calibration.horizon < math.inf, "`calibration.horizon` above 0 s", f"{calibration.horizon}")
    _require(
        0 < len(scores) == len(probabilities),
        "as many `calibration.scores` as `calibration.probabilities`, at least one",
        f"{len(scores)} and {len(probabilities)}",
    )
    _require(_is_increasing(scores), "finite, increasing `calibration.scores`", f"{scores}")
    is_probability = all(0.0 <= value <= 1.0 for value in probabilities)
    _require(
        is_probability and _is_increasing(probabilities), "increasing `calibration.probabilities` in [0, 1]", f"{probabilities}"
    )


def _verify_novelty(novelty: NoveltySpec, sizes: Sizes) -> None:
    for name, values in (("low", novelty.low), ("high", novelty.high)):
        _require(len(values) == sizes.observation, f"{sizes.observation} elements in `novelty.{name}`", f"{len(values)}")
        _require(_is_finite(values), f"finite `novelty.{name}`", f"{values}")
    crossed = [index for index, (low, high) in enumerate(zip(novelty.low, novelty.high, strict=True)) if low > high]
    _require(not crossed, "`novelty.low` below `novelty.high`", f"the elements {crossed} crossed")


def _verify_golden(golden: GoldenSpec, sizes: Sizes, *, has_risk_network: bool) -> None:
    count = len(golden.observations)
    _require(count > 0, "at least one golden vector", "none")
    lengths = (len(golden.actions), len(golden.cost_values), len(golden.multipliers))
    _require(lengths == (count,) * 3, f"{count} golden actions, cost values and multipliers", f"{lengths}")
    for name, vectors, size in (
        ("observations", golden.observations, sizes.observation),
        ("actions", golden.actions, sizes.action),
    ):
        is_valid = all(len(vector) == size and _is_finite(vector) for vector in vectors)
        _require(is_valid, f"{size} finite numbers in each of `golden.{name}`", f"lengths {[len(vector) for vector in vectors]}")
    risk_scores = golden.risk_scores or ()
    expected = count if has_risk_network else 0
    _require(len(risk_scores) == expected, f"{expected} golden risk scores beside {count} observations", f"{len(risk_scores)}")
    numbers = (*golden.cost_values, *golden.multipliers, *risk_scores)
    _require(_is_finite(numbers), "finite golden cost values, multipliers and risk scores", "NaN or infinity")


def _is_finite(values: Iterable[float]) -> bool:
    return all(map(math.isfinite, values))


def _is_increasing(values: Sequence[float]) -> bool:
    """Say whether the values are finite and none is below its predecessor."""
    return _is_finite(values) and all(left <= right for left, right in pairwise(values))


def _require(condition: bool, expected: str, found: str) -> None:
    if not condition:
        raise PolicyFileError(expected, found, REMEDY)
