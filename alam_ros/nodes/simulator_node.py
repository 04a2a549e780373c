"""The simulator node: a Gymnasium environment in the place of a robot and its world, in real time.

One step is one control period, as in training: the samples of step k are published, whoever drives has the period to answer, and
the next step applies the latest command that came since. Simulated time is published on `/clock` and never goes back.
"""

from __future__ import annotations

import sys
from typing import Any

import gymnasium
import numpy as np
from builtin_interfaces.msg import Time
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.parameter import Parameter
from rosgraph_msgs.msg import Clock as ClockMessage
from std_msgs.msg import Float32

import alam_sim  # noqa: F401 (registers the environments)
from alam_ros.contract import ActionCodec, Contract, Sample
from alam_ros.errors import ConfigurationError, SimulatorError
from alam_ros.nodes.conversions import MESSAGE_TYPES, CommandConverter, sample_message
from alam_ros.nodes.driver_watchdog import DriverWatchdog
from alam_ros.nodes.parameters import check_topic, declare_if_given, fixed, integer, number
from alam_ros.nodes.qos import CLOCK, COMMAND, LATCHED, SENSOR, TRUTH
from alam_ros.nodes.spin import spin_until_stopped
from alam_ros.nodes.stamps import time_message
from alam_ros.onboard.gated_action import STAMPED as DESCRIPTIONS
from alam_ros.onboard.gated_action import stamped
from alam_sim.registry import learning_arguments

LOG_PERIOD_S = 5.0
REMEDY = 'see docs/simulators.md, "A simulator of your own"'
STAMPED = "enable_stamped_cmd_vel"


