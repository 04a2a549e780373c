"""The policy node over real ROS: what it publishes is what the runtime says, and it is silent when it should be.

Its control ticks are started by messages, not by a clock, so that time here is the stamps the test chooses.
"""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import pytest
import yaml

from alam_ros.contract import ActionCodec
from alam_ros.runtime import PolicyRuntime, RiskLevel
from tests.contract.samples import odometry, scan, step_samples, training_observations
from tests.support.policies import answer, navigation_contract, write_sample_policy
from tests.support.ros import RosGraph, Transition

from alam_ros.msg import RiskEstimate  # isort: skip
from alam_ros.nodes.qos import COMMAND, DIAGNOSTICS, RISK  # isort: skip
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus  # isort: skip
from geometry_msgs.msg import Twist, TwistStamped  # isort: skip
from rcl_interfaces.srv import SetParameters  # isort: skip
from rclpy.node import Node  # isort: skip
from rclpy.parameter import Parameter  # isort: skip
from rclpy.time import Time  # isort: skip
from sensor_msgs.msg import LaserScan  # isort: skip
from tests.nodes.driver import SensorDriver  # isort: skip

CONTRACT = navigation_contract()
SCORES = ("probability", "horizon", "cost_value", "threshold", "margin", "multiplier", "effective_multiplier", "novelty")


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    return write_sample_policy(tmp_path / "policy.alam")


class Session:
    """A policy node at work, driven step by step."""

    def __init__(self, ros: RosGraph, policy: Path, *, namespace: str = "", **parameters: object) -> None:
        self.ros = ros
        self.process = ros.start("policy_node", parameters={"policy": str(policy), **parameters}, namespace=namespace)
        self.risks = ros.collect(RiskEstimate, f"{namespace}/alam/risk", RISK)
        self.actions = ros.collect(TwistStamped, f"{namespace}/policy/action", COMMAND)
        self.statuses: list[DiagnosticArray] = ros.collect(DiagnosticArray, "/diagnostics", DIAGNOSTICS)
        ros.configure_and_activate(f"{namespace}/policy")
        self.driver = SensorDriver(ros, CONTRACT, namespace)
        self.driver.connect(step_samples(0), lambda: self.risks and self.actions)

    def step(self, number: int) -> RiskEstimate:
        """Play one step and return the estimate that answers it."""
        return self.driver.answer(self.risks, self.driver.publish(number, step_samples(number)))

    def wait_for_status(self, level: bytes, text: str) -> DiagnosticStatus:
        found: list[DiagnosticStatus] = []

        def is_reported() -> bool:
            found.extend(s for m in self.statuses for s in m.status if s.level == level and text in s.message)
            return bool(found)

        self.ros.wait_for(is_reported, f"diagnostics with `{text}`")
        return found[0]


def values(status: DiagnosticStatus) -> dict[str, str]:
    return {item.key: item.value for item in status.values}


def test_action_and_risk_are_the_runtimes_own(ros: RosGraph, policy: Path) -> None:
    session = Session(ros, policy)
    runtime, codec = PolicyRuntime.load(policy), ActionCodec(CONTRACT.action)
    for step, observation in enumerate(training_observations(6)):
        risk = session.step(step)
        action = session.driver.answer(session.actions, risk.header.stamp)
        normalised, expected, at_rest = answer(runtime, observation)
        assert risk.header.frame_id == action.header.frame_id == "base_link"
        assert [action.twist.linear.x, action.twist.angular.z] == list(risk.action) == codec.to_physical(normalised).tolist()
        assert {name: getattr(risk, name) for name in SCORES} == {name: getattr(expected, name) for name in SCORES}
        assert (risk.rest_probability, risk.rest_cost_value) == (at_rest.probability, at_rest.cost_value)
        assert risk.policy_id == runtime.policy_id
        assert risk.inference_time > 0.0


@pytest.mark.parametrize("junk", [b"\x00\x01\x00\x00junk", b"\xff" * 700], ids=["too short", "another encoding"])
def test_bytes_that_are_no_message_are_ignored(ros: RosGraph, policy: Path, junk: bytes) -> None:
    session = Session(ros, policy)
    for topic in ("odom", "scan", "goal"):
        session.driver.publish_bytes(topic, junk)
    ros.wait_for(lambda: "ignored on `" in session.process.output(), "a warning")
    assert session.step(0).probability > 0.0


