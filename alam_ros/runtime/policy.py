"""A loaded policy file at work: actions and risk, in NumPy alone."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from alam_ros.contract import Contract
from alam_ros.contract.finite import all_finite
from alam_ros.errors import ContractError, ObservationError, PolicyFileError
from alam_ros.policy_file import Manifest, PolicyContents, decode, policy_id, read_bytes
from alam_ros.runtime.calibration import Calibration
from alam_ros.runtime.golden import check_golden
from alam_ros.runtime.mlp import Float32Array
from alam_ros.runtime.networks import PolicyNetworks
from alam_ros.runtime.novelty import Novelty
from alam_ros.runtime.scores import RiskScores


class Seen(NamedTuple):
    """What is said of one observation, whatever is done in it.

    Attributes:
        observation: (observation_size,) float32, normalised.
        action: the policy's own, (action_size,) float32 in [-1, 1].
        multiplier: λ(s) ≥ 0.
        novelty: distance from the range of training; 0 inside.
    """

    observation: Float32Array
    action: Float32Array
    multiplier: float
    novelty: float


class Judged(NamedTuple):
    """What is said of k actions in one observation.

    Attributes:
        probabilities: (k,) of a violation, calibrated; NaN without calibration.
        cost_values: (k,) Q_c(s, a), the larger of the twin critics.
    """

    probabilities: list[float]
    cost_values: list[float]


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
        self._current: Seen | None = None
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
        return self.see(observation).action

    def distribution(self, observation: ArrayLike) -> tuple[Float32Array, Float32Array]:
        """Return mean and raw log standard deviation of the policy before squashing, each (action_size,) float32.

        Raises:
            ObservationError: when the observation is of another shape or not finite.
        """
        self._current = None
        mean, raw_log_std = np.split(self._networks.actor_output(self._checked_observation(observation)).copy(), 2)
        return mean, raw_log_std

    def see(self, observation: ArrayLike, excess: Float32Array | None = None) -> Seen:
        """Act in an observation, and prepare to judge actions in it.

        Args:
            observation: (observation_size,) normalised.
            excess: (observation_size,) what clipping took from it, as of `ObservationAssembler.excess`.

        Raises:
            ObservationError: when it is of another shape or not finite.
        """
        state = self._checked_observation(observation)
        self._networks.see(state)
        action = self._networks.act()
        self._current = Seen(state, action, self._networks.seen_multiplier(), self._novelty(state, excess))
        return self._current

    def farthest(self) -> int:
        """Return which element of the observation last seen lies farthest from its range in training: its `novelty`."""
        return self._novelty.farthest()

    def unvaried(self) -> tuple[str, ...]:
        """Name the elements of the newest data that hardly moved in training."""
        return tuple(self.contract.element_name(index) for index in self._novelty.unvaried() if self.contract.is_newest(index))

    def judge(self, seen: Seen, actions: ArrayLike) -> Judged:
        """Judge (k, action_size) actions in [-1, 1] in an observation: the policy's own or a foreign commander's.

        Raises:
            ObservationError: when they are of another shape or not finite.
        """
        rows, calibration = self._checked_actions(actions), self._calibration
        if seen is not self._current:
            self._networks.see(seen.observation)
            self._current = seen
        costs, scores = self._networks.judge(rows, seen.multiplier if calibration.needs_risk_network else None)
        return Judged(calibration.probabilities(costs if scores is None else scores), costs.tolist())

    def scores(self, seen: Seen, judged: Judged, index: int) -> RiskScores:
        """Return all there is to say about one of the actions that were judged."""
        cost_value, threshold = judged.cost_values[index], self._risk.threshold
        effective = seen.multiplier + self._risk.penalty_coefficient * (cost_value - threshold)
        return RiskScores(
            probability=judged.probabilities[index],
            horizon=self._calibration.horizon,
            cost_value=cost_value,
            threshold=threshold,
            multiplier=seen.multiplier,
            effective_multiplier=max(effective, 0.0),
            novelty=seen.novelty,
        )

    def risk(self, observation: ArrayLike, action: ArrayLike, excess: Float32Array | None = None) -> RiskScores:
        """Judge one action in one state.

        Args:
            observation: (observation_size,) normalised.
            action: (action_size,) normalised, in [-1, 1].
            excess: (observation_size,) what clipping took from the observation.

        Raises:
            ObservationError: when one of them is of another shape or not finite.
        """
        seen = self.see(observation, excess)
        return self.scores(seen, self.judge(seen, np.asarray(action)[None]), 0)

    def _checked_observation(self, observation: ArrayLike) -> Float32Array:
        vector = np.asarray(observation, dtype=np.float32)
        size = self._observation_size
        if vector.shape != (size,):
            raise ObservationError(
                f"an observation of shape ({size},)", f"{vector.shape}", "assemble it with the policy's contract"
            )
        if not all_finite(vector):
            index = int(np.flatnonzero(~np.isfinite(vector))[0])
            found = f"{vector[index]} in {self.contract.element_name(index)}"
            raise ObservationError("a finite observation", found, "check that channel's source")
        return vector

    def _checked_actions(self, actions: ArrayLike) -> Float32Array:
        rows = np.asarray(actions, dtype=np.float32)
        if rows.ndim != 2 or rows.shape[1] != self._action_size or not all_finite(rows):
            names = [component.name for component in self.contract.action.components]
            raise ObservationError(f"finite actions for {names}", f"{rows}", "normalise them with the contract's ActionCodec")
        return rows


def _contract(manifest: Manifest) -> Contract:
    try:
        return Contract.from_mapping(manifest.contract)
    except ContractError as error:
        raise PolicyFileError(f"a contract with {error.expected}", error.found, "export the policy again") from error
