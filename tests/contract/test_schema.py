"""A contract survives its own file, and what is wrong with one is said."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from alam_ros.contract import Channel, Contract
from alam_ros.contract.schema import MEANING
from alam_ros.errors import ContractError
from alam_ros.onboard.gate_settings import topic_timeouts
from alam_ros.resources import config_path
from tests.support.policies import navigation_contract

CONTRACT = navigation_contract()


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    mapping = copy.deepcopy(CONTRACT.to_mapping())
    change(mapping)
    return mapping


def test_a_contract_survives_its_plain_form(tmp_path: Path) -> None:
    assert Contract.from_mapping(CONTRACT.to_mapping()) == CONTRACT
    path = tmp_path / "contract.yaml"
    path.write_text(yaml.safe_dump(CONTRACT.to_mapping()))
    assert Contract.load(path) == CONTRACT


def test_topics_are_listed_once_with_references() -> None:
    assert CONTRACT.topics() == (
        ("scan", "sensor_msgs/msg/LaserScan"),
        ("odom", "nav_msgs/msg/Odometry"),
        ("goal", "geometry_msgs/msg/PoseStamped"),
    )


def test_a_topic_is_latched_when_no_channel_of_it_can_become_stale() -> None:
    assert CONTRACT.latched_topics == {"goal"}
    odometry = Contract.from_mapping(
        changed(lambda m: m["observation"].append({**m["observation"][1], "name": "late", "timeout": None}))
    )
    assert odometry.latched_topics == {"goal"}


def test_what_a_goal_with_a_timeout_is_seen_from_is_watched_as_well() -> None:
    def follow(mapping: dict[str, Any]) -> None:
        del mapping["observation"][1]
        mapping["observation"][1].update(timeout=0.2)

    contract = Contract.from_mapping(changed(follow))
    assert contract.latched_topics == frozenset()
    assert topic_timeouts(contract) == {"scan": 0.5, "goal": 0.2, "odom": 0.2}


@pytest.mark.parametrize(
    ("index", "name"),
    [(0, "`scan`, element 0, 0"), (36, "`scan`, element 0, 3"), (73, "`velocity`, element 1"), (76, "`goal`, element 2")],
)
def test_an_element_of_the_observation_has_a_name(index: int, name: str) -> None:
    assert name in CONTRACT.element_name(index)


def test_an_element_of_joint_states_is_told_with_its_joint() -> None:
    contract = Contract.load(config_path("contracts/arm_reach.yaml"))
    joint = contract.observation[0].joints[2]
    assert contract.element_name(2) == f"the channel `{contract.observation[0].name}`, element 2 (joint `{joint}`), 0 ticks ago"


def test_there_is_no_element_beyond_the_last() -> None:
    with pytest.raises(IndexError, match="77"):
        CONTRACT.element_name(77)


WRONG: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "unknown key": (lambda m: m["observation"][0].update(topics="x"), r"observation\[0\]\.topics"),
    "unknown field": (lambda m: m["observation"][0].update(field="intensities"), "intensities"),
    "wrong size": (lambda m: m["observation"][1].update(size=3), "size 2"),
    "no history": (lambda m: m["observation"][0].update(history=0), "at least 1"),
    "no reference": (lambda m: m["observation"][2].update(reference_topic=""), "reference_topic"),
    "needless reference": (lambda m: m["observation"][1].update(reference_topic="odom"), "no `reference_topic`"),
    "scan without range": (lambda m: m["observation"][0].update(range=None), "`range` for `ranges`"),
    "crossed range": (lambda m: m["observation"][0].update(range=[3.0, 0.0]), "low < high"),
    "no range at all": (lambda m: m["observation"][1].update(range=[]), "one range or 2; found 0 ranges"),
    "ranges by sector": (
        lambda m: m["observation"][0].update(range=[[0.1, 3.0], *[[0.1, 9.0]] * (m["observation"][0]["size"] - 1)]),
        "one range for all sectors",
    ),
    "a timeout of ever": (lambda m: m["observation"][1].update(timeout=float("inf")), "of 60 s at most"),
    "too few ranges": (lambda m: m["observation"][1].update(range=[[0.0, 1.0]]), "one range or 2"),
    "more than one turn": (lambda m: m["observation"][0].update(angle_max=4.0), "one turn"),
    "no patience": (lambda m: m["observation"][0].update(timeout=0.0), "timeout above 0"),
    "unwatched reference": (lambda m: m["observation"][1].update(timeout=None), "its silence would go unnoticed"),
    "latched trigger": (lambda m: m.update(trigger="goal"), "`goal`, which is latched"),
    "trigger too slow for its timeout": (
        lambda m: m.update(control_period=0.5),
        "above the control_period of 0.5 s; found 0.5 s",
    ),
    "no topic": (lambda m: m["observation"][0].update(topic=""), "correct `topic` of the channel `scan`"),
    "a topic that begins with a digit": (lambda m: m["observation"][0].update(topic="2scan"), "the name of a topic"),
    "a topic with a space": (lambda m: m["observation"][2].update(reference_topic="my odom"), "correct `reference_topic`"),
    "a topic with two slashes": (lambda m: m["action"].update(topic="base//cmd_vel"), "correct `topic` of the action"),
    "degrees": (lambda m: m["observation"][0].update(sensor_yaw=180), "sensor_yaw in rad"),
    "unknown trigger": (lambda m: m.update(trigger="camera"), "camera"),
    "double name": (lambda m: m["observation"][1].update(name="scan"), "different names"),
    "an action on an observed topic, written otherwise": (
        lambda m: m["action"].update(topic="/odom"),
        "another topic for the action",
    ),
    "an action on a topic of ours": (lambda m: m["action"].update(topic="/alam/risk"), "which is ours"),
    "an action on an observed topic": (lambda m: m["action"].update(topic="odom"), "another topic for the action than `odom`"),
    "two types for a topic": (lambda m: m["observation"][1].update(topic="scan"), "one type"),
    "two frames for a topic": (
        lambda m: m["observation"].append({**m["observation"][0], "name": "rear", "frame": "rear_laser"}),
        r"one frame for the topic `scan`; found `\w+` for `scan` and `rear_laser` for `rear`",
    ),
    "no channels": (lambda m: m.update(observation=[]), "at least one channel"),
    "no period": (lambda m: m.update(control_period=0.0), "control_period"),
    "no action": (lambda m: m["action"].update(components=[]), "action component"),
    "crossed limits": (lambda m: m["action"]["components"][0].update(low=1.0), "low < high"),
    "a slip of the pen": (lambda m: m["observation"][0].update(size=10**30), "at most 100,000 elements"),
    "a timeout that no float holds": (lambda m: m["observation"][0].update(timeout=10**400), "a number that a float64 can hold"),
    "negative slew": (lambda m: m["action"]["components"][0].update(slew=-1.0), "slew"),
    "unknown action type": (lambda m: m["action"].update(type="geometry_msgs/msg/Wrench"), r"action\.type"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_contract_is_said(name: str) -> None:
    change, message = WRONG[name]
    with pytest.raises(ContractError, match=message):
        Contract.from_mapping(changed(change))


IMU, JOINTS, ARRAY = "sensor_msgs/msg/Imu", "sensor_msgs/msg/JointState", "std_msgs/msg/Float32MultiArray"


@pytest.mark.parametrize("frame", ["", None], ids=["any frame", "the same frame"])
def test_channels_of_one_topic_may_be_of_one_frame_or_take_any(frame: str | None) -> None:
    def append(mapping: dict[str, Any]) -> None:
        first = mapping["observation"][0]
        mapping["observation"].append({**first, "name": "rear", "frame": first["frame"] if frame is None else frame})

    assert len(Contract.from_mapping(changed(append)).observation) == 4


@pytest.mark.parametrize(
    ("kind", "field", "key", "value"),
    [
        (IMU, "gravity", "sensor_yaw", 1.57),
        (IMU, "gravity", "inverted", True),
        (IMU, "angular_velocity", "angle_min", 0.0),
        (IMU, "linear_acceleration", "first", 1),
        (JOINTS, "position", "frame", "base_link"),
        (JOINTS, "velocity", "array_size", 9),
        (ARRAY, "data", "frame", "base_link"),
        (ARRAY, "data", "zero", "no_return"),
        ("nav_msgs/msg/Odometry", "twist", "sensor_yaw", 3.14),
    ],
)
def test_a_key_that_a_channel_would_not_heed_is_refused(kind: str, field: str, key: str, value: Any) -> None:
    size = 2 if field == "twist" else 3
    channel = {"name": "sensor", "topic": "sensor", "type": kind, "field": field, "size": size}
    channel["joints"] = ("a", "b", "c") if kind == JOINTS else ()
    assert Channel(**channel)
    with pytest.raises(ContractError, match=f"no `{key}`, which `{field}` of {kind} does not heed.*leave `{key}` of the channel"):
        Channel(**channel, **{key: value})


def test_a_file_that_is_absent_or_no_yaml_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"absent\.yaml"):
        Contract.load(tmp_path / "absent.yaml")
    (tmp_path / "broken.yaml").write_text("a: [")
    with pytest.raises(ContractError, match=r"broken\.yaml"):
        Contract.load(tmp_path / "broken.yaml")


@pytest.mark.parametrize("text", ["name: 2024-13-45", "a: !!int foo", "a: !!map foo", "? []\n: 1\n? []\n: 2", "[" * 3000])
def test_what_pyyaml_answers_with_other_errors_is_no_yaml_either(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.yaml").write_text(text)
    with pytest.raises(ContractError, match=r"YAML in .*odd\.yaml"):
        Contract.load(tmp_path / "odd.yaml")


def test_a_key_that_stands_there_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "twice.yaml").write_text("name: robot\ntrigger: scan\ntrigger: goal\n")
    with pytest.raises(ContractError, match=r"`trigger` stands there twice[\s\S]*line"):
        Contract.load(tmp_path / "twice.yaml")


@pytest.mark.parametrize("topic", ["scan", "/scan", "~/scan", "front/scan_2", "_scan", "/a/b/C"])
def test_names_of_which_ros_makes_topics_are_taken(topic: str) -> None:
    Contract.from_mapping(changed(lambda mapping: mapping["observation"][0].update(topic=topic)))


def test_topics_frames_and_timeouts_may_differ_between_robots() -> None:
    def rename(mapping: dict[str, Any]) -> None:
        mapping["observation"][0].update(topic="front_laser", frame="laser", timeout=1.0)
        mapping["observation"][0].update(sensor_yaw=0.5, inverted=True, zero="no_return")
        mapping["action"].update(topic="cmd_vel_raw", type="geometry_msgs/msg/Twist")

    assert CONTRACT.differences(Contract.from_mapping(changed(rename))) == ()


def arm(joints: str, *, action: str = "") -> Contract:
    """Return the arm's contract for joints of other names, each a letter, observed and commanded in these orders."""
    mapping = yaml.safe_load(config_path("contracts/arm_reach.yaml").read_text())
    for channel in mapping["observation"][:2]:
        channel["joints"] = list(joints)
    for name, component in zip(action or joints, mapping["action"]["components"], strict=True):
        component.update(name=name, low=-1.0, high=1.0)
    return Contract.from_mapping(mapping)