def test_levels_follow_the_parameters_at_run_time(ros: RosGraph, policy: Path) -> None:
    session = Session(ros, policy)
    probability = session.step(0).probability
    assert 0.0 < probability < 1.0

    def set_parameters(**levels: float) -> Any:
        request = SetParameters.Request(
            parameters=[Parameter(name, value=value).to_parameter_msg() for name, value in levels.items()]
        )
        return ros.call(SetParameters, "/policy/set_parameters", request).results

    (refused,) = set_parameters(caution_probability=0.9)
    assert not refused.successful
    assert "`caution_probability` not above `danger_probability`" in refused.reason
    for caution, danger, level in ((0.0, 1.0, RiskLevel.CAUTION), (0.0, 0.0, RiskLevel.DANGER)):
        assert all(result.successful for result in set_parameters(caution_probability=caution, danger_probability=danger))
        # The same observation again: a gap starts the histories anew.
        stamp = session.driver.publish(100 + 100 * level, step_samples(0))
        assert session.driver.answer(session.risks, stamp).level == level


def test_what_was_never_seen_in_training_has_no_level(ros: RosGraph, tmp_path: Path) -> None:
    session = Session(ros, write_sample_policy(tmp_path / "narrow.alam", novelty=(-0.01, 0.01)))
    risk = session.step(0)
    assert risk.novelty > 1.0
    assert risk.level == RiskEstimate.UNKNOWN
    ros.wait_for(lambda: "unlike training: the channel `" in session.process.output(), "a log of what is unlike")
    steps = itertools.count(1)

    def is_told() -> bool:
        session.step(next(steps))
        return any(s.level == DiagnosticStatus.WARN and "training" in s.message for m in session.statuses for s in m.status)

    ros.wait_for(is_told, "diagnostics of a policy that acts in the unknown")


@pytest.mark.parametrize(
    ("seed", "ratios", "levels"),
    [
        (145, [2.036, 2.007, 1.979, 1.951], [RiskLevel.DANGER, RiskLevel.DANGER, RiskLevel.CAUTION, RiskLevel.CAUTION]),
        (159, [1.032, 1.010, 0.989, 0.968], [RiskLevel.CAUTION, RiskLevel.CAUTION, RiskLevel.NOMINAL, RiskLevel.NOMINAL]),
    ],
    ids=["danger from twice the threshold", "caution from the threshold"],
)
def test_without_calibration_the_probability_is_nan_and_the_cost_value_decides(
    ros: RosGraph, tmp_path: Path, seed: int, ratios: list[float], levels: list[RiskLevel]
) -> None:
    session = Session(ros, write_sample_policy(tmp_path / "uncalibrated.alam", calibration=None, seed=seed))
    risks = [session.step(step) for step in range(4)]
    assert all(math.isnan(risk.probability) for risk in risks)
    assert [risk.cost_value / risk.threshold for risk in risks] == pytest.approx(ratios, abs=1e-3)
    assert [risk.level for risk in risks] == levels


def test_levels_are_the_messages_constants() -> None:
    assert {level.name: int(level) for level in RiskLevel} == {
        name: getattr(RiskEstimate, name) for name in ("UNKNOWN", "NOMINAL", "CAUTION", "DANGER")
    }


def test_a_value_that_is_not_finite_silences_the_policy_and_is_reported(ros: RosGraph, policy: Path) -> None:
    session = Session(ros, policy)
    session.step(0)
    broken = session.driver.publish(1, {**step_samples(1), "odom": odometry(speed=math.nan)})
    session.step(2)
    assert broken not in [risk.header.stamp for risk in session.risks]
    assert broken not in [action.header.stamp for action in session.actions]
    ros.wait_for(lambda: "no action: expected finite values in the channel `velocity`" in session.process.output(), "a warning")


def test_silent_sensors_are_reported_with_their_age(ros: RosGraph, policy: Path) -> None:
    session = Session(ros, policy)
    session.step(0)
    status = session.wait_for_status(DiagnosticStatus.ERROR, "stale: scan, velocity")
    assert float(values(status)["age of scan (s)"]) > 0.5
    assert status.hardware_id == PolicyRuntime.load(policy).policy_id


