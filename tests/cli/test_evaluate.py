"""`alam evaluate`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from alam_ros.cli.main import main
from alam_ros.contract import Contract
from alam_ros.learning.seeds import RANGE, Purpose
from alam_ros.policy_file import write_policy
from alam_ros.resources import config_path
from tests.support.policies import sample_policy
from tests.support.training import EPISODE_STEPS, tiny_mapping


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evaluate")
    (folder / "tiny.yaml").write_text(yaml.safe_dump(tiny_mapping(folder / "elsewhere", steps=60)))
    assert main(["train", str(folder / "tiny.yaml"), "--directory", str(folder / "run"), "trainer.seed=2"]) == 0
    return folder / "run"


def test_figures_for_people(run: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(run), "--episodes", "3"]) == 0
    output = capfd.readouterr().out
    assert "3 episodes" in output
    assert "return " in output
    assert "cost " in output


def test_json_is_one_document_with_every_episode_and_repeatable(run: Path, capfd: pytest.CaptureFixture[str]) -> None:
    arguments = ["evaluate", str(run), "--episodes", "3", "--seed", "5", "--stochastic", "--json"]
    documents = []
    for _ in range(2):
        assert main(arguments) == 0
        documents.append(json.loads(capfd.readouterr().out))
    assert documents[0] == documents[1]
    episodes = documents[0]["episodes"]
    assert [episode["length"] for episode in episodes] == [EPISODE_STEPS] * 3
    assert {episode["seed"] // RANGE for episode in episodes} == {Purpose.EVALUATION}
    assert documents[0]["summary"]["return_mean"] == pytest.approx(sum(episode["return"] for episode in episodes) / 3)


def test_a_directory_without_a_run_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(tmp_path)]) == 2
    assert "no config.yaml there" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["evaluate"], ["risk"], ["gate-study", "--drives", "1"]])
def test_a_policy_of_another_contract_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str], command: list[str]) -> None:
    contract = Contract.load(config_path("contracts/navigation.yaml"))
    scan = replace(contract.observation[0], scale="logarithmic", decay=None)
    other = replace(contract, observation=(scan, *contract.observation[1:]))
    contents = sample_policy(contract=other)
    contents.manifest["configuration"] = {"environment": {"id": "alam/Navigation-v0", "copies": 1}}
    policy = tmp_path / "other.alam"
    write_policy(policy, contents)
    assert main([command[0], str(policy), *command[1:]]) == 2
    assert "scale" in capfd.readouterr().err


@pytest.mark.parametrize("command", ["evaluate", "risk"])
def test_a_policy_file_that_does_not_tell_its_environment_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    contents = sample_policy()
    contents.manifest["configuration"] = {"algorithm": "unknown"}
    write_policy(tmp_path / "sample.alam", contents)
    assert main([command, str(tmp_path / "sample.alam")]) == 2
    assert "`configuration.environment` in" in capsys.readouterr().err
