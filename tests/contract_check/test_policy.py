"""A robot's contract is held against the policy that is to work by it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from alam_ros.cli.main import main
from alam_ros.contract import Channel, Contract
from alam_ros.resources import config_path
from tests.support.policies import navigation_contract, write_sample_policy

TURTLEBOT = config_path("contracts/turtlebot.yaml")


def check(policy: Path, contract: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    code = main(["contract", "check", str(contract), "--policy", str(policy)])
    return code, [line for line in capsys.readouterr().out.splitlines() if "policy " in line]


def test_the_example_of_another_robot_fits_the_shipped_policy(capsys: pytest.CaptureFixture[str]) -> None:
    policy = TURTLEBOT.parents[2] / "policies/navigation.alam"
    code, (line,) = check(policy, TURTLEBOT, capsys)
    assert (code, line.startswith("fits  policy "), "trained on what the contract describes" in line) == (0, True, True)


def test_what_the_policy_was_not_trained_on_has_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mapping = yaml.safe_load(TURTLEBOT.read_text())
    mapping["control_period"] = 0.2
    mapping["observation"][1]["range"] = [[-2.0, 2.0], [-2.5, 2.5]]
    (tmp_path / "faster.yaml").write_text(yaml.safe_dump(mapping))
    policy = TURTLEBOT.parents[2] / "policies/navigation.alam"
    code, lines = check(policy, tmp_path / "faster.yaml", capsys)
    assert code == 1
    assert [line.partition("something else: ")[2].partition(":")[0] for line in lines] == ["control_period", "velocity.range"]


def test_a_file_that_is_no_policy_is_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contract", "check", str(TURTLEBOT), "--policy", str(tmp_path / "absent.alam")]) == 2
    assert "absent.alam" in capsys.readouterr().err


def test_parts_of_an_array_that_lie_elsewhere_than_in_training_are_noted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    channel = Channel(
        name="speed", topic="state", type="std_msgs/msg/Float32MultiArray", field="data", size=3, first=0, array_size=5
    )
    trained = replace(navigation_contract(), trigger="speed", observation=(channel,))
    policy = write_sample_policy(tmp_path / "policy.alam", contract=trained)
    robot = replace(trained, observation=(replace(channel, topic="fcu", first=2),))
    (tmp_path / "robot.yaml").write_text(yaml.safe_dump(robot.to_mapping()))
    code, lines = check(policy, tmp_path / "robot.yaml", capsys)
    assert (code, lines[0].startswith("fits"), lines[1].startswith("note")) == (0, True, True)
    mine, theirs = "2 to 4 of the 5 on `fcu`, counted from 0", "0 to 2 of the 5 on `state`, counted from 0"
    assert f"speed: reads {mine}, and the policy was trained on {theirs}" in lines[1]


def test_what_never_varied_in_training_is_noted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = write_sample_policy(tmp_path / "policy.alam", novelty=(0.25, 0.25))
    (tmp_path / "robot.yaml").write_text(yaml.safe_dump(navigation_contract().to_mapping()))
    assert main(["contract", "check", str(tmp_path / "robot.yaml"), "--policy", str(policy)]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("note  never varied in training: ")]
    assert "the channel `velocity`, element 1, 0 ticks ago" in line
    assert ", 1 ticks ago" not in line, "each sensor once, whatever its history"


def test_a_contract_of_another_task_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = write_sample_policy(tmp_path / "policy.alam")
    code, lines = check(policy, config_path("contracts/arm_reach.yaml"), capsys)
    assert (code, any("channels: joint_positions, " in line for line in lines)) == (1, True)


def test_a_joint_of_several_names_is_noted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = write_sample_policy(tmp_path / "arm.alam", contract=Contract.load(config_path("contracts/arm_reach.yaml")))
    slip = config_path("contracts/arm_reach.yaml").read_text().replace("- lbr_iiwa_joint_3", "- lbr_iiwa_jiont_3", 1)
    (tmp_path / "robot.yaml").write_text(slip)
    assert main(["contract", "check", str(tmp_path / "robot.yaml"), "--policy", str(policy)]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "in training" in line]
    names = "`lbr_iiwa_jiont_3` in joint_positions, `lbr_iiwa_joint_3` in action"
    assert line == f"note  joint `lbr_iiwa_joint_3` in training: {names}: are they one joint?"