def test_channels_without_data_are_named_in_the_diagnostics(ros: RosGraph, policy: Path) -> None:
    statuses: list[DiagnosticArray] = ros.collect(DiagnosticArray, "/diagnostics", DIAGNOSTICS)
    ros.start("policy_node", parameters={"policy": str(policy)})
    ros.wait_for(lambda: any(s.message == "not configured" for m in statuses for s in m.status), "the unconfigured state")
    ros.configure_and_activate("/policy")
    expected = "no data yet on scan, velocity, goal"
    ros.wait_for(lambda: any(s.message == expected for m in statuses for s in m.status), "the missing channels")


def test_actions_that_nothing_takes_are_told(ros: RosGraph, policy: Path) -> None:
    process = ros.start("policy_node", parameters={"policy": str(policy)})
    risks = ros.collect(RiskEstimate, "/alam/risk", RISK)
    statuses: list[DiagnosticArray] = ros.collect(DiagnosticArray, "/diagnostics", DIAGNOSTICS)
    ros.configure_and_activate("/policy")
    driver = SensorDriver(ros, CONTRACT, "")
    driver.connect(step_samples(0), lambda: risks)
    steps = itertools.count()

    def drive_until(summary: str) -> None:
        def is_reported() -> bool:
            driver.publish(step := next(steps), step_samples(step % 10))
            return any(status.message == summary for message in statuses for status in message.status)

        ros.wait_for(is_reported, f"diagnostics with `{summary}`")

    drive_until("acting, and nothing takes its actions")
    assert process.output().count("nothing subscribes to /policy/action") == 1
    ros.collect(TwistStamped, "/policy/action", COMMAND)
    statuses.clear()
    drive_until("acting")


def test_by_the_sensors_of_two_robots_nothing_is_done(ros: RosGraph, policy: Path) -> None:
    session = Session(ros, policy)
    steps = itertools.count()
    other = Node("other", context=ros.context)
    ros.add(other)
    foreign = other.create_publisher(LaserScan, "/scan", 1)

    def drive_until(summary: str) -> None:
        session.statuses.clear()

        def is_reported() -> bool:
            session.driver.publish(step := next(steps), step_samples(step % 10))
            return any(status.message == summary for message in session.statuses for status in message.status)

        ros.wait_for(is_reported, f"diagnostics with `{summary}`")

    expected = "several nodes publish on /scan: a robot has one of each"
    drive_until(expected)
    assert f"no action: {expected}" in session.process.output()
    first = session.driver.publish(next(steps), step_samples(0))
    drive_until(expected)
    drive_until(expected)
    late = [m.header.stamp for m in (*session.risks, *session.actions) if Time.from_msg(m.header.stamp) >= Time.from_msg(first)]
    assert not late
    other.destroy_publisher(foreign)
    drive_until("acting")


def test_a_slower_sensor_than_trained_is_reported(ros: RosGraph, policy: Path) -> None:
    session = Session(ros, policy)
    steps = iter(range(0, 10_000, 2))
    session.statuses.clear()

    def is_reported() -> bool:
        session.step(next(steps))
        return any("trained with 0.100 s" in s.message for m in session.statuses for s in m.status)

    ros.wait_for(is_reported, "the control period's mismatch")


def test_a_sensor_slower_than_the_control_ticks_is_named(ros: RosGraph, policy: Path) -> None:
    session = Session(ros, policy)
    steps = iter(range(10_000))

    def step_on() -> None:
        step = next(steps)
        samples = step_samples(step)
        session.driver.publish(step, samples if step % 2 == 0 else {"scan": samples["scan"]})

    ros.node.create_timer(CONTRACT.control_period, step_on)
    session.wait_for_status(DiagnosticStatus.WARN, "ticks with data of different times on odom")


def test_a_clock_set_back_starts_the_histories_anew(ros: RosGraph, policy: Path) -> None:
    session = Session(ros, policy)
    for step in range(40, 44):
        session.step(step)
    runtime = PolicyRuntime.load(policy)
    for step, observation in enumerate(training_observations(4)):
        assert session.step(step).cost_value == answer(runtime, observation)[1].cost_value


def test_stamps_of_one_sensor_that_jump_back_and_return_do_not_lose_the_goal(ros: RosGraph, policy: Path) -> None:
    session = Session(ros, policy)
    session.step(0)
    for step in range(1, 4):
        session.driver.publish(step - 36_000, {"odom": step_samples(step)["odom"]})
        session.driver.publish(step, {"scan": step_samples(step)["scan"]})
    told = "goal since stamps on `odom` jumped back by 3599.90 s"
    ros.wait_for(lambda: told in session.process.output(), "a warning that says whose stamps they are")
    assert "publish again what is latched" in session.process.output()
    samples = step_samples(4)
    stamp = session.driver.publish(4, {topic: samples[topic] for topic in ("odom", "scan")})
    session.driver.answer(session.risks, stamp)


