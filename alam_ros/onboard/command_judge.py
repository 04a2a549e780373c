"""Any commander's command → its risk, and that of its fractions and of the policy's own action, in the newest state."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract import ActionCodec, Contract
from alam_ros.errors import ContractError
from alam_ros.gate import FRACTIONS, CommandRisk
from alam_ros.onboard.estimator import Estimate, estimate_from
from alam_ros.onboard.stamps import SECOND_NS, StampScale
from alam_ros.runtime import PolicyRuntime, RiskLevels


@dataclass(frozen=True, slots=True)
class Judgement:
    """What there is to say about a command.

    Attributes:
        risk: for the gate.
        estimate: for whoever listens: the risk of the command as it was given.
    """

    risk: CommandRisk
    estimate: Estimate


class CommandJudge:
    """A policy that judges what others command.

    Attributes:
        levels: by which an estimate's level is told; may be replaced at any time.
    """

    def __init__(self, runtime: PolicyRuntime, contract: Contract, names: tuple[str, ...], levels: RiskLevels) -> None:
        """Prepare.

        Args:
            runtime: the policy.
            contract: of this robot.
            names: of the gate's components, among them the contract's.
            levels: of the estimates.

        Raises:
            ContractError: when the gate lacks a component of the contract.
        """
        self.levels = levels
        self._runtime = runtime
        self._codec = ActionCodec(contract.action)
        missing = [name for name in self._codec.names if name not in names]
        if missing:
            raise ContractError(f"components {list(self._codec.names)}", f"no {', '.join(missing)}", "gate these")
        self._size = len(names)
        self._places = [names.index(name) for name in self._codec.names]
        self._observation: tuple[NDArray[np.float32], int, NDArray[np.float32] | None] | None = None
        self._command: NDArray[np.float64] | None = None
        self._fractions = np.array(FRACTIONS)[:, None]
        self._is_due = False
        self._stamps = StampScale()

    def observe(self, observation: NDArray[np.float32], stamp_ns: int, excess: NDArray[np.float32] | None = None) -> None:
        """Take the newest observation, its stamp and what clipping took from it."""
        self._observation, self._is_due = (observation, stamp_ns, excess), True

    def command(self, values: NDArray[np.float64]) -> None:
        """Take a command, as the gate takes it; one that is not finite or of another size cannot be judged."""
        is_usable = values.shape == (self._size,) and bool(np.isfinite(values).all())
        self._command, self._is_due = (values if is_usable else None), True

    def forget(self) -> None:
        """Wait for a new command and a new observation."""
        self._observation = self._command = None

    def judge(self, now_ns: int) -> Judgement | None:
        """Judge the last command in the newest state.

        Args:
            now_ns: ROS time.

        Returns:
            None where there is nothing to judge, or nothing new.

        Raises:
            ObservationError: when the observation is not finite.
        """
        if not self._is_due or self._command is None or self._observation is None:
            return None
        self._is_due = False
        (observation, stamp_ns, excess), command = self._observation, self._command
        started = time.perf_counter()
        wanted = command[self._places]
        own, scores = self._runtime.answer(observation, self._codec.to_normalised(self._fractions * wanted), excess)
        inference_time = time.perf_counter() - started
        whole, rest = scores[0], scores[len(FRACTIONS) - 1]
        fallback = np.zeros(self._size)
        fallback[self._places] = self._codec.to_physical(own)
        risk = CommandRisk(
            stamp=self._stamps.seconds(stamp_ns),
            observation_age=(now_ns - stamp_ns) / SECOND_NS,
            threshold=whole.threshold,
            novelty=whole.novelty,
            command=tuple(command.tolist()),
            fallback=tuple(fallback.tolist()),
            probabilities=tuple(score.probability for score in scores),
            cost_values=tuple(score.cost_value for score in scores),
        )
        estimate = estimate_from(
            stamp_ns,
            whole,
            rest,
            level=self.levels.of(whole),
            inference_time=inference_time,
            policy_id=self._runtime.policy_id,
            action=wanted,
        )
        return Judgement(risk, estimate)
