"""Any commander's command → its risk, and that of its fractions and of the policy's own action, in the newest state."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract import ActionCodec, Contract
from alam_ros.contract.finite import all_finite
from alam_ros.errors import ContractError
from alam_ros.gate import FRACTIONS, CommandRisk
from alam_ros.onboard.estimator import Estimate, estimate_from
from alam_ros.onboard.stamps import SECOND_NS, StampScale
from alam_ros.onboard.unfamiliar import unfamiliar
from alam_ros.runtime import Judged, PolicyRuntime, RiskLevels, Seen


@dataclass(frozen=True, slots=True)
class Judgement:
    """What there is to say about a command.

    Attributes:
        risk: for the gate.
        stamp_ns: of the observation it was judged by.
        policy_id: by which policy.
        seen: the observation.
        judged: the command's fractions and, last, the policy's own action.
        wanted: (action_size,) the command in the contract's components, which is judged within their limits.
        inference_time: s.
    """

    risk: CommandRisk
    stamp_ns: int
    policy_id: str
    seen: Seen
    judged: Judged
    wanted: NDArray[np.float64]
    inference_time: float


class CommandJudge:
    """A policy that judges what others command.

    What does not depend on the command is done when an observation comes, because a command waits for its answer.

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
        self._runtime, self._contract = runtime, contract
        self._codec = ActionCodec(contract.action)
        missing = [name for name in self._codec.names if name not in names]
        if missing:
            raise ContractError(f"components {list(self._codec.names)}", f"no {', '.join(missing)}", "gate these")
        self._size = len(names)
        self._places = [names.index(name) for name in self._codec.names]
        self._seen: Seen | None = None
        self._stamp_ns = 0
        self._fallback: tuple[float, ...] = ()
        self._looking_time = 0.0
        self._command: NDArray[np.float64] | None = None
        self._fractions = np.array(FRACTIONS)[:, None]
        self._actions = np.zeros((len(FRACTIONS) + 1, contract.action_size), np.float32)
        self._is_due = False
        self._stamps = StampScale()

    def observe(self, observation: NDArray[np.float32], stamp_ns: int, excess: NDArray[np.float32] | None = None) -> None:
        """Take the newest observation, its stamp and what clipping took from it.

        Raises:
            ObservationError: when it is not finite; commands are then not judged until another comes.
        """
        self._seen = None
        started = time.perf_counter()
        seen = self._runtime.see(observation, excess)
        self._looking_time = time.perf_counter() - started
        self._actions[-1] = seen.action
        fallback = np.zeros(self._size)
        fallback[self._places] = self._codec.to_physical(seen.action)
        self._seen, self._stamp_ns, self._fallback, self._is_due = seen, stamp_ns, tuple(fallback.tolist()), True

    def unfamiliar(self) -> str:
        """Say what of the newest observation is unlike training; an empty string where it is within the levels' limit."""
        if self._seen is None or self._seen.novelty <= self.levels.novelty_limit:
            return ""
        return unfamiliar(self._runtime, self._contract, self._seen.novelty)

    def command(self, values: NDArray[np.float64]) -> None:
        """Take a command, as the gate takes it; one that is not finite or of another size cannot be judged."""
        is_usable = values.shape == (self._size,) and all_finite(values)
        self._command, self._is_due = (values if is_usable else None), True

    def forget(self) -> None:
        """Wait for a new command and a new observation."""
        self._seen = self._command = None

    def judge(self, now_ns: int) -> Judgement | None:
        """Judge the last command in the newest state.

        Args:
            now_ns: ROS time.

        Returns:
            None where there is nothing to judge, or nothing new.
        """
        seen, command, stamp_ns = self._seen, self._command, self._stamp_ns
        if not self._is_due or command is None or seen is None:
            return None
        self._is_due = False
        started = time.perf_counter()
        wanted = command[self._places]
        self._actions[:-1] = self._codec.to_normalised(self._fractions * wanted)
        judged = self._runtime.judge(seen, self._actions)
        risk = CommandRisk(
            stamp=self._stamps.seconds(stamp_ns),
            observation_age=(now_ns - stamp_ns) / SECOND_NS,
            threshold=self._runtime.manifest.risk.threshold,
            novelty=seen.novelty,
            command=tuple(command.tolist()),
            fallback=self._fallback,
            probabilities=tuple(judged.probabilities),
            cost_values=tuple(judged.cost_values),
        )
        inference_time = self._looking_time + time.perf_counter() - started
        return Judgement(risk, stamp_ns, self._runtime.policy_id, seen, judged, wanted, inference_time)

    def estimate(self, judgement: Judgement) -> Estimate:
        """Return for whoever listens the risk of the command as it was given."""
        judged, rest = judgement.judged, len(FRACTIONS) - 1
        scores = self._runtime.scores(judgement.seen, judged, 0)
        return estimate_from(
            judgement.stamp_ns,
            scores,
            (judged.probabilities[rest], judged.cost_values[rest]),
            level=self.levels.of(scores),
            inference_time=judgement.inference_time,
            policy_id=judgement.policy_id,
            action=np.minimum(np.maximum(judgement.wanted, self._codec.low), self._codec.high),  # what was judged
        )
