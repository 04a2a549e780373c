"""A robot's contract is held against the policy that is to work by it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from alam_ros.cli.main import main
from alam_ros.resources import config_path
from tests.support.policies import write_sample_policy

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


def test_a_contract_of_another_task_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = write_sample_policy(tmp_path / "policy.alam")
    code, lines = check(policy, config_path("contracts/arm_reach.yaml"), capsys)
    assert (code, any("channels: joint_positions, " in line for line in lines)) == (1, True)
