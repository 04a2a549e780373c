"""A training run → one policy file: weights, contract, calibrated risk, training range, golden vectors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from alam_ros.contract import Contract
from alam_ros.errors import CheckpointError
from alam_ros.learning.agents import LearnerAgent
from alam_ros.learning.config import TrainingConfig
from alam_ros.learning.divergence import require_finite_networks
from alam_ros.learning.evaluation import MIXED_NOISES, EpisodeRecord, evaluate
from alam_ros.learning.learner import Learner
from alam_ros.learning.multiplier import StateMultiplier
from alam_ros.learning.networks import linear_layers
from alam_ros.learning.progress import episodes_bar
from alam_ros.learning.restore import restore_run
from alam_ros.learning.risk_model import RiskModel, fit_risk_model
from alam_ros.learning.risk_network import STEPS, RiskNetwork
from alam_ros.learning.run_directory import RunDirectory
from alam_ros.learning.seeds import Purpose, first_seed
from alam_ros.learning.stepper import EnvironmentFactory, running
from alam_ros.policy_file import PolicyContents, write_policy
from alam_ros.runtime.golden import golden_vectors
from alam_ros.runtime.policy import PolicyRuntime
from alam_ros.typed import to_mapping

CALIBRATION_EPISODES = 240
CALIBRATION_HORIZON_S = 1.0
GOLDEN_OBSERVATIONS = 16
RECORDED_LIBRARIES = ("torch", "numpy", "gymnasium", "pybullet", "mujoco", "safety-gymnasium", "bullet-safety-gym")
Weights = dict[str, NDArray[np.float32]]


class TrainedNetworks:
    """The trained networks, one observation at a time, as golden vectors want them."""

    def __init__(self, learner: Learner, risk_network: RiskNetwork | None) -> None:
        self._agent = LearnerAgent(learner)
        self._learner = learner
        self._risk_network = risk_network

    def action(self, observation: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the deterministic action."""
        action: NDArray[np.float32] = self._agent.act(observation[None])[0]
        return action

    def cost_value(self, observation: NDArray[np.float32], action: NDArray[np.float32]) -> float:
        """Return the larger of the twin cost critics."""
        return float(self._agent.assess(observation[None], action[None]).cost_value[0])

    @torch.inference_mode()
    def multiplier(self, observation: NDArray[np.float32]) -> float:
        """Return the averaged multiplier; 0 for an algorithm without one."""
        rows = self._learner.normalise(torch.from_numpy(observation[None]))
        return float(self._learner.multiplier.value(rows)[0])

    def risk_score(
        self, observation: NDArray[np.float32], action: NDArray[np.float32], cost_value: float, multiplier: float
    ) -> float | None:
        """Return the output of the risk network, None without one."""
        if self._risk_network is None:
            return None
        scores = np.array((cost_value, multiplier), np.float32)
        return float(self._risk_network(np.concatenate((observation, action, scores))[None])[0])


def export(
    run: RunDirectory,
    output: Path,
    make_environments: EnvironmentFactory,
    *,
    calibration_episodes: int = CALIBRATION_EPISODES,
    risk_training_steps: int = STEPS,
) -> PolicyRuntime:
    """Write the policy file of a run's newest checkpoint, and load it once as a robot would.

    The risk network and the calibration are fitted on fresh episodes: a third with the policy's own actions, a third drawn from
    its distribution, a third perturbed by N(0, 0.3), so that a safe policy shows enough of what it avoids. See `fit_risk_model`
    for what the file has where they show too little.

    Args:
        run: of the training.
        output: the policy file.
        make_environments: starts the environments for the calibration's episodes.
        calibration_episodes: how many in all.
        risk_training_steps: gradient steps on the risk network.

    Raises:
        CheckpointError: when the run has no checkpoint, or one of before its first step, or its files are damaged.
        ContractError: when the simulator has another contract than the run was trained by.
        DivergenceError: when its networks are not finite.
        PolicyFileError: when what was written does not load.
    """
    trained, contract = restore_run(run.root), run.load_contract()
    config, learner = trained.config, trained.learner
    require_finite_networks(learner, "export another run")
    rows = trained.state["replay"]["rows"][:, : contract.observation_size]
    if not len(rows):
        raise CheckpointError("a run that has collected something", f"none of that in `{run.checkpoints}`", "train on")
    libraries = recorded_libraries(run)
    records = _calibration_records(learner, config, contract, make_environments, calibration_episodes)
    horizon = max(1, round(CALIBRATION_HORIZON_S / contract.control_period))
    model = fit_risk_model(records, horizon, seed=config.trainer.seed, steps=risk_training_steps)
    observations = np.concatenate([record.observation for record in records])
    picks = np.linspace(0, len(observations) - 1, GOLDEN_OBSERVATIONS).astype(int)
    manifest = {
        "algorithm": config.algorithm.name,
        "configuration": to_mapping(config),
        "contract": contract.to_mapping(),
        "networks": _network_specs(config, model.network),
        "risk": _risk(learner),
        "calibration": _calibration(model, horizon * contract.control_period),
        "novelty": {"low": rows.amin(0).tolist(), "high": rows.amax(0).tolist()},
        "training": {"steps": trained.steps, "updates": learner.updates, "seed": config.trainer.seed},
        "libraries": libraries,
        "golden": golden_vectors(TrainedNetworks(learner, model.network), observations[picks]),
    }
    write_policy(output, PolicyContents(manifest, _weights(learner, model.network)))
    return PolicyRuntime.load(output)


