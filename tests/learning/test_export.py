"""A run becomes a policy file that says in NumPy what the learner says in torch."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from onnx.reference import ReferenceEvaluator

from alam_ros.errors import CheckpointError, ContractError
from alam_ros.learning.agents import LearnerAgent, PolicyAgent
from alam_ros.learning.checkpoint import CheckpointStore
from alam_ros.learning.config import training_config
from alam_ros.learning.divergence import DivergenceError
from alam_ros.learning.export import export
from alam_ros.learning.onnx_export import export_onnx
from alam_ros.learning.restore import restore_run
from alam_ros.learning.run_directory import RunDirectory
from alam_ros.learning.seeds import RANGE, Purpose
from alam_ros.learning.trainer import Trainer
from alam_ros.runtime import PolicyRuntime
from alam_sim.vector import make_vector
from tests.learning.simulators import Simulators
from tests.support.policies import CALIBRATION, write_sample_policy
from tests.support.training import tiny_config, tiny_mapping


def trained(directory: Path, name: str, **algorithm: Any) -> RunDirectory:
    with Trainer(tiny_config(directory, {"name": name, **algorithm}), make_environments=make_vector) as trainer:
        trainer.run()
    return RunDirectory(directory)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    return trained(tmp_path_factory.mktemp("runs") / "alam", "sac_alam")


@pytest.fixture(scope="module")
def simulators() -> Simulators:
    return Simulators()


@pytest.fixture(scope="module")
def runtime(run: RunDirectory, simulators: Simulators) -> PolicyRuntime:
    return export(run, run.root / "policy.alam", simulators, calibration_episodes=15)


def random_pairs(count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.uniform(-1, 1, (count, 77)).astype(np.float32), rng.uniform(-1, 1, (count, 2)).astype(np.float32)


def assert_agreement(run: RunDirectory, runtime: PolicyRuntime) -> None:
    """Check that the file says of raw observations what the newest checkpoint of the run says."""
    observation, action = random_pairs(200)
    learner, policy = LearnerAgent(restore_run(run.root).learner), PolicyAgent(runtime)
    np.testing.assert_allclose(policy.act(observation), learner.act(observation), rtol=1e-5, atol=1e-5)
    ours, theirs = policy.assess(observation, action), learner.assess(observation, action)
    for name in ("cost_value", "multiplier", "effective_multiplier"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-5, atol=1e-5, err_msg=name)


def test_the_file_agrees_with_torch(run: RunDirectory, runtime: PolicyRuntime) -> None:
    assert_agreement(run, runtime)


@pytest.mark.usefixtures("runtime")
def test_calibration_never_sees_a_seed_of_training_or_evaluation(simulators: Simulators) -> None:
    (seeds,) = simulators.seeds
    assert {seed // RANGE for seed in seeds} == {Purpose.CALIBRATION}
    assert len(set(seeds)) == len(seeds) >= 15  # no kind of action noise repeats the episodes of another


@pytest.mark.parametrize("name", ["sac_alam", "cal", "sac_lag"])
def test_a_file_takes_raw_observations_whatever_units_the_networks_have(name: str, tmp_path: Path) -> None:
    run = trained(tmp_path / "run", name, normalise_observations=True, reward_scale=0.5)
    restored = restore_run(run.root)
    units, multiplier = restored.state["learner"]["units"], restored.state["learner"]["multiplier"]
    assert units["mean"].abs().max() > 0.01
    # Contracts keep elements near one already; here they differ by decades, as those of a simulator's own observations do.
    units["mean"], units["inverse_deviation"] = torch.linspace(-0.5, 0.5, 77), torch.logspace(-1, 0.5, 77)
    if name != "sac_alam":
        multiplier["multiplier"] = 0.75  # so short a run has hardly any cost
    CheckpointStore(run.checkpoints).save(restored.state, restored.config, restored.steps)
    runtime = export(run, run.root / "policy.alam", make_vector, calibration_episodes=15)
    assert_agreement(run, runtime)
    scalar = runtime.manifest.risk.multiplier
    if name == "sac_alam":
        assert runtime.manifest.networks.multiplier is not None
        assert scalar is None
    else:
        assert runtime.manifest.networks.multiplier is None
        assert scalar == 0.75


@pytest.mark.parametrize("name", ["actor", "average_actor", "critics", "multiplier"])
def test_a_run_that_diverged_is_refused_before_any_episode(run: RunDirectory, tmp_path: Path, name: str) -> None:
    copied = RunDirectory(shutil.copytree(run.root, tmp_path / "run"))
    restored = restore_run(copied.root)
    state = restored.state["learner"][name]
    network = state["average"] if name == "multiplier" else state
    next(iter(network.values())).fill_(torch.nan)
    CheckpointStore(copied.checkpoints).save(restored.state, restored.config, restored.steps)
    with pytest.raises(DivergenceError, match="finite networks; found NaN or infinity in"):
        export(copied, tmp_path / "policy.alam", lambda *_: pytest.fail("an episode was begun"))


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda run: run.versions.unlink(), r"the versions of a run in .*FileNotFoundError"),
        (lambda run: run.versions.write_text("[]"), r"the versions of a run in .*TypeError"),
        (lambda run: shutil.rmtree(run.checkpoints), "none yet"),
    ],
)
def test_a_damaged_run_is_refused_before_any_episode(run: RunDirectory, tmp_path: Path, spoil: Any, error: str) -> None:
    copied = RunDirectory(shutil.copytree(run.root, tmp_path / "run"))
    spoil(copied)
    with pytest.raises(CheckpointError, match=error):
        export(copied, tmp_path / "policy.alam", lambda *_: pytest.fail("an episode was begun"))


def test_a_run_that_was_stopped_before_its_first_step_is_refused(tmp_path: Path) -> None:
    with Trainer(tiny_config(tmp_path / "run"), make_environments=make_vector, should_stop=lambda: True) as trainer:
        trainer.run()
    with pytest.raises(CheckpointError, match="a run that has collected something"):
        export(RunDirectory(tmp_path / "run"), tmp_path / "policy.alam", make_vector)


def test_a_simulator_of_another_contract_is_refused(run: RunDirectory, tmp_path: Path) -> None:
    copied = RunDirectory(shutil.copytree(run.root, tmp_path / "run"))
    text = copied.contract.read_text()
    assert "decay: 0.3" in text
    copied.contract.write_text(text.replace("decay: 0.3", "decay: 1.5"))
    with pytest.raises(ContractError, match=r"scan\.decay"):
        export(copied, tmp_path / "policy.alam", make_vector)
    with pytest.raises(ContractError, match=r"scan\.decay"):
        Trainer(tiny_config(copied.root), make_environments=make_vector, resume=True)


def test_the_file_tells_where_it_comes_from(run: RunDirectory, runtime: PolicyRuntime) -> None:
    manifest = runtime.manifest
    assert manifest.training == {"steps": 300, "updates": 130, "seed": 0}
    assert runtime.contract == run.load_contract()
    assert {"torch", "numpy", "gymnasium", "pybullet"} <= manifest.libraries.keys()
    rows = restore_run(run.root).state["replay"]["rows"][:, :77].numpy()
    np.testing.assert_allclose(manifest.novelty.low, rows.min(0), rtol=1e-6)
    np.testing.assert_allclose(manifest.novelty.high, rows.max(0), rtol=1e-6)


def test_without_a_multiplier_the_scalar_is_zero(tmp_path: Path) -> None:
    run = trained(tmp_path / "sac", "sac")
    runtime = export(run, tmp_path / "sac.alam", make_vector, calibration_episodes=15)
    observation, action = random_pairs(1)
    assert runtime.manifest.networks.multiplier is None
    assert runtime.risk(observation[0], action[0]).multiplier == 0.0


def test_episodes_without_violations_leave_the_file_without_calibration(
    run: RunDirectory, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    runtime = export(run, tmp_path / "few.alam", make_vector, calibration_episodes=3)  # fewer than folds
    observation, action = random_pairs(1)
    assert np.isnan(runtime.risk(observation[0], action[0]).probability)
    assert "no calibrated probability" in caplog.text


def test_onnx_models_answer_as_the_runtime_does(runtime: PolicyRuntime, run: RunDirectory, tmp_path: Path) -> None:
    paths = export_onnx(run.root / "policy.alam", tmp_path / "onnx")
    actor, critic, multiplier = (ReferenceEvaluator(str(path)) for path in paths)
    observation, action = random_pairs(20)
    expected = PolicyAgent(runtime)
    assessment = expected.assess(observation, action)
    (acted,) = actor.run(None, {"observation": observation})
    (cost_value,) = critic.run(None, {"observation": observation, "action": action})
    (multipliers,) = multiplier.run(None, {"observation": observation})
    np.testing.assert_allclose(acted, expected.act(observation), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(cost_value[:, 0], assessment.cost_value, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(multipliers[:, 0], assessment.multiplier, rtol=1e-5, atol=1e-5)


def test_the_onnx_risk_network_answers_as_the_runtime_does(tmp_path: Path) -> None:
    policy = write_sample_policy(tmp_path / "policy.alam", risk_network=True)
    runtime = PolicyRuntime.load(policy)
    risk = ReferenceEvaluator(str(export_onnx(policy, tmp_path)[-1]))
    observation, action = random_pairs(20)
    scores = [runtime.risk(state, act) for state, act in zip(observation, action, strict=True)]
    columns = {name: np.array([[getattr(one, name)] for one in scores], np.float32) for name in ("cost_value", "multiplier")}
    (found,) = risk.run(None, {"observation": observation, "action": action, **columns})
    mapped = np.interp(found[:, 0], CALIBRATION["scores"], CALIBRATION["probabilities"])
    np.testing.assert_allclose(mapped, [one.probability for one in scores], atol=1e-4)


def test_a_risk_network_is_trained_where_there_are_violations_enough(tmp_path: Path) -> None:
    mapping = tiny_mapping(tmp_path / "run")
    mapping["environment"]["arguments"]["safety_distance"] = 0.5  # so that even a policy that hardly moves meets obstacles
    with Trainer(training_config(mapping), make_environments=make_vector) as trainer:
        trainer.run()
    runtime = export(
        RunDirectory(tmp_path / "run"), tmp_path / "risk.alam", make_vector, calibration_episodes=120, risk_training_steps=200
    )
    calibration = runtime.manifest.calibration
    assert calibration is not None
    assert calibration.score == "risk_network"
    assert calibration.evidence["episodes"] == 40  # of 120; the others trained the network
    # States that occurred: of random ones, nearly all are certain violations.
    rows = restore_run(tmp_path / "run").state["replay"]["rows"].numpy()
    pairs = zip(rows[:, :77], rows[:, 77:79], strict=True)
    assert len({runtime.risk(state, act).probability for state, act in pairs}) > 5