def test_an_inactive_policy_is_silent_and_resumes_with_its_goal(ros: RosGraph, policy: Path) -> None:
    session = Session(ros, policy)
    session.step(0)
    assert ros.change_state("/policy", Transition.TRANSITION_DEACTIVATE)
    silent = session.driver.publish(1, step_samples(1))
    assert ros.change_state("/policy", Transition.TRANSITION_ACTIVATE)
    samples = step_samples(2)
    stamp = session.driver.publish(2, {topic: samples[topic] for topic in ("scan", "odom")})
    session.driver.answer(session.risks, stamp)
    assert silent not in [risk.header.stamp for risk in session.risks]


def test_two_robots_keep_apart_by_their_namespaces(ros: RosGraph, policy: Path, tmp_path: Path) -> None:
    other = write_sample_policy(tmp_path / "other.alam", seed=7)
    first, second = Session(ros, policy, namespace="/one"), Session(ros, other, namespace="/two")
    assert first.step(0).policy_id == PolicyRuntime.load(policy).policy_id
    assert second.step(0).policy_id == PolicyRuntime.load(other).policy_id
    assert len({risk.policy_id for risk in first.risks}) == len({risk.policy_id for risk in second.risks}) == 1


def test_a_robot_may_name_topics_and_frames_of_its_own(ros: RosGraph, policy: Path, tmp_path: Path) -> None:
    mapping = CONTRACT.to_mapping()
    mapping["observation"][0].update(topic="front/scan", frame="laser")
    mapping["action"].update(type="geometry_msgs/msg/Twist", frame="body")
    robot = tmp_path / "robot.yaml"
    robot.write_text(yaml.safe_dump(mapping))
    ros.start("policy_node", parameters={"policy": str(policy), "robot": str(robot)})
    risks, actions = ros.collect(RiskEstimate, "/alam/risk", RISK), ros.collect(Twist, "/policy/action", COMMAND)
    ros.configure_and_activate("/policy")
    from alam_ros.contract import Contract

    samples = {"front/scan": scan(frame="laser"), "odom": odometry(), "goal": step_samples(0)["goal"]}
    SensorDriver(ros, Contract.load(robot)).connect(samples, lambda: risks and actions)
    assert risks[0].header.frame_id == "body"


def refusal(ros: RosGraph, **parameters: object) -> str:
    """Start a node that must refuse to configure and return what it printed."""
    process = ros.start("policy_node", parameters=parameters)
    assert not ros.change_state("/policy", Transition.TRANSITION_CONFIGURE)
    assert ros.state("/policy") == "unconfigured"
    return process.output()


def test_configure_refuses_a_damaged_file_with_the_reason(ros: RosGraph, policy: Path) -> None:
    data = bytearray(policy.read_bytes())
    data[len(data) // 2] ^= 0xFF
    policy.write_bytes(data)
    output = refusal(ros, policy=str(policy))
    assert f"cannot configure: expected {policy} to be an intact zip archive" in output
    assert "Traceback" not in output


def test_configure_refuses_a_missing_parameter(ros: RosGraph) -> None:
    assert "expected the parameter `policy`; found an empty path" in refusal(ros)


def test_configure_refuses_a_robot_the_policy_was_not_trained_for(ros: RosGraph, policy: Path, tmp_path: Path) -> None:
    mapping = CONTRACT.to_mapping()
    mapping["control_period"] = 0.05
    mapping["action"]["components"][0]["high"] = 1.5
    robot = tmp_path / "robot.yaml"
    robot.write_text(yaml.safe_dump(mapping))
    output = refusal(ros, policy=str(policy), robot=str(robot))
    assert "control_period: 0.05 s where the policy has 0.1 s" in output
    assert "linear.x.high: 1.5 where the policy has 0.7" in output


@pytest.mark.parametrize("signal", ["terminate", "interrupt"])
def test_a_signal_ends_the_node_in_order(ros: RosGraph, policy: Path, signal: str) -> None:
    session = Session(ros, policy)
    assert getattr(session.process, signal)() == 0
    assert "Traceback" not in session.process.output()
