"""Which limits and which message the gate works with, and what it refuses."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="tests over real ROS need the packages of `make`")

from builtin_interfaces.msg import Time
from geometry_msgs.msg import Twist, TwistStamped, Vector3
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Float64MultiArray, Header
from trajectory_msgs.msg import JointTrajectory

from alam_ros.contract import ActionComponent, ActionSpec, Contract
from alam_ros.errors import AlamError
from alam_ros.gate import GateConfig
from alam_ros.nodes.gated_command import gated_command
from alam_ros.onboard.gate_session import GateEvent, GateSession
from alam_ros.onboard.gate_settings import FIXED, WITHOUT_DEFAULT
from alam_ros.onboard.gated_action import contract_of
from alam_ros.resources import config_path

NAVIGATION = config_path("contracts/navigation.yaml")
LIMITS = {"limits.components": ["linear.x", "angular.z"], "limits.low": [-0.5, -2.0], "limits.high": [0.7, 2.0]}


def values(**changes: Any) -> dict[str, Any]:
    """Return the parameters' values."""
    return {name: default for name, (default, _) in FIXED.items()} | dict.fromkeys(WITHOUT_DEFAULT) | changes


def explicit(**changes: Any) -> dict[str, Any]:
    return values(**LIMITS) | changes


def test_a_contract_gives_the_limits_and_locks_what_it_does_not_name():
    contract = contract_of(values(robot=str(NAVIGATION)))
    assert contract is not None
    command = gated_command(values(), contract)
    limits = dict(zip(command.limits.names, zip(command.limits.low, command.limits.high, strict=True), strict=True))
    named = {component.name: (component.low, component.high) for component in contract.action.components}
    assert limits == dict.fromkeys(limits, (0.0, 0.0)) | named
    assert command.limits.slew is None
    assert command.frame == contract.action.frame
    assert gated_command(values(cmd_vel_out_topic=""), contract).topic == contract.action.topic
    assert gated_command(values(cmd_vel_out_topic="drive"), contract).topic == "drive"


@pytest.mark.parametrize(("is_stamped", "kind"), [(True, TwistStamped), (False, Twist)])
def test_every_component_of_a_twist_is_read_and_written(is_stamped: bool, kind: type):
    command = gated_command(explicit(enable_stamped_cmd_vel=is_stamped), None)
    message = command.port_out.message(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), 7)
    data = message if isinstance(message, bytes) else serialize_message(message)
    twist = deserialize_message(data, kind)
    twist = twist.twist if is_stamped else twist
    assert (twist.linear, twist.angular) == (Vector3(x=1.0, y=2.0, z=3.0), Vector3(x=4.0, y=5.0, z=6.0))
    assert command.port_in.received(data).values.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


@pytest.mark.parametrize("kind", [TwistStamped, Twist])
def test_a_contract_says_whether_commands_are_stamped_unless_the_parameter_does(kind: type):
    contract = Contract.load(NAVIGATION)
    name = f"geometry_msgs/msg/{kind.__name__}"
    contract = replace(contract, action=replace(contract.action, type=name))
    ours, forced = gated_command(values(), contract), gated_command(values(enable_stamped_cmd_vel=kind is Twist), contract)
    assert ours.port_in.message_type is ours.port_out.message_type is kind
    assert forced.port_in.message_type is forced.port_out.message_type is not kind


@pytest.mark.parametrize(("is_stamped", "kind"), [(True, TwistStamped), (False, Twist)])
def test_a_commander_may_use_the_other_twist(is_stamped: bool, kind: type):
    command = gated_command(explicit(enable_stamped_cmd_vel=not is_stamped, enable_stamped_cmd_vel_in=is_stamped), None)
    assert command.port_in.message_type is kind
    assert command.port_out.message_type is not kind
    twist = Twist(linear=Vector3(x=0.5), angular=Vector3(z=-1.0))
    message = TwistStamped(header=Header(stamp=Time(sec=3)), twist=twist) if is_stamped else twist
    received = command.port_in.received(serialize_message(message))
    passed = (
        command.port_out.message_under(received.values, received.header)
        if is_stamped
        else command.port_out.message(received.values, 7)
    )
    if isinstance(passed, bytes):
        passed = deserialize_message(passed, TwistStamped)
        assert passed.header.stamp == Time(nanosec=7)
    assert (passed if is_stamped else passed.twist) == twist


@pytest.mark.parametrize("kind", [Float64MultiArray, JointTrajectory])
def test_a_command_of_joints_keeps_the_components_of_its_contract(kind: type):
    spec = ActionSpec(
        topic="cmd",
        type=f"{kind.__module__.split('.')[0]}/msg/{kind.__name__}",  # type: ignore[arg-type]
        components=(ActionComponent(name="a", unit="rad/s", low=-1.0, high=2.0),),
    )
    command = gated_command(values(), replace(Contract.load(NAVIGATION), action=spec))
    assert command.port_in.message_type is command.port_out.message_type is kind
    assert (command.limits.names, command.limits.low, command.limits.high) == (("a",), (-1.0,), (2.0,))


@pytest.mark.parametrize(("value", "cause"), [(0.0, "out_of_limits"), (math.nan, "non_finite")])
def test_of_a_command_of_far_too_many_numbers_only_what_refuses_it_is_kept(value: float, cause: str):
    components = tuple(ActionComponent(name=name, unit="rad/s", low=-1.0, high=1.0) for name in ("a", "b"))
    spec = ActionSpec(topic="cmd", type="std_msgs/msg/Float64MultiArray", components=components)
    command = gated_command(values(), replace(Contract.load(NAVIGATION), action=spec))
    session = GateSession()
    session.take(GateEvent.configuration(0.0, GateConfig(limits=command.limits, risk_source="command"), is_first=True))
    message = serialize_message(Float64MultiArray(data=[value] * 1_000_000))
    session.take(GateEvent.command(0.0, command.port_in.received(message).values))
    decision = session.tick(0.0).decision
    assert decision.cause == cause
    assert len(decision.detail) < 100
    assert max(len(event.values) for event in session.drain()) == 3


def test_slew_is_limited_on_request_only():
    slews = {"limits.slew": [1.0, 3.0]}
    assert gated_command(explicit(**slews), None).limits.slew is None
    assert gated_command(explicit(**slews, limit_slew=True), None).limits.slew == (1.0, *(math.inf,) * 4, 3.0)


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        (values(), "limits from one place"),
        (explicit(robot=str(NAVIGATION)), "limits from one place"),
        (explicit(robot="/nowhere.yaml"), "/nowhere.yaml"),
        (explicit(policy="/nowhere.alam"), "/nowhere.alam"),
        (explicit(**{"limits.low": [0.0]}), "1 low"),
        (explicit(**{"limits.high": None}), "0 high"),
        (explicit(**{"limits.components": ["linear.x", "yaw"]}), "yaw"),
        (explicit(**{"limits.low": [0.1, -1.0]}), "zero, the command of rest"),
        (explicit(limit_slew=True), "limit_slew"),
        (explicit(cmd_vel_out_topic=""), "a topic in `cmd_vel_out_topic`"),
    ],
)
def test_limits_that_cannot_be_used_are_refused_with_the_reason(parameters: dict[str, Any], reason: str):
    with pytest.raises(AlamError, match=reason):
        gated_command(parameters, contract_of(parameters))
