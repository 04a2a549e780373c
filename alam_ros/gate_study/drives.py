"""The same maps driven with every gate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from alam_ros.contract import ActionCodec, ActionSpec
from alam_ros.errors import SimulatorError
from alam_ros.gate import CommandLimits, Gate, GateConfig, GateDecision, GateStatus
from alam_ros.gate_study.commanders import Commander, make_commander
from alam_ros.learning.seeds import Purpose, first_seed
from alam_ros.onboard.command_judge import CommandJudge
from alam_ros.onboard.estimator import Estimator
from alam_ros.onboard.risk_input import judged, risk_from
from alam_ros.onboard.stamps import SECOND_NS, StampScale
from alam_ros.runtime import PolicyRuntime, RiskLevels

NO_GATE = "no gate"
OWN_GATES: dict[str, Mapping[str, Any] | None] = {
    NO_GATE: None,
    "every high risk restricts": {"rest_benefit": math.inf, "escape_ratio": 0.5, "escape_delay": 1.0},
    "only where rest helps": {"rest_benefit": 0.5, "escape_ratio": 0.5, "escape_delay": 1.0},
}
"""Gates that hold the policy's estimate of the state against thresholds."""
FOREIGN_GATES: dict[str, Mapping[str, Any] | None] = {
    NO_GATE: None,
    **{name: {"risk_source": "command", "response": name} for name in ("stop", "scale", "scale_or_policy", "policy")},
}
"""Gates that judge the command itself, one for each response."""
LEVELS = RiskLevels()


@dataclass(frozen=True, kw_only=True)
class Study:
    """What is driven.

    Attributes:
        runtime: the policy of the gate.
        commander: a name of `commanders.NAMES`, or a policy file.
        drives: maps, each driven once with every gate.
        steps: control periods of a drive.
        seed: of the maps.
        overrides: of the gate's configuration.
    """

    runtime: PolicyRuntime
    commander: str
    drives: int
    steps: int
    seed: int
    overrides: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Drive:
    """One drive: its return, its cost, and the shares of control periods in which the gate restricted or replaced the command."""

    episode_return: float
    cost: float
    restricted_share: float
    fallback_share: float


def run(study: Study, gate: Mapping[str, Any] | None) -> list[Drive]:
    """Drive every map with one gate; None for no gate.

    Raises:
        AlamError: for a commander that cannot drive this robot, or an environment that is not there.
    """
    first = first_seed(Purpose.EVALUATION, study.seed)
    return [_drive(study, first + index, gate) for index in range(study.drives)]


class _Guard:
    """A gate fed as on a robot, once a control period."""

    def __init__(self, study: Study, gate: Mapping[str, Any]) -> None:
        contract = study.runtime.contract
        limits = _limits(contract.action)
        config = GateConfig(limits=limits, **{**gate, **study.overrides})
        self._is_judging = config.risk_source == "command"
        self._gate, self._period = Gate(config), contract.control_period
        self._judge = CommandJudge(study.runtime, contract, limits.names, LEVELS)
        self._estimator = Estimator(study.runtime, contract, LEVELS)
        self._stamps = StampScale()

    def pass_on(self, step: int, observation: NDArray[np.float32], command: NDArray[np.float64]) -> GateDecision:
        """Return the decision about a command in this state."""
        now, stamp_ns = step * self._period, round((step + 1) * self._period * SECOND_NS)
        self._gate.on_command(now, command)
        if self._is_judging:
            self._judge.observe(observation, stamp_ns)
            self._judge.command(command)
            judgement = self._judge.judge(stamp_ns)
            if judgement is not None:
                self._gate.on_command_risk(now, judgement.risk)
        else:
            estimate = self._estimator.estimate(observation, stamp_ns)
            self._gate.on_risk(now, risk_from(judged(estimate), stamp_ns, self._stamps, stamp_ns))
        return self._gate.tick(now)


def _drive(study: Study, seed: int, gate: Mapping[str, Any] | None) -> Drive:
    """Drive one map; the gate decides once a control period, right after the commander."""
    codec = ActionCodec(study.runtime.contract.action)
    commander: Commander = make_commander(study.commander, study.runtime, np.random.default_rng(seed))
    guard = None if gate is None else _Guard(study, gate)
    total_return = total_cost = restricted = replaced = 0.0
    steps = 0
    with closing(_environment(study.runtime)) as environment:
        observation, _ = environment.reset(seed=seed)
        for step in range(study.steps):
            command = commander.command(observation)
            if guard is not None:
                decision = guard.pass_on(step, observation, command)
                command = decision.command
                restricted += decision.scale < 1.0
                replaced += decision.state is GateStatus.FALLBACK
            observation, reward, terminated, truncated, info = environment.step(codec.to_normalised(command))
            total_return, total_cost = total_return + float(reward), total_cost + info["cost"]
            steps = step + 1
            if terminated or truncated:
                break
    return Drive(total_return, total_cost, restricted / steps, replaced / steps)


def _environment(runtime: PolicyRuntime) -> gymnasium.Env[Any, Any]:
    """Return the environment that the policy was trained in, without a limit of time that is not its own."""
    configured = runtime.manifest.configuration["environment"]
    name, arguments = configured["id"], dict(configured.get("arguments") or {})
    try:
        environment = gymnasium.make(name, max_episode_steps=-1, disable_env_checker=True, **arguments)
    except (gymnasium.error.Error, TypeError) as error:
        found = " ".join(str(error).split())
        raise SimulatorError(f"the environment `{name}` with {arguments}", found, "install the simulators: '.[sim]'") from error
    runtime.contract.require(environment.unwrapped.contract)  # type: ignore[attr-defined]
    return environment


def _limits(action: ActionSpec) -> CommandLimits:
    components = action.components
    return CommandLimits(
        names=tuple(c.name for c in components), low=tuple(c.low for c in components), high=tuple(c.high for c in components)
    )
