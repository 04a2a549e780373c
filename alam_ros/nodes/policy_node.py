"""The policy node: observations in, actions and their calibrated risk out.

It publishes nothing when it has nothing sound to say: the safety monitor then stops the robot. Why it is silent stands in its
diagnostics and, throttled, in its log.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.parameter import Parameter

from alam_ros.contract import ControlTick
from alam_ros.errors import AlamError, ConfigurationError
from alam_ros.msg import RiskEstimate
from alam_ros.nodes.command_port import CommandPort
from alam_ros.nodes.complaints import Complaints
from alam_ros.nodes.diagnostics import DIAGNOSTICS_PERIOD_S, Health, diagnostic_message, task_name
from alam_ros.nodes.lifecycle import SafeLifecycleNode
from alam_ros.nodes.mismatches import Mismatches, UnheardWatch
from alam_ros.nodes.observation_source import ObservationSource
from alam_ros.nodes.parameters import fixed, number
from alam_ros.nodes.qos import COMMAND, DIAGNOSTICS, RISK
from alam_ros.nodes.spin import spin_until_stopped
from alam_ros.onboard.contracts import load_policy, robot_contract
from alam_ros.onboard.estimator import Estimator
from alam_ros.onboard.gate_settings import THRESHOLDS
from alam_ros.onboard.unfamiliar import unfamiliar
from alam_ros.onboard.wire import RiskWriter
from alam_ros.runtime import RiskLevel, RiskLevels

LEVEL_PARAMETERS = {
    "caution_probability": "probability of a violation from which the level is CAUTION",
    "danger_probability": "probability of a violation from which the level is DANGER",
    "caution_cost_ratio": "cost_value / threshold for CAUTION, without a calibration",
    "danger_cost_ratio": "cost_value / threshold for DANGER, without a calibration",
    "novelty_limit": "novelty (in training ranges outside them) above which the level is UNKNOWN",
}


@dataclass
class _Second:
    """What happened since the last diagnostics."""

    ticks: int = 0
    unpaired: int = 0
    unpaired_topics: set[str] = field(default_factory=set)
    longest_inference: float = 0.0
    problem: str = ""
    unfamiliar: str = ""


class PolicyNode(SafeLifecycleNode):
    """Lifecycle node `policy`."""

    def __init__(self) -> None:
        super().__init__("policy")
        self.declare_parameter("policy", "", fixed("path of the policy file (*.alam)"))
        self.declare_parameter(
            "robot",
            "",
            fixed(
                "path of this robot's contract, where topics, frames or timeouts differ from training; empty: the policy's own"
            ),
        )
        for name, default in vars(RiskLevels()).items():
            _, low, high, _ = THRESHOLDS[name]
            self.declare_parameter(name, default, number(LEVEL_PARAMETERS[name], low, high))
        self.add_on_set_parameters_callback(self._check_parameters)
        self.add_post_set_parameters_callback(self._apply_parameters)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", DIAGNOSTICS)
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(DIAGNOSTICS_PERIOD_S, self._publish_diagnostics, clock=self._steady)
        self._source: ObservationSource | None = None
        self._second = _Second()
        self._complaints = Complaints(self)
        # Right where only the risk is wanted, a mistake where the actions should be gated.
        self._unheard = UnheardWatch(self, "to gate it, set the safety monitor's `cmd_vel_in_topic` to it")
        self._mismatches = Mismatches(self)

    def configure(self) -> None:
        """Load the policy and subscribe to its observations."""
        self._runtime = load_policy(self.get_parameter("policy").value)
        contract = robot_contract(self._runtime.contract, self.get_parameter("robot").value)
        self._contract = contract
        self._estimator = Estimator(self._runtime, contract, self._levels_with({}))
        self._port = CommandPort(contract.action, contract.control_period)
        self._risk_message = RiskWriter(contract.action.frame, self._runtime.policy_id, contract.action_size)
        self._action = self.hold(
            self.create_lifecycle_publisher(self._port.message_type, "~/action", COMMAND), self.destroy_lifecycle_publisher
        )
        self._risk = self.hold(self.create_lifecycle_publisher(RiskEstimate, "alam/risk", RISK), self.destroy_lifecycle_publisher)
        self._source = ObservationSource(self, contract, lambda _: self._run_ticks())
        self.hold(self._source, self._drop_source)
        self._patience = self.hold(
            self.create_timer(contract.control_period / 2, self._run_ticks, clock=self._steady), self.destroy_timer
        )
        self._patience.cancel()
        self._waits_until: float | None = None
        self.get_logger().info(
            f"policy {self._runtime.policy_id} ({self._runtime.manifest.algorithm}), contract `{contract.name}`, "
            f"{1 / contract.control_period:.1f} Hz"
        )

    def _drop_source(self, source: ObservationSource) -> None:
        source.destroy()
        self._source = None

    def _run_ticks(self) -> None:
        """Run all control ticks that are due; while inactive too, so that the histories are right upon activation."""
        if self._source is None:
            return
        try:
            while (tick := self._source.poll()) is not None:
                if self.is_active and not self._source.shared:
                    self._answer(tick, self._source)
        except AlamError as error:
            self._second.problem = str(error)
            if self.is_active:
                self._complaints.tell(error.expected, f"no action: {error}")
        self._watch(self._source.waits_until())

    def _watch(self, deadline: float | None) -> None:
        """Come back, though nothing arrives, half a control period after a trigger whose tick waits for other data."""
        if deadline == self._waits_until:
            return
        self._waits_until = deadline
        if deadline is None:
            self._patience.cancel()
        else:
            self._patience.reset()

    def _answer(self, tick: ControlTick, source: ObservationSource) -> None:
        estimate = self._estimator.estimate(tick.observation, source.stamp_ns(tick), tick.excess)
        # The risk first: whoever gates the action by it should have it.
        self._risk.publish(self._risk_message(estimate))
        self._action.publish(self._port.message(estimate.action, estimate.stamp_ns))
        if estimate.level == RiskLevel.UNKNOWN:
            self._second.unfamiliar = unfamiliar(self._runtime, self._contract, estimate.novelty)
            self._complaints.tell("novelty", self._second.unfamiliar)
        self._second.ticks += 1
        self._second.unpaired += bool(tick.unpaired)
        self._second.unpaired_topics.update(tick.unpaired)
        self._second.longest_inference = max(self._second.longest_inference, estimate.inference_time)

    def _publish_diagnostics(self) -> None:
        second, self._second = self._second, _Second()
        health, summary = self._health(second)
        if health is Health.ERROR and (not second.problem or self._is_shared()):
            # No control tick was refused aloud: what should start one is missing; or not by what is the matter.
            self._complaints.tell("silence", f"no action: {summary}")
        values: dict[str, object] = {"ticks per second": second.ticks, "longest inference (s)": second.longest_inference}
        if self._source is not None:
            synchroniser = self._source.synchroniser
            values |= {
                "trained control period (s)": self._contract.control_period,
                "measured control period (s)": synchroniser.measured_period,
                "ticks with unpaired data": second.unpaired,
                "clock set back": synchroniser.restarts,
            }
            values |= {f"age of {name} (s)": age for name, age in self._source.ages().items()}
            if synchroniser.missing():
                self._mismatches.tell()
        name = task_name(self, "control")
        identity = self._runtime.policy_id if self._source is not None else ""
        now = self.get_clock().now().to_msg()
        self._diagnostics.publish(
            diagnostic_message(now, name=name, health=health, summary=summary, values=values, hardware_id=identity)
        )

    def _is_shared(self) -> bool:
        return self._source is not None and bool(self._source.shared)

    def _health(self, second: _Second) -> tuple[Health, str]:
        if self.refusal:
            return Health.ERROR, self.refusal
        if self._source is None or not self.is_active:
            return Health.OK, "inactive" if self._source is not None else "not configured"
        problem = self._source.problem() or second.problem
        if problem:
            return Health.ERROR, problem
        if doubt := self._doubt(self._source, second):
            return Health.WARN, doubt
        return Health.OK, "acting, and nothing takes its actions" if self._unheard.is_unheard(self._action) else "acting"

    def _doubt(self, source: ObservationSource, second: _Second) -> str:
        """Say what makes it doubtful whether the policy, which acts, does so as it learned to."""
        if slowness := source.slowness():
            return slowness
        if second.unfamiliar:
            return second.unfamiliar
        if not second.unpaired:
            return ""
        topics = ", ".join(sorted(second.unpaired_topics))
        return f"{second.unpaired} of {second.ticks} ticks with data of different times on {topics}"

    def _levels_with(self, changed: dict[str, float]) -> RiskLevels:
        """Return the levels the parameters ask for, with some of them changed."""
        return RiskLevels(**{name: changed.get(name, self.get_parameter(name).value) for name in LEVEL_PARAMETERS})

    def _check_parameters(self, parameters: list[Parameter]) -> SetParametersResult:
        try:
            self._levels_with({parameter.name: parameter.value for parameter in parameters})
        except ConfigurationError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _apply_parameters(self, _: list[Parameter]) -> None:
        if self._source is not None:
            self._estimator.levels = self._levels_with({})


def main() -> int:
    """Run the node until SIGINT or SIGTERM."""
    return spin_until_stopped(PolicyNode)


if __name__ == "__main__":
    sys.exit(main())