class SimulatorNode(Node):
    """Node `simulator`.

    Publishes the contract's topics, `/clock`, and the truth no robot knows:

    - `~/cost`: the step's `info["cost"]`, above 0 where it violates the constraint. 0 or 1, but for Safety-Gymnasium's robots on
      wheels, which hold an action for 2 (Car, Racecar) or 5 (Point) steps of the benchmark: the sum of their costs.
    - `~/clearance`, where the environment tells: how far the state is from a violation, larger is safer. m to the nearest
      obstacle or wall in the navigation task, m from a violation for the arm, m/s below the limit in velocity tasks
      (docs/simulators.md).
    - `~/applied_command`: what the step from its stamp on applied, after the base's own watchdog.
    """

    def __init__(self) -> None:
        super().__init__("simulator")
        self._declare_parameters()
        self._environment = _make_environment(self._text("environment"))
        contract = self._contract = _contract_of(self._environment)
        self._codec = ActionCodec(contract.action)
        # As the safety monitor has it, so that what it publishes is what is taken here.
        spec = stamped(contract.action, is_stamped=self.get_parameter_or(STAMPED, Parameter(STAMPED)).value)
        self._converter = CommandConverter(spec, contract.control_period)
        rest = np.zeros(contract.action_size)
        self._watchdog = DriverWatchdog(rest, self.get_parameter("command_timeout").value)
        self._create_publishers()
        topic = self._text("cmd_vel_in_topic") or contract.action.topic
        check_topic("cmd_vel_in_topic", topic)
        self.create_subscription(self._converter.message_type, topic, self._on_command, COMMAND)
        # Between episodes time passes unseen, so that everybody's histories start anew, as the environment's own do. It also
        # keeps the first stamp above zero, which would mean that there is none.
        self._gap = 2 * max((channel.timeout for channel in contract.observation if channel.timeout), default=1.0)
        self._time = 0.0
        self._start_episode(seed=self.get_parameter("seed").value)
        period = contract.control_period / self.get_parameter("real_time_factor").value
        self.create_timer(period, self._step, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self.get_logger().info(f"{self._text('environment')} in steps of {contract.control_period} s, one every {period:.3f} s")

    def stop(self) -> None:
        """Close the environment."""
        self._environment.close()

    def _declare_parameters(self) -> None:
        self.declare_parameter("environment", "alam/Navigation-v0", fixed("id of the Gymnasium environment"))
        self.declare_parameter(
            "seed", 0, integer("seed of the first episode; the others follow from it", 0, 2**31 - 1, is_fixed=True)
        )
        self.declare_parameter("real_time_factor", 1.0, number("simulated seconds a second", 0.01, 100.0, is_fixed=True))
        self.declare_parameter(
            "episode_duration",
            0.0,
            number("s of simulated time after which a new map is made; 0: never", 0.0, 1e9, is_fixed=True),
        )
        self.declare_parameter(
            "command_timeout",
            0.5,
            number("s of simulated time after which the base stops without a new command", 0.0, 60.0, is_fixed=True),
        )
        self.declare_parameter("cmd_vel_in_topic", "", fixed("topic of the commands; empty: the contract's"))
        declare_if_given(self, STAMPED, Parameter.Type.BOOL, DESCRIPTIONS[STAMPED])

    def _text(self, name: str) -> str:
        return str(self.get_parameter(name).value)

    def _create_publishers(self) -> None:
        contract = self._contract
        latched = contract.latched_topics
        trigger = next(channel.topic for channel in contract.observation if channel.name == contract.trigger)
        # A goal first and the trigger last: when the trigger arrives, what belongs to it is most likely there.
        order = sorted(contract.topics(), key=lambda pair: (pair[0] == trigger, pair[0] not in latched))
        self._publishers_by_topic = {
            topic: self.create_publisher(MESSAGE_TYPES[kind], topic, LATCHED if topic in latched else SENSOR)
            for topic, kind in order
        }
        self._latched: dict[str, Any] = dict.fromkeys(latched)
        self._clock_publisher = self.create_publisher(ClockMessage, "/clock", CLOCK)
        self._cost = self.create_publisher(Float32, "~/cost", TRUTH)
        self._clearance = self.create_publisher(Float32, "~/clearance", TRUTH)
        self._applied = self.create_publisher(self._converter.message_type, "~/applied_command", TRUTH)

    def _start_episode(self, seed: int | None = None) -> None:
        self._watchdog.clear()
        self._time = round(self._time + self._gap, 9)
        self._episode_end = self._time + (self.get_parameter("episode_duration").value or float("inf"))
        _, info = self._environment.reset(seed=seed)
        self._publish(info)

    def _step(self) -> None:
        command = self._watchdog.command(self._time)
        self._applied.publish(self._converter.to_message(command, self._stamp()))
        _, _, terminated, truncated, info = self._environment.step(self._codec.to_normalised(command))
        self._time = round(self._time + self._contract.control_period, 9)  # rounding must not add up
        self._publish(info)
        if terminated or truncated or self._time >= self._episode_end:
            self._start_episode()

    def _publish(self, info: dict[str, Any]) -> None:
        stamp = self._stamp()
        self._clock_publisher.publish(ClockMessage(clock=stamp))
        self._cost.publish(Float32(data=float(info.get("cost", 0.0))))
        if "clearance" in info:
            self._clearance.publish(Float32(data=float(info["clearance"])))
        samples: dict[str, Sample] = info.get("samples", {})
        if missing := [topic for topic in self._publishers_by_topic if topic not in samples]:
            found = f"none of {', '.join(missing)}"
            raise SimulatorError('a sample of each of the contract\'s topics in `info["samples"]`', found, REMEDY)
        for topic, publisher in self._publishers_by_topic.items():
            if topic not in self._latched or self._is_new(topic, samples[topic]):
                publisher.publish(sample_message(samples[topic], stamp, base_frame=self._contract.action.frame))

    def _is_new(self, topic: str, sample: Sample) -> bool:
        """Say whether a latched sample differs from the one last published."""
        unstamped = sample_message(sample, Time())
        is_new = unstamped != self._latched[topic]
        self._latched[topic] = unstamped
        return bool(is_new)

    def _on_command(self, message: Any) -> None:
        command = self._converter.to_values(message)
        if command.shape != (self._contract.action_size,) or not np.isfinite(command).all():
            self.get_logger().error(f"command refused: {command}", throttle_duration_sec=LOG_PERIOD_S)
            return
        self._watchdog.receive(command, self._time)

    def _stamp(self) -> Time:
        return time_message(round(self._time * 1e9))


def _contract_of(environment: Any) -> Contract:
    contract = getattr(environment.unwrapped, "contract", None)
    if not isinstance(contract, Contract):
        found = f"none in {type(environment.unwrapped).__name__}"
        raise ConfigurationError("an environment with a `contract`", found, REMEDY)
    return contract


def _make_environment(name: str) -> gymnasium.Env[Any, Any]:
    """Make an environment as policies learn in it, without a time limit: the node decides when episodes end."""
    try:
        return gymnasium.make(name, max_episode_steps=-1, disable_env_checker=True, **learning_arguments(name))
    except (gymnasium.error.Error, ImportError) as error:
        known = ", ".join(sorted(key for key in gymnasium.registry if key.startswith("alam/")))
        raise SimulatorError(
            f"an environment such as {known}, or `module:Name-v0`", str(error), "correct the parameter `environment`"
        ) from error


def main() -> int:
    """Run the node until SIGINT or SIGTERM."""
    return spin_until_stopped(SimulatorNode)


if __name__ == "__main__":
    sys.exit(main())
