"""Joint states are read by name."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alam_ros.contract import ActionComponent, ActionSpec, Channel, Contract, JointStateSample, ObservationSynchroniser
from alam_ros.contract.extractors import EXTRACTORS
from alam_ros.errors import ContractError, ObservationError

JOINTS = ("shoulder", "elbow", "wrist")
TYPE = "sensor_msgs/msg/JointState"


def channel(field: str = "position", joints: tuple[str, ...] = JOINTS, size: int = 3) -> Channel:
    return Channel(name="arm", topic="joint_states", type=TYPE, field=field, size=size, joints=joints)


def read(state: JointStateSample, field: str = "position") -> np.ndarray:
    return EXTRACTORS[(TYPE, field)](channel(field))({"joint_states": state})


def state(names: tuple[str, ...] = JOINTS) -> JointStateSample:
    numbers = np.array([float(1 + JOINTS.index(name)) if name in JOINTS else 99.0 for name in names])
    return JointStateSample(names, numbers, -numbers)


@given(order=st.permutations([*JOINTS, "finger_left", "finger_right"]))
def test_joints_are_found_by_name_in_any_order_and_others_left_out(order: list[str]) -> None:
    np.testing.assert_array_equal(read(state(tuple(order))), [1.0, 2.0, 3.0])
    np.testing.assert_array_equal(read(state(tuple(order)), "velocity"), [-1.0, -2.0, -3.0])


def test_an_order_that_changes_is_noticed() -> None:
    extractor = EXTRACTORS[(TYPE, "position")](channel())
    for names in (JOINTS, JOINTS[::-1], ("wrist", "shoulder", "elbow")):
        np.testing.assert_array_equal(extractor({"joint_states": state(names)}), [1.0, 2.0, 3.0])


def test_a_missing_joint_is_named_with_what_there_is() -> None:
    with pytest.raises(ObservationError, match=r"the joints elbow, wrist of the channel `arm`.*found shoulder, finger;"):
        read(state(("shoulder", "finger")))


def test_a_first_message_without_any_joint_is_refused() -> None:
    with pytest.raises(ObservationError, match="found no joints"):
        read(JointStateSample((), np.empty(0), np.empty(0)))


def test_another_devices_joint_states_on_the_same_topic_are_ignored() -> None:
    contract = Contract(
        name="arm",
        control_period=0.1,
        trigger="arm",
        observation=(channel(),),
        action=ActionSpec(
            topic="commands",
            type="std_msgs/msg/Float64MultiArray",
            components=(ActionComponent(name="shoulder", unit="rad/s", low=-1.0, high=1.0),),
        ),
    )
    synchroniser, ticks = ObservationSynchroniser(contract), []
    for step in range(5):
        for names, at in ((JOINTS, 0.1 * step), (("finger_left",), 0.1 * step + 0.06), ((), 0.1 * step + 0.07)):
            synchroniser.update("joint_states", state(names), stamp=at, received=at)
            while (tick := synchroniser.poll(at)) is not None:
                ticks.append(tick)
    assert [tick.stamp for tick in ticks] == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])
    for tick in ticks:
        np.testing.assert_array_equal(tick.observation, [1.0, 2.0, 3.0])
    wrong = ObservationSynchroniser(contract)
    wrong.update("joint_states", state(("finger_left",)), stamp=0.0, received=0.0)
    with pytest.raises(ObservationError, match=r"shoulder, elbow, wrist.*found finger_left"):
        wrong.poll(0.0)


def test_a_joint_named_twice_is_refused() -> None:
    with pytest.raises(ObservationError, match=r"elbow.*once each"):
        read(state((*JOINTS, "elbow")))


def test_velocities_that_nobody_filled_in_are_refused() -> None:
    positions_only = JointStateSample(JOINTS, np.zeros(3), np.empty(0))
    np.testing.assert_array_equal(read(positions_only), np.zeros(3))
    with pytest.raises(ObservationError, match="a velocity of each of the 3 joints on `joint_states`; found 0 values"):
        read(positions_only, "velocity")


@pytest.mark.parametrize("joints", [(), ("a", "b"), ("a", "b", "b")])
def test_a_channel_names_one_joint_for_each_element(joints: tuple[str, ...]) -> None:
    with pytest.raises(ContractError, match="3 different `joints` for `position`"):
        channel(joints=joints)


def test_other_channels_have_no_joints() -> None:
    with pytest.raises(ContractError, match="0 different `joints` for `data`"):
        Channel(name="a", topic="a", type="std_msgs/msg/Float32MultiArray", field="data", size=3, joints=JOINTS)
