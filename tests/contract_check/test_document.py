"""All that is wrong with a contract's file is said at once."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from alam_ros.cli.main import main
from alam_ros.resources import config_path

TURTLEBOT = Path(__file__).with_name("turtlebot.yaml")
EXAMPLES = sorted(config_path("contracts/navigation.yaml").parent.glob("*.yaml"))


def check(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    code = main(["contract", "check", str(path)])
    return code, capsys.readouterr().out.splitlines()


def written(path: Path, document: Any) -> Path:
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.mark.parametrize("path", [*EXAMPLES, TURTLEBOT], ids=lambda path: path.stem)
def test_a_sound_contract_fits_in_every_line(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = check(path, capsys)
    assert code == 0
    assert lines[-1] == f"{path}: all fits"
    assert all(line.startswith("fits  ") for line in lines[:-2])


def test_every_part_that_is_wrong_has_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = copy.deepcopy(yaml.safe_load(TURTLEBOT.read_text()))
    document["observation"][0]["typ"] = document["observation"][0].pop("type")
    document["observation"][1]["timeout"] = -1.0
    document["action"]["components"][0]["name"] = "linear_x"
    code, lines = check(written(tmp_path / "broken.yaml", document), capsys)
    assert code == 1
    expected = ("did you mean `observation[0].type`", "timeout above 0 s", "found linear_x")
    for text, line in zip(expected, lines, strict=False):
        assert line.startswith("FAILS ")
        assert text in line
    assert lines[-1].endswith("3 of 3 lines fail")


def test_parameters_with_which_the_safety_monitor_would_not_start_fail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parameters = written(tmp_path / "robot.yaml", {"safety_monitor": {"ros__parameters": {"caution_release": 0.3}}})
    assert main(["contract", "check", str(TURTLEBOT), "--params", str(parameters)]) == 1
    assert "FAILS safety monitor: expected `caution_release` below `caution_probability`" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("timeout", 0.0005, r"`observation_timeout[odom]` from 0.001 to 60.0; found 0.0005"),
        ("low", 0.1, "with zero, the command of rest"),
    ],
)
def test_what_the_safety_monitor_would_refuse_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str, value: float, reason: str
) -> None:
    document = yaml.safe_load(TURTLEBOT.read_text())
    (document["observation"][1] if key == "timeout" else document["action"]["components"][0])[key] = value
    code, lines = check(written(tmp_path / "robot.yaml", document), capsys)
    assert code == 1
    (line,) = [line for line in lines if line.startswith("FAILS ")]
    assert "safety monitor: " in line
    assert reason in line


def test_what_is_wrong_between_the_parts_is_said_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = yaml.safe_load(TURTLEBOT.read_text()) | {"trigger": "camera"}
    code, lines = check(written(tmp_path / "trigger.yaml", document), capsys)
    assert (code, len(lines)) == (1, 3)
    assert "a trigger among ['scan', 'velocity', 'goal']; found `camera`" in lines[0]


def test_two_channels_of_one_topic_that_want_different_frames_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = yaml.safe_load(TURTLEBOT.read_text())
    document["observation"][0]["frame"] = "front"
    document["observation"].append({**document["observation"][0], "name": "rear", "frame": "rear"})
    code, lines = check(written(tmp_path / "frames.yaml", document), capsys)
    assert code == 1
    assert "one frame for the topic `scan`; found `front` for `scan` and `rear` for `rear`" in lines[0]


@pytest.mark.parametrize("text", ["", "- 1", "observation: 3", "observation: [1]", "observation: [{}]\naction: 5"])
def test_what_is_no_contract_is_refused_in_words(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "odd.yaml").write_text(text)
    code, lines = check(tmp_path / "odd.yaml", capsys)
    assert code == 1
    assert "expected" in lines[0]


def test_a_file_that_is_not_there_or_no_text_is_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    for name in ("absent.yaml", "binary.yaml"):
        assert main(["contract", "check", str(tmp_path / name)]) == 2
        assert f"a readable contract file; found {tmp_path / name}" in capsys.readouterr().err


def test_a_policy_that_is_given_as_contract_is_told_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    policy = config_path("contracts/navigation.yaml").parents[2] / "policies/navigation.alam"
    assert main(["contract", "check", str(policy)]) == 2
    said = capsys.readouterr().err
    assert f"expected a contract's YAML file; found the policy file {policy}" in said
    assert f"alam contract check my_robot.yaml --policy {policy}" in said
