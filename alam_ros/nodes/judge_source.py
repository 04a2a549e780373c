"""The safety monitor judges commands itself: subscribes to the policy's observations, publishes the risk of what is commanded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray

from alam_ros.contract import Contract
from alam_ros.errors import AlamError, ConfigurationError
from alam_ros.msg import RiskEstimate
from alam_ros.nodes.complaints import Complaints
from alam_ros.nodes.lifecycle import SafeLifecycleNode
from alam_ros.nodes.observation_source import ObservationSource
from alam_ros.nodes.qos import RISK
from alam_ros.nodes.stamps import ros_time_ns
from alam_ros.onboard.command_judge import CommandJudge, Judgement
from alam_ros.onboard.wire import RiskWriter
from alam_ros.runtime import PolicyRuntime, RiskLevels


class JudgeSource:
    """A policy file at work on other commanders' commands, until the node is cleaned up.

    Attributes:
        observations: what is subscribed to.
    """

    def __init__(
        self,
        node: SafeLifecycleNode,
        values: Mapping[str, Any],
        contract: Contract | None,
        runtime: PolicyRuntime | None,
        names: tuple[str, ...],
        on_arrival: Callable[[str], None],
    ) -> None:
        """Subscribe and prepare to publish.

        Args:
            node: the safety monitor, being configured.
            values: of its parameters.
            contract: of this robot; None without any.
            runtime: of the policy that judges; None without any.
            names: of the gate's components.
            on_arrival: called with the topic of each message that arrives.

        Raises:
            AlamError: without a policy file, or for one that does not fit.
        """
        if contract is None or runtime is None:
            raise ConfigurationError(
                "the parameter `policy`, because `risk_source` is `command`", "an empty path", "give the path of a policy file"
            )
        self._judge = CommandJudge(runtime, contract, names, levels(values))
        self._message = RiskWriter(contract.action.frame, runtime.policy_id, contract.action_size)
        self._node = node
        self._on_arrival = on_arrival
        self._complaints, self._refusal = Complaints(node), ""
        publisher = node.create_lifecycle_publisher(RiskEstimate, values["risk_topic"], RISK)
        self._risk = node.hold(publisher, node.destroy_lifecycle_publisher)
        self.observations = node.hold(ObservationSource(node, contract, self._arrived), ObservationSource.destroy)

    def set_levels(self, values: Mapping[str, Any]) -> None:
        """Tell levels by other values."""
        self._judge.levels = levels(values)

    def command(self, values: NDArray[Any]) -> None:
        """Take a command, (components,) in physical units."""
        self._judge.command(values)

    def forget(self) -> None:
        """Wait for a new command and a new observation."""
        self._judge.forget()
        self._refusal = ""

    def judge(self) -> Judgement | None:
        """Judge the last command in the newest state; None where there is nothing new to judge."""
        self._observe()
        return self._judge.judge(ros_time_ns(self._node))

    def tell(self, judgement: Judgement) -> None:
        """Publish the risk of what was commanded."""
        self._risk.publish(self._message(self._judge.estimate(judgement)))

    def ages(self) -> dict[str, float]:
        """Return for the diagnostics the age of each channel, s."""
        return {f"age of {name} (s)": age for name, age in self.observations.ages().items()}

    def problem(self) -> str:
        """Say, and log, why nothing was judged since the last call, a second ago; an empty string where something could be."""
        refusal, self._refusal = self._refusal, ""
        problem = self.observations.problem()
        if problem:
            self._complaints.tell(problem, f"no judgement: {problem}")
        if self.observations.shared:
            self._judge.forget()
        return problem or refusal

    def doubt(self) -> str:
        """Say what makes it doubtful whether the policy judges as it learned to."""
        return self.observations.slowness()

    def _arrived(self, topic: str) -> None:
        self._on_arrival(topic)
        self._observe()

    def _observe(self) -> None:
        """Run the control ticks that are due; what cannot be judged grows stale, and the gate stops."""
        try:
            while (tick := self.observations.poll()) is not None:
                if self.observations.shared:
                    continue
                self._judge.observe(tick.observation, self.observations.stamp_ns(tick), tick.excess)
                self._refusal = ""
                if text := self._judge.unfamiliar():
                    self._complaints.tell("novelty", text)
        except AlamError as error:
            self._refusal = str(error)
            self._complaints.tell(error.expected, f"no judgement: {error}")


def levels(values: Mapping[str, Any]) -> RiskLevels:
    """Return the levels that the monitor's parameters ask for."""
    return RiskLevels(**{name: values[name] for name in vars(RiskLevels())})
