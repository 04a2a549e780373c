"""A loaded policy file at work: actions and risk, in NumPy alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from alam_ros.contract import Contract
from alam_ros.errors import ContractError, ObservationError, PolicyFileError
from alam_ros.policy_file import Manifest, PolicyContents, decode, policy_id, read_bytes
from alam_ros.runtime.calibration import Calibration
from alam_ros.runtime.golden import check_golden
from alam_ros.runtime.mlp import Float32Array
from alam_ros.runtime.networks import PolicyNetworks
from alam_ros.runtime.novelty import Novelty
from alam_ros.runtime.scores import RiskScores


class PolicyRuntime:
    """Answers one observation at a time. Not thread-safe.

    Attributes:
        policy_id: first 12 hexadecimal digits of the file's sha256.
        contract: what the policy was trained on.
        manifest: everything else the file says.
    """

    def __init__(self, contents: PolicyContents, policy_id: str) -> None:
        """Build the networks and prove that they answer as they did when the file was written.

        Raises:
            PolicyFileError: when the contract is not valid or the golden vectors are not reproduced.
        """
        self.policy_id = policy_id
        self.manifest = Manifest.from_mapping(contents.manifest)
        self.contract = _contract(self.manifest)
        self._observation_size, self._action_size = self.contract.observation_size, self.contract.action_size
        self._risk = self.manifest.risk
        self._networks = PolicyNetworks(contents.weights, self._risk)
        self._calibration = Calibration(self.manifest.calibration)
        self._novelty = Novelty(self.manifest.novelty)
        check_golden(self._networks, self.manifest.golden)

    @classmethod
    def load(cls, path: str | Path) -> PolicyRuntime:
        """Read, verify and build a policy file.

        Raises:
            PolicyFileError: with what was expected, what was found and what to do.
        """
        data = read_bytes(path)
        return cls(decode(data, str(path)), policy_id(data))

    def act(self, observation: ArrayLike) -> Float32Array:
        """Return the policy's action, (action_size,) float32 in [-1, 1].

        Args:
            observation: (observation_size,) normalised, from the contract's assembler.

        Raises:
            ObservationError: when it is of another shape or not finite.
        """
        return self._networks.action(self._checked_observation(observation))

    def distribution(self, observation: ArrayLike) -> tuple[Float32Array, Float32Array]:
        """Return mean and raw log standard deviation of the policy before squashing, each (action_size,) float32.

        Raises:
            ObservationError: when the observation is of another shape or not finite.
        """
        mean, raw_log_std = np.split(self._networks.actor_output(self._checked_observation(observation)).copy(), 2)
        return mean, raw_log_std

    def risk(self, observation: ArrayLike, action: ArrayLike, excess: Float32Array | None = None) -> RiskScores:
        """Judge any action in a state: the policy's own or a foreign commander's.

        Args:
            observation: (observation_size,) normalised.
            action: (action_size,) normalised, in [-1, 1].
            excess: (observation_size,) what clipping took from the observation, as of `ObservationAssembler.excess`.

        Raises:
            ObservationError: when one of them is of another shape or not finite.
        """
        state, chosen = self._checked_observation(observation), self._checked_actions(np.asarray(action)[None])
        self._networks.see(state)
        return self._scores(chosen, self._novelty(state, excess))[0]

    def answer(
        self, observation: ArrayLike, others: ArrayLike, excess: Float32Array | None = None
    ) -> tuple[Float32Array, list[RiskScores]]:
        """Act, and judge that action and others in the same state: what `act` and `risk` say, without doing anything twice.

        Args:
            observation: (observation_size,) normalised.
            others: (k, action_size) actions in [-1, 1].
            excess: (observation_size,) what clipping took from the observation.

        Returns:
            the policy's action, and the scores of the others in their order, the policy's own last.

        Raises:
            ObservationError: when one of them is of another shape or not finite.
        """
        state = self._checked_observation(observation)
        actions = self._checked_actions(others)
        self._networks.see(state)
        own = self._networks.act()
        return own, self._scores(np.concatenate((actions, own[None])), self._novelty(state, excess))

    def _scores(self, actions: Float32Array, novelty: float) -> list[RiskScores]:
        """Return the scores of (k, action_size) actions in the observation that the networks have seen."""
        risk, calibration = self._risk, self._calibration
        multiplier = self._networks.seen_multiplier()
        costs, scores = self._networks.judge(actions, multiplier if calibration.needs_risk_network else None)
        probabilities = calibration.probabilities(costs if scores is None else scores)
        return [
            RiskScores(
                probability=probability,
                horizon=calibration.horizon,
                cost_value=cost_value,
                threshold=risk.threshold,
                multiplier=multiplier,
                effective_multiplier=max(multiplier + risk.penalty_coefficient * (cost_value - risk.threshold), 0.0),
                novelty=novelty,
            )
            for probability, cost_value in zip(probabilities, costs.tolist(), strict=True)
        ]

    def _checked_observation(self, observation: ArrayLike) -> Float32Array:
        vector = np.asarray(observation, dtype=np.float32)
        size = self._observation_size
        if vector.shape != (size,):
            raise ObservationError(
                f"an observation of shape ({size},)", f"{vector.shape}", "assemble it with the policy's contract"
            )
        if not np.isfinite(vector).all():
            index = int(np.flatnonzero(~np.isfinite(vector))[0])
            found = f"{vector[index]} in {self.contract.element_name(index)}"
            raise ObservationError("a finite observation", found, "check that channel's source")
        return vector

    def _checked_actions(self, actions: ArrayLike) -> Float32Array:
        rows = np.asarray(actions, dtype=np.float32)
        if rows.ndim != 2 or rows.shape[1] != self._action_size or not np.isfinite(rows).all():
            names = [component.name for component in self.contract.action.components]
            raise ObservationError(f"finite actions for {names}", f"{rows}", "normalise them with the contract's ActionCodec")
        return rows


def _contract(manifest: Manifest) -> Contract:
    try:
        return Contract.from_mapping(manifest.contract)
    except ContractError as error:
        raise PolicyFileError(f"a contract with {error.expected}", error.found, "export the policy again") from error