def test_joints_of_another_robot_may_have_other_names_but_no_other_order() -> None:
    assert arm("abcdefg").differences(arm("tuvwxyz")) == ()
    shuffled = arm("abcdefg").differences(arm("bacdefg", action="abcdegf"))
    assert [text.partition(":")[0] for text in shuffled] == ["joint_positions", "joint_velocities", "action"]
    assert "joints in the order ['b', 'a'" in shuffled[0]


def test_joints_of_other_names_are_observed_and_commanded_in_the_order_of_training() -> None:
    (difference,) = arm("abcdefg").differences(arm("tuvwxyz", action="vutwxyz"))
    assert difference.startswith("action: joints in the order ['v', 'u', 't', 'w', ")
    assert "and in `joint_positions` ['t', 'u', 'v', 'w', " in difference


def test_a_robot_that_names_a_joint_otherwise_where_it_is_commanded_is_taken() -> None:
    assert arm("abcdefg").differences(arm("tuvwxyz", action="ABCDEFG")) == ()
    assert arm("abcdefg").differences(arm("tuvwxyz", action="abcdefg")) == ()
    assert arm("abcdefg", action="gfedcba").differences(arm("tuvwxyz", action="zyxwvut")) == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.update(control_period=0.05), r"control_period: 0\.05 s where the policy has 0\.1 s"),
        (lambda m: m["action"]["components"][0].update(name="linear.y"), r"linear\.x\.name: 'linear\.y' where"),
        (lambda m: m["observation"][0].update(size=18), r"scan\.size: 18 where the policy has 36"),
        (lambda m: m["observation"][0].update(range=[0.0, 5.0]), r"scan\.range"),
        (lambda m: m["observation"].reverse(), r"scan\.name"),
        (lambda m: m["observation"].pop(1) and m["observation"][1].update(timeout=0.5), "channels: scan, goal where the policy"),
        (lambda m: m["action"]["components"][0].update(high=1.0), r"linear\.x\.high: 1\.0 where the policy has 0\.7"),
        (lambda m: m["action"]["components"][0].update(low=-1.0), r"linear\.x\.low: -1\.0 where the policy has -0\.3"),
        (lambda m: m["action"]["components"][0].update(unit="km/h"), r"linear\.x\.unit: 'km/h' where the policy has 'm/s'"),
        (
            lambda m: m.update(trigger="velocity") or m["observation"][0].update(timeout=None),
            r"scan\.timeout: none where the policy has 0\.5 s",
        ),
    ],
)
def test_what_the_policy_was_trained_on_may_not_differ(change: Callable[[dict[str, Any]], object], message: str) -> None:
    differences = CONTRACT.differences(Contract.from_mapping(changed(change)))
    assert re.search(message, "; ".join(differences))


