"""One replay: the policy over the recording, the gate over what the policy says, and what follows from both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alam_ros.bags.reader import BagReader
from alam_ros.contract import Contract
from alam_ros.errors import BagError, ConfigurationError
from alam_ros.onboard.command_judge import CommandJudge
from alam_ros.onboard.contracts import load_policy, robot_contract
from alam_ros.onboard.estimator import Estimator
from alam_ros.onboard.gated_action import gated_action
from alam_ros.onboard.stamps import SECOND_NS
from alam_ros.replay.calibration import DriveCalibration, calibration_of
from alam_ros.replay.gate_pass import GatePass, replay_trace, replay_without_trace
from alam_ros.replay.hazard import Hazard, find_hazard
from alam_ros.replay.numbers import FourNumbers, Times, four_numbers, speed_of
from alam_ros.replay.policy_pass import PolicyPass, replay_policy
from alam_ros.replay.settings import NodeParameters, ReplaySettings, node_parameters

TRACE = "alam/gate_trace"


@dataclass(frozen=True, eq=False)
class Replay:
    """A replayed drive.

    Attributes:
        settings: what was replayed.
        contract: of the robot.
        policy, gate: their passes.
        drives: what the gate decided by the parameters of the drive, where others are given and a trace tells; None elsewhere.
        hazard: the truth of the drive; None where none was recorded.
        numbers: the four numbers; None without a truth.
        calibration: None without a recorded cost.
    """

    settings: ReplaySettings
    contract: Contract
    policy: PolicyPass
    gate: GatePass
    drives: GatePass | None
    hazard: Hazard | None
    numbers: FourNumbers | None
    calibration: DriveCalibration | None

    @property
    def changed_ticks(self) -> int | None:
        """Return at how many ticks the gate is in another state than by the parameters of the drive; None without `drives`."""
        if self.drives is None:
            return None
        return sum(state != before for state, before in zip(self.gate.states, self.drives.states, strict=True))

    def seconds(self) -> Times:
        """Return the times of the gate's ticks, s since the first."""
        return ticks_s(self.gate, self.origin_ns)

    @property
    def origin_ns(self) -> int:
        """Return the time of the first tick, ns of the recorder's clock."""
        return self.gate.rows[0].received_ns


def replay(settings: ReplaySettings, *, use_trace: bool = True) -> Replay:
    """Replay a recording.

    Args:
        settings: what to replay.
        use_trace: whether a recorded trace of the gate gives its times and inputs.

    Raises:
        AlamError: when recording, policy, contract or parameters cannot be used, or nothing could be replayed.
    """
    parameters = node_parameters(settings.parameters, settings.namespace)
    runtime = load_policy(str(settings.policy))
    contract = robot_contract(runtime.contract, settings.robot)
    with BagReader(settings.recording) as bag:
        policy = replay_policy(bag, contract, Estimator(runtime, contract, parameters.levels), settings.topic)
        if not policy.answers:
            reasons = "; ".join(policy.refused) or "no message of the contract's trigger"
            raise BagError(f"observations that the policy can answer in {settings.recording}", reasons, "check the topics")
        names = gated_action(contract.action).limits.names
        judge = CommandJudge(runtime, contract, names, parameters.levels) if parameters.is_judging else None
        gate = _gate(bag, settings, policy, contract, parameters, judge, use_trace=use_trace)
        drives = None
        if parameters.is_given and gate.is_traced:
            drives = replay_trace(bag.messages([settings.topic(TRACE)]), policy, node_parameters(None))
        hazard = find_hazard(bag, contract, cost=settings.cost, topic_of=settings.topic, distance=settings.hazard_distance)
    numbers = None if hazard is None else _numbers(gate, hazard)
    return Replay(settings, contract, policy, gate, drives, hazard, numbers, calibration_of(policy.answers, hazard))


def ticks_s(gate: GatePass, origin_ns: int) -> Times:
    """Return the times of the ticks, s since the origin, (n,)."""
    return np.array([(row.received_ns - origin_ns) / SECOND_NS for row in gate.rows])


def asked_and_sent(gate: GatePass) -> tuple[Times, Times]:
    """Return the speeds that the commander asks for and that the gate lets through at each tick, both (n,)."""
    asked = np.array([speed_of(row.asked, gate.names) for row in gate.rows])
    return asked, np.array([speed_of(row.tick.decision.command, gate.names) for row in gate.rows])


def _gate(
    bag: BagReader,
    settings: ReplaySettings,
    policy: PolicyPass,
    contract: Contract,
    parameters: NodeParameters,
    judge: CommandJudge | None,
    *,
    use_trace: bool,
) -> GatePass:
    trace, commands = settings.topic(TRACE), settings.topic(settings.commands) if settings.commands else ""
    if use_trace and bag.counts.get(trace, 0):
        found = replay_trace(bag.messages([trace]), policy, parameters)
        if found is not None:
            if commands:
                fix = "leave --commands out, or the trace, with --no-trace"
                raise ConfigurationError("a drive without a trace for --commands", f"`{trace}`, which has its commands", fix)
            return found
    allowed, found_type = contract.action.alternatives, bag.types.get(commands)
    if found_type is not None and found_type not in allowed:
        raise BagError(f"commands of {' or '.join(allowed)} on `{commands}`", found_type, "name their topic with --commands")
    return replay_without_trace(policy, bag.messages([commands]) if commands else None, contract, parameters, judge)


def _numbers(gate: GatePass, hazard: Hazard) -> FourNumbers:
    origin_ns = gate.rows[0].received_ns
    windows = [((begin - origin_ns) / SECOND_NS, (end - origin_ns) / SECOND_NS) for begin, end in hazard.windows]
    asked, sent = asked_and_sent(gate)
    # Somebody who holds the robot is no false stop.
    is_held = [row.tick.decision.causes.estop_latched or row.tick.decision.causes.disabled for row in gate.rows]
    return four_numbers(ticks_s(gate, origin_ns), np.where(is_held, 0.0, asked), sent, windows)
