"""Contents that do not fit together are refused, and the message names what does not."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alam_ros.errors import PolicyFileError
from alam_ros.policy_file import PolicyContents, archive, decode, encode
from alam_ros.policy_file.weights import encode_weights
from alam_ros.runtime import PolicyRuntime
from tests.support.policies import sample_policy

Change = Callable[[dict[str, Any], dict[str, Any]], object]
INFINITE = "1e999"
"""A number in JSON, as which Python reads infinity."""


def changed(change: Change, **options: Any) -> PolicyContents:
    contents = sample_policy(hidden=(4,), **options)
    manifest, weights = copy.deepcopy(dict(contents.manifest)), dict(contents.weights)
    change(manifest, weights)
    return PolicyContents(manifest, weights)


def unverified(contents: PolicyContents) -> bytes:
    """Return the file that some other program would write of the contents: its hashes are right, whatever it says."""
    weights = encode_weights(contents.weights)
    manifest = {**contents.manifest, "schema": 1, "sha256": {"weights.npz": hashlib.sha256(weights).hexdigest()}}
    document = re.sub(f'"(-?{INFINITE})"', r"\1", json.dumps(manifest))
    return archive.pack({"manifest.json": document.encode(), "weights.npz": weights})


def zeros(*shape: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.zeros(shape, dtype=np.float32)


WEIGHTS: dict[str, tuple[Change, str]] = {
    "absent layer": (lambda _, w: w.pop("actor.1.bias"), r"the weights `actor\.1\.bias`"),
    "absent network": (lambda m, _: m["networks"].pop("cost_critic_1"), r"networks\.cost_critic_1"),
    "unexpected array": (lambda _, w: w.update({"actor.2.weight": zeros(4, 4)}), r"also actor\.2\.weight"),
    "unexpected network": (lambda m, _: m["networks"].update(reward_critic={"layers": 2}), "reward_critic"),
    "actor's input": (lambda _, w: w.update({"actor.0.weight": zeros(4, 76)}), r"\(4, 77\)"),
    "actor's output": (lambda _, w: w.update({"actor.1.weight": zeros(2, 4)}), r"\(4, 4\)"),
    "critic's input": (lambda _, w: w.update({"cost_critic_1.0.weight": zeros(4, 77)}), r"\(4, 79\)"),
    "critic's output": (lambda _, w: w.update({"cost_critic_0.1.bias": zeros(2)}), r"cost_critic_0\.1\.bias"),
    "multiplier's output": (lambda _, w: w.update({"multiplier.1.weight": zeros(2, 4)}), r"multiplier\.1\.weight"),
    "layers that do not chain": (lambda _, w: w.update({"actor.1.weight": zeros(4, 5)}), r"\(4, 4\)"),
    "no layers": (lambda m, _: m["networks"]["actor"].update(layers=0), r"networks\.actor"),
    "endless layers": (lambda m, _: m["networks"]["actor"].update(layers=10**12), r"networks\.actor"),
    "double precision": (lambda _, w: w.update({"actor.0.bias": np.zeros(4)}), "float32"),
    "infinite weight": (lambda _, w: w.update({"actor.0.bias": zeros(4) + np.inf}), r"finite `actor\.0\.bias`"),
    "another activation": (lambda m, _: m["networks"]["actor"].update(activation="gelu"), r"networks\.actor\.activation"),
    "a contract of another size": (lambda m, _: m["contract"]["observation"][1].update(size=3), r"\(4, 78\)"),
    "a contract without channels": (lambda m, _: m["contract"].pop("observation"), "contract"),
    "a contract with an absurd size": (lambda m, _: m["contract"]["observation"][1].update(size=10**18), "1000000"),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_that_do_not_fit_are_refused(name: str) -> None:
    change, message = WEIGHTS[name]
    with pytest.raises(PolicyFileError, match=message):
        encode(changed(change))


MANIFEST: dict[str, tuple[Change, str]] = {
    "misspelt key": (lambda m, _: m.update(algoritm="sac"), "algoritm"),
    "absent key": (lambda m, _: m.pop("novelty"), "novelty"),
    "threshold": (lambda m, _: m["risk"].update(threshold="high"), r"risk\.threshold"),
    "threshold of nothing": (lambda m, _: m["risk"].update(threshold=0.0), r"`risk\.threshold` above 0; found 0\.0"),
    "discount": (lambda m, _: m["risk"].update(cost_discount=1.0), r"risk\.cost_discount"),
    "negative penalty": (lambda m, _: m["risk"].update(penalty_coefficient=-1.0), r"risk\.penalty_coefficient"),
    "two multipliers": (lambda m, _: m["risk"].update(multiplier=1.0), r"risk\.multiplier"),
    "falling probabilities": (lambda m, _: m["calibration"].update(probabilities=[0.0, 0.5, 0.4]), r"calibration\.probabilities"),
    "probability above 1": (lambda m, _: m["calibration"].update(probabilities=[0.0, 0.5, 1.1]), r"calibration\.probabilities"),
    "falling scores": (lambda m, _: m["calibration"].update(scores=[0.0, 2.0, 1.0]), r"calibration\.scores"),
    "uneven calibration": (lambda m, _: m["calibration"].update(scores=[0.0]), "1 and 3"),
    "no horizon": (lambda m, _: m["calibration"].update(horizon=0.0), r"calibration\.horizon"),
    "short novelty": (lambda m, _: m["novelty"].update(low=[0.0]), r"77 elements in `novelty\.low`"),
    "crossed novelty": (lambda m, _: m["novelty"]["low"].__setitem__(5, 2.0), r"\[5\]"),
    "no golden vectors": (lambda m, _: m.update(golden={key: [] for key in m["golden"]}), "golden"),
    "uneven golden vectors": (lambda m, _: m["golden"]["cost_values"].pop(), r"\(4, 3, 4\)"),
    "short golden action": (lambda m, _: m["golden"]["actions"][0].pop(), r"golden\.actions"),
    "an array": (lambda m, _: m["training"].update(curve=zeros(3)), "JSON"),
    "NaN": (lambda m, _: m["training"].update(loss=float("nan")), "JSON"),
}


@pytest.mark.parametrize("name", MANIFEST)
def test_manifests_that_do_not_fit_are_refused(name: str) -> None:
    change, message = MANIFEST[name]
    with pytest.raises(PolicyFileError, match=message):
        encode(changed(change))


NEVER_IN_A_FILE = {"double precision", "an array"}


@pytest.mark.parametrize("name", sorted((WEIGHTS | MANIFEST).keys() - NEVER_IN_A_FILE))
def test_a_file_that_another_program_wrote_is_refused_as_well(name: str) -> None:
    change, message = (WEIGHTS | MANIFEST)[name]
    with pytest.raises(PolicyFileError, match=message):
        decode(unverified(changed(change)))


INFINITIES: dict[str, tuple[Change, str]] = {
    "threshold": (lambda m, _: m["risk"].update(threshold=INFINITE), r"finite `risk\.threshold`"),
    "discount": (lambda m, _: m["risk"].update(cost_discount=INFINITE), r"risk\.cost_discount"),
    "penalty": (lambda m, _: m["risk"].update(penalty_coefficient=INFINITE), r"`risk\.penalty_coefficient` finite"),
    "largest multiplier": (lambda m, _: m["risk"].update(multiplier_max=INFINITE), r"`risk\.multiplier_max` finite"),
    "horizon": (lambda m, _: m["calibration"].update(horizon=INFINITE), r"calibration\.horizon"),
    "score": (lambda m, _: m["calibration"]["scores"].__setitem__(2, INFINITE), r"finite, increasing `calibration\.scores`"),
    "lower novelty": (lambda m, _: m["novelty"]["low"].__setitem__(5, f"-{INFINITE}"), r"finite `novelty\.low`"),
    "upper novelty": (lambda m, _: m["novelty"]["high"].__setitem__(5, INFINITE), r"finite `novelty\.high`"),
    "golden observation": (
        lambda m, _: m["golden"]["observations"][1].__setitem__(5, INFINITE),
        r"golden\.observations",
    ),
    "golden action": (lambda m, _: m["golden"]["actions"][1].__setitem__(1, INFINITE), r"golden\.actions"),
    "golden cost value": (lambda m, _: m["golden"]["cost_values"].__setitem__(1, INFINITE), "finite golden cost values"),
    "golden multiplier": (lambda m, _: m["golden"]["multipliers"].__setitem__(1, INFINITE), "finite golden cost values"),
    "golden risk score": (lambda m, _: m["golden"]["risk_scores"].__setitem__(1, INFINITE), "finite golden cost values"),
}


@pytest.mark.parametrize("name", INFINITIES)
def test_a_number_that_python_reads_as_infinity_is_refused(name: str) -> None:
    decode(unverified(changed(lambda *_: None, risk_network=True)))
    change, message = INFINITIES[name]
    with pytest.raises(PolicyFileError, match=message):
        decode(unverified(changed(change, risk_network=True)))


def test_a_policy_without_multiplier_network_needs_a_scalar() -> None:
    encode(changed(lambda *_: None, scalar_multiplier=0.5))
    with pytest.raises(PolicyFileError, match=r"risk\.multiplier"):
        encode(changed(lambda m, _: m["risk"].update(multiplier=None), scalar_multiplier=0.5))


RISK_NETWORK: dict[str, tuple[Change, str]] = {
    "input without the scores": (lambda _, w: w.update({"risk.0.weight": zeros(4, 79)}), r"\(4, 81\)"),
    "output": (lambda _, w: w.update({"risk.1.bias": zeros(2)}), r"risk\.1\.bias"),
    "no golden scores": (lambda m, _: m["golden"].update(risk_scores=None), "4 golden risk scores"),
    "a golden score too few": (lambda m, _: m["golden"]["risk_scores"].pop(), "4 golden risk scores"),
    "weights without a network": (lambda m, _: m["networks"].pop("risk"), r"also risk\.0\.bias"),
}


@pytest.mark.parametrize("name", RISK_NETWORK)
def test_a_risk_network_that_does_not_fit_is_refused(name: str) -> None:
    encode(changed(lambda *_: None, risk_network=True))
    change, message = RISK_NETWORK[name]
    with pytest.raises(PolicyFileError, match=message):
        encode(changed(change, risk_network=True))
    with pytest.raises(PolicyFileError, match=message):
        decode(unverified(changed(change, risk_network=True)))


def test_a_calibration_of_a_network_that_is_not_there_is_refused() -> None:
    with pytest.raises(PolicyFileError, match=r"networks\.risk"):
        encode(changed(lambda m, _: m["calibration"].update(score="risk_network")))


def test_files_written_before_there_were_risk_networks_are_read() -> None:
    def without(manifest: dict[str, Any], _: dict[str, Any]) -> None:
        manifest["networks"].pop("risk", None)
        manifest["golden"].pop("risk_scores")

    decode(encode(changed(without)))


def test_golden_scores_of_no_network_are_none(tmp_path: Path) -> None:
    policy = tmp_path / "policy.alam"
    policy.write_bytes(encode(changed(lambda m, _: m["golden"].update(risk_scores=[]))))
    PolicyRuntime.load(policy)


def test_a_policy_without_calibration_is_allowed() -> None:
    encode(changed(lambda *_: None, calibration=None))