@pytest.mark.parametrize(("name", "value"), [("unit", "rpm"), ("low", -0.5), ("high", 0.5)])
def test_what_a_joint_command_means_may_not_differ(name: str, value: Any) -> None:
    trained = arm("abcdefg")
    first, *others = trained.action.components
    action = replace(trained.action, components=(replace(first, **{name: value}), *others))
    expected = f"a.{name}: {value!r} where the policy has {getattr(first, name)!r}"
    assert trained.differences(replace(trained, action=action)) == (expected,)


STATE = Channel(
    name="state",
    topic="state",
    type="std_msgs/msg/Float32MultiArray",
    field="data",
    size=2,
    range=(0.1, 3.0),
    scale="exponential",
    decay=1.0,
    unit="m",
    history=2,
)
POSITION = Channel(name="state", topic="state", type="geometry_msgs/msg/PointStamped", field="position", size=3)
TURNS = Channel(name="state", topic="state", type="sensor_msgs/msg/Imu", field="angular_velocity", size=3)
SCAN = Channel(name="state", topic="state", type="sensor_msgs/msg/LaserScan", field="ranges", size=3, range=(0.0, 3.0))
OTHERWISE: dict[str, tuple[Channel, Channel]] = {
    "name": (STATE, replace(STATE, name="other")),
    "type": (POSITION, replace(POSITION, type="geometry_msgs/msg/PoseStamped")),
    "field": (TURNS, replace(TURNS, field="linear_acceleration")),
    "size": (STATE, replace(STATE, size=3)),
    "range": (STATE, replace(STATE, range=(0.1, 4.0))),
    "scale": (STATE, replace(STATE, scale="logarithmic", decay=None)),
    "decay": (STATE, replace(STATE, decay=2.0)),
    "power": (STATE, replace(STATE, power=0.5)),
    "unit": (STATE, replace(STATE, unit="cm")),
    "history": (STATE, replace(STATE, history=3)),
    "stride": (STATE, replace(STATE, stride=2)),
    "angle_min": (SCAN, replace(SCAN, angle_min=-1.0)),
    "angle_max": (SCAN, replace(SCAN, angle_max=1.0)),
}


@pytest.mark.parametrize("name", dict.fromkeys((*MEANING, *OTHERWISE)))
def test_what_a_channel_means_may_not_differ(name: str) -> None:
    trained, other = (replace(CONTRACT, trigger=channel.name, observation=(channel,)) for channel in OTHERWISE[name])
    expected = f"state.{name}: {getattr(other.observation[0], name)!r} where the policy has "
    assert trained.differences(trained) == ()
    assert any(found.startswith(expected) for found in trained.differences(other))
