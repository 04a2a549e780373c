from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alam_ros.cli.environments import make_environments
from alam_ros.cli.main import main
from alam_ros.contract import Contract
from alam_ros.demo import demonstration
from alam_ros.demo.console import Console
from alam_ros.demo.demonstration import Demonstration, DemoOptions
from alam_ros.demo.training import train
from alam_ros.errors import CheckpointError
from alam_ros.report.directory import DemoDirectory, read_json, write_json
from alam_ros.resources import config_path
from tests.support.policies import write_sample_policy
from tests.support.training import EPISODE_STEPS, tiny_config


@pytest.fixture
def without_ros(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demonstration, "missing_packages", lambda: ("rclpy",))


def demonstrate(folder: Path, **changes: Any) -> tuple[int, str]:
    stream = io.StringIO()
    config = tiny_config(folder / "unused")
    options = {"policy": None, "reference": None, "command": "alam demo", "episodes": 2, "config": config, **changes}
    options = DemoOptions(directory=DemoDirectory(folder / "demo"), **options)
    code = Demonstration(options, make_environments, Console(demonstration.STAGES, stream), lambda: False).run()
    return code, stream.getvalue()


def navigation_policy(path: Path) -> Path:
    return write_sample_policy(path, contract=Contract.load(config_path("contracts/navigation.yaml")))


@pytest.mark.usefixtures("without_ros")
def test_without_ros_everything_else_is_done_and_the_remedy_is_named(tmp_path: Path) -> None:
    code, output = demonstrate(tmp_path, policy=navigation_policy(tmp_path / "given.alam"))
    assert code == 0
    assert re.search(r"no drive: rclpy not found.*make venv", output)
    assert "Return of an episode" in output
    assert "The drive is missing" in (tmp_path / "demo" / "report.html").read_text()


@pytest.mark.usefixtures("without_ros")
def test_evaluation_of_the_same_policy_is_reused(tmp_path: Path) -> None:
    policy, evaluation = navigation_policy(tmp_path / "given.alam"), tmp_path / "demo" / "evaluation.json"
    demonstrate(tmp_path, policy=policy)
    first = read_json(evaluation)
    demonstrate(tmp_path, policy=policy)
    assert read_json(evaluation) == first
    demonstrate(tmp_path, policy=policy, evaluation_seed=1)
    assert read_json(evaluation)["returns"] != first["returns"]
    config = tiny_config(tmp_path / "unused")
    emptier = replace(config, environment=replace(config.environment, arguments={"moving_obstacles": 0}))
    demonstrate(tmp_path, policy=policy, config=emptier)
    other = read_json(evaluation)
    assert other["returns"] != first["returns"]
    assert f"{policy} arguments.moving_obstacles=0 --episodes 2" in other["command"]


@pytest.mark.usefixtures("without_ros")
def test_the_reference_of_the_same_contract_is_evaluated_too(tmp_path: Path) -> None:
    reference = navigation_policy(tmp_path / "reference.alam")
    figures = {"task": "alam/Navigation-v0", "sac": {"return": 100.0, "cost": 40.0}}
    write_json(tmp_path / "reference.json", figures)
    code, output = demonstrate(tmp_path, policy=navigation_policy(tmp_path / "given.alam"), reference=reference)
    assert code == 0
    assert "the reference: return" in output
    assert read_json(tmp_path / "demo" / "demo.json")["shipped"] == figures


def test_an_arm_is_evaluated_alone_and_not_driven(tmp_path: Path) -> None:
    """Neither is the navigation task's reference made to move an arm, nor is an arm asked for odometry."""
    policy = write_sample_policy(tmp_path / "arm.alam", contract=Contract.load(config_path("contracts/arm_reach.yaml")))
    reference, config = navigation_policy(tmp_path / "reference.alam"), tiny_config(tmp_path / "unused")
    write_json(tmp_path / "reference.json", {"task": "alam/Navigation-v0", "sac": {"return": 100.0, "cost": 40.0}})
    config = replace(config, environment=replace(config.environment, id="alam/ArmReach-v0"))
    code, output = demonstrate(tmp_path, policy=policy, reference=reference, config=config)
    assert code == 0
    assert "this policy: return" in output
    assert "is for the contract `navigation`, this one for `arm_reach`" in output
    assert re.search(r"no drive.*no nav_msgs/msg/Odometry on `odom` and no geometry_msgs/msg/TwistStamped on `cmd_vel`", output)
    page = (tmp_path / "demo" / "report.html").read_text()
    assert "The drive is missing" in page
    assert "Processes were killed" not in page
    assert "unconstrained SAC" not in page


def test_stage_that_fails_ends_in_its_reason_and_still_in_a_report(tmp_path: Path) -> None:
    demo = tmp_path / "demo"
    for earlier in (demo / "drive" / "drive.json", demo / "evaluation.json"):
        earlier.parent.mkdir(parents=True, exist_ok=True)
        earlier.write_text("{}")
    code, output = demonstrate(tmp_path, policy=write_sample_policy(tmp_path / "other.alam"))
    assert code == 1
    assert not (demo / "drive").exists(), "of an earlier policy"
    assert not (demo / "evaluation.json").exists()
    assert "FAIL" in output
    assert output.rstrip().splitlines()[-1].startswith("The evaluation failed: expected an environment of the policy's contract")
    assert (tmp_path / "demo" / "report.html").is_file()


def test_training_goes_on_once_and_is_reused_afterwards(tmp_path: Path) -> None:
    constraint = {"episode_cost_limit": 1.0, "episode_steps": EPISODE_STEPS}  # γ_c follows from the environment's control period
    config = tiny_config(tmp_path / "run", {"constraint": constraint})
    asked = iter([False] * 40)
    with pytest.raises(KeyboardInterrupt):
        train(config, make_environments, lambda: next(asked, True))
    assert train(config, make_environments, lambda: False) >= 300
    metrics = (tmp_path / "run" / "metrics.jsonl").read_bytes()
    assert train(config, make_environments, lambda: False) >= 300
    assert (tmp_path / "run" / "metrics.jsonl").read_bytes() == metrics


def test_run_of_another_configuration_is_not_continued(tmp_path: Path) -> None:
    train(tiny_config(tmp_path / "run", steps=40), make_environments, lambda: False)
    with pytest.raises(CheckpointError, match="--fresh"):
        train(tiny_config(tmp_path / "run", steps=60), make_environments, lambda: False)


def test_clearing_leaves_foreign_files_alone(tmp_path: Path) -> None:
    directory = DemoDirectory(tmp_path)
    directory.run.mkdir()
    directory.report.touch()
    (tmp_path / "thesis.tex").touch()
    directory.clear()
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert main(["demo", "--fresh", "--directory", str(tmp_path / "file" / "demo")]) == 2
    assert "expected to make the folder" in capsys.readouterr().err


def test_a_wrong_override_leaves_no_folder_behind(tmp_path: Path) -> None:
    assert main(["demo", "--directory", str(tmp_path / "demo"), "--set", "trainer.sed=3"]) == 2
    assert not list(tmp_path.iterdir())
