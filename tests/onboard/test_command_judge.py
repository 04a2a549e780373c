"""What the judge says of a command is what the runtime says of each of its fractions, and of the policy's own action."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from alam_ros.contract import ActionCodec, Contract
from alam_ros.errors import ContractError, ObservationError
from alam_ros.gate import FRACTIONS, CommandLimits, GateConfig, GateStatus
from alam_ros.onboard.command_judge import CommandJudge
from alam_ros.onboard.gate_session import EventKind, GateEvent, GateSession
from alam_ros.resources import config_path, shipped_policy
from alam_ros.runtime import PolicyRuntime, RiskLevels
from tests.support.policies import write_sample_policy

RUNTIME = PolicyRuntime.load(shipped_policy("navigation"))
CODEC = ActionCodec(RUNTIME.contract.action)
LEVELS = RiskLevels()
TWIST = ("linear.x", "linear.y", "linear.z", "angular.x", "angular.y", "angular.z")
OBSERVATION = np.array(RUNTIME.manifest.golden.observations[0], dtype=np.float32)
STAMP_NS = 1_700_000_000_123_456_789


def judge(names: tuple[str, ...] = TWIST) -> CommandJudge:
    return CommandJudge(RUNTIME, RUNTIME.contract, names, LEVELS)


def test_every_fraction_is_judged_as_the_runtime_judges_it() -> None:
    made, command = judge(), np.array([0.5, 0.0, 0.0, 0.0, 0.0, -1.0])
    made.observe(OBSERVATION, STAMP_NS)
    made.command(command)
    found = made.judge(STAMP_NS + 50_000_000)
    assert found is not None
    actions = CODEC.to_normalised([[0.5 * fraction, -1.0 * fraction] for fraction in FRACTIONS])
    seen = RUNTIME.see(OBSERVATION)
    own, expected = seen.action, RUNTIME.judge(seen, np.vstack((actions, seen.action)))
    assert found.risk.probabilities == tuple(expected.probabilities)
    assert found.risk.cost_values == tuple(expected.cost_values)
    assert found.risk.command == tuple(command)
    assert found.risk.fallback == (CODEC.to_physical(own)[0], 0.0, 0.0, 0.0, 0.0, CODEC.to_physical(own)[1])
    assert found.risk.observation_age == pytest.approx(0.05)
    assert (found.risk.threshold, found.risk.novelty) == (RUNTIME.manifest.risk.threshold, seen.novelty)
    estimate = made.estimate(found)
    assert (estimate.stamp_ns, estimate.policy_id, estimate.action.tolist()) == (STAMP_NS, RUNTIME.policy_id, [0.5, -1.0])
    assert (estimate.probability, estimate.rest_probability) == (expected.probabilities[0], expected.probabilities[-2])
    assert 0.0 < estimate.inference_time < 1.0


def test_of_a_command_beyond_its_limits_what_is_judged_is_told() -> None:
    made = judge()
    made.observe(OBSERVATION, STAMP_NS)
    made.command(np.array([5.0, 0.0, 0.0, 0.0, 0.0, -1.0]))
    found = made.judge(STAMP_NS)
    assert found is not None
    assert made.estimate(found).action.tolist() == [CODEC.high[0], -1.0]
    assert found.risk.command[0] == 5.0


def test_only_what_is_new_is_judged() -> None:
    made = judge()
    made.command(np.zeros(6))
    assert made.judge(STAMP_NS) is None
    made.observe(OBSERVATION, STAMP_NS)
    assert made.judge(STAMP_NS) is not None
    assert made.judge(STAMP_NS) is None
    made.command(np.zeros(6))
    assert made.judge(STAMP_NS) is not None
    made.forget()
    made.command(np.zeros(6))
    assert made.judge(STAMP_NS) is None


@pytest.mark.parametrize("command", [np.full(6, math.nan), np.zeros(2), np.array([math.inf, 0, 0, 0, 0, 0])])
def test_a_command_that_is_none_is_not_judged(command: np.ndarray) -> None:
    made = judge()
    made.observe(OBSERVATION, STAMP_NS)
    made.command(command)
    assert made.judge(STAMP_NS) is None


def test_after_an_observation_that_is_none_nothing_is_judged_until_another_comes() -> None:
    made = judge()
    made.observe(OBSERVATION, STAMP_NS)
    with pytest.raises(ObservationError, match="finite"):
        made.observe(np.full_like(OBSERVATION, math.nan), STAMP_NS + 1)
    made.command(np.zeros(6))
    assert made.judge(STAMP_NS) is None
    assert made.unfamiliar() == ""
    made.observe(OBSERVATION, STAMP_NS + 2)
    assert made.judge(STAMP_NS) is not None


def test_what_is_unlike_training_is_told_by_the_joint_of_this_robot(tmp_path: Path) -> None:
    contract = Contract.load(config_path("contracts/arm_reach.yaml"))
    runtime = PolicyRuntime.load(write_sample_policy(tmp_path / "arm.alam", contract=contract))
    positions, velocities, *others = contract.observation
    joints = tuple(f"left_{name}" for name in positions.joints)
    action = replace(
        contract.action, components=tuple(replace(each, name=f"left_{each.name}") for each in contract.action.components)
    )
    observation = (replace(positions, joints=joints), replace(velocities, joints=joints), *others)
    mine = replace(contract, observation=observation, action=action)
    assert contract.differences(mine) == ()
    made = CommandJudge(runtime, mine, joints, LEVELS)
    unknown = np.zeros(contract.observation_size, np.float32)
    unknown[2] = 100.0
    made.observe(unknown, STAMP_NS)
    assert made.unfamiliar().startswith(
        "unlike training: the channel `joint_positions`, element 2 (joint `left_lbr_iiwa_joint_3`), 0 ticks ago, lies "
    )


def test_a_gate_without_a_component_of_the_contract_is_refused() -> None:
    with pytest.raises(ContractError, match=r"no angular\.z"):
        judge(("linear.x",))


def test_a_judgement_survives_its_event() -> None:
    limits = CommandLimits(names=("linear.x", "angular.z"), low=(-0.6, -2.0), high=(0.6, 2.0))
    session = GateSession()
    session.take(GateEvent.configuration(0.0, GateConfig(limits=limits, risk_source="command"), is_first=True))
    made, command = judge(limits.names), np.array([0.3, 0.4])
    made.observe(OBSERVATION, STAMP_NS)
    made.command(command)
    found = made.judge(STAMP_NS)
    assert found is not None
    session.take(GateEvent.command(0.1, command))
    event = GateEvent.command_risk(0.1, found.risk, STAMP_NS, RUNTIME.policy_id)
    assert event.kind is EventKind.COMMAND_RISK
    session.take(event)
    assert session._gate is not None
    assert session._gate._inputs.response.last == found.risk
    assert session.tick(0.1).decision.state in (GateStatus.PASS, GateStatus.FALLBACK)