def _calibration_records(
    learner: Learner, config: TrainingConfig, contract: Contract, make_environments: EnvironmentFactory, episodes: int
) -> Sequence[EpisodeRecord]:
    agent, records, count = LearnerAgent(learner), list[EpisodeRecord](), episodes // len(MIXED_NOISES)
    bar = episodes_bar(count * len(MIXED_NOISES), "calibrating the risk")
    with running(make_environments, config.environment, config.environment.copies) as stepper, bar:
        contract.require(stepper.contract())
        for index, noise in enumerate(MIXED_NOISES.values()):
            seed = first_seed(Purpose.CALIBRATION, config.trainer.seed, index)
            records += evaluate(agent, stepper, episodes=count, first_seed=seed, noise=noise, advance=bar.update)
    return records


def recorded_libraries(run: RunDirectory) -> dict[str, str]:
    """Return the versions that physics and arithmetic depend on, of what was installed when the run started.

    Raises:
        CheckpointError: when the run does not tell.
    """
    try:
        document = json.loads(run.versions.read_text())
        packages = {name.lower(): version for name, version in document["packages"].items()}
        python = document["python"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        found = f"{type(error).__name__}: {error}"
        raise CheckpointError(f"the versions of a run in `{run.versions}`", found, "restore the file") from error
    return {"python": python} | {name: packages[name] for name in RECORDED_LIBRARIES if name in packages}


def _network_specs(config: TrainingConfig, risk_network: RiskNetwork | None) -> dict[str, Any]:
    spec = {"layers": len(config.algorithm.hidden) + 1, "activation": "relu"}
    return {
        "actor": spec,
        "cost_critic_0": spec,
        "cost_critic_1": spec,
        "multiplier": spec if config.algorithm.multiplier.kind == "network" else None,
        "risk": None if risk_network is None else {"layers": len(risk_network.layers), "activation": "relu"},
    }


def _risk(learner: Learner) -> dict[str, Any]:
    return {
        "threshold": learner.threshold,
        "cost_discount": learner.config.constraint.discount,
        "penalty_coefficient": learner.multiplier.penalty if isinstance(learner.multiplier, StateMultiplier) else 0.0,
        "multiplier_max": learner.multiplier.maximum,
        "multiplier": None if isinstance(learner.multiplier, StateMultiplier) else _scalar_multiplier(learner),
    }


def _calibration(model: RiskModel, horizon_s: float) -> dict[str, Any] | None:
    """Return the manifest's `calibration`, or None where the episodes admit none."""
    if model.calibration is None:
        return None
    return {
        "score": "cost_value" if model.network is None else "risk_network",
        "horizon": horizon_s,
        "scores": model.calibration.map.scores.tolist(),
        "probabilities": model.calibration.map.probabilities.tolist(),
        "evidence": model.calibration.evidence_mapping(),
    }


def _scalar_multiplier(learner: Learner) -> float:
    return float(learner.multiplier.value(torch.zeros(1, len(learner.units.mean)))[0])


def _weights(learner: Learner, risk_network: RiskNetwork | None) -> Weights:
    """Return the weights of networks that take raw observations: the units are folded into their first layers."""
    weights: Weights = {}
    fold = _UnitFolding(learner)
    fold.add(weights, "actor", linear_layers(learner.average_actor.trunk))
    for index, member in enumerate((2, 3)):
        layers = zip(learner.critics.weights, learner.critics.biases, strict=True)
        fold.add(weights, f"cost_critic_{index}", [(weight[member].t(), bias[member, 0]) for weight, bias in layers])
    if isinstance(learner.multiplier, StateMultiplier):
        fold.add(weights, "multiplier", linear_layers(learner.multiplier.average.trunk))
    for index, (weight, bias) in enumerate(risk_network.layers if risk_network else ()):
        weights |= {f"risk.{index}.weight": weight, f"risk.{index}.bias": bias}
    return weights


class _UnitFolding:
    """W (o - μ) / σ + b = (W / σ) o + (b - W μ / σ), in double precision."""

    def __init__(self, learner: Learner) -> None:
        scale, offset = (torch.ones_like(learner.units.mean), torch.zeros_like(learner.units.mean))
        if learner.config.normalise_observations:
            scale, offset = learner.units.inverse_deviation, learner.units.mean
        self._scale, self._offset = scale.double(), offset.double()

    def add(self, weights: Weights, name: str, layers: Sequence[tuple[torch.Tensor, torch.Tensor]]) -> None:
        """Add the layers of one network, whose input begins with the observation, as (out, in) and (out,)."""
        size = len(self._scale)
        for index, (weight, bias) in enumerate(layers):
            matrix, vector = weight.detach().double().clone(), bias.detach().double()
            if index == 0:
                matrix[:, :size] *= self._scale
                vector = vector - matrix[:, :size] @ self._offset
            weights[f"{name}.{index}.weight"] = matrix.float().numpy()
            weights[f"{name}.{index}.bias"] = vector.float().numpy()
