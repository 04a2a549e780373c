"""`alam risk`, on the policy that comes with the package and on a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from alam_ros.cli.main import main
from alam_ros.resources import shipped_policy
from tests.support.training import tiny_mapping

SHORT = ["--episodes", "2", "--resamples", "5"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("risk")
    (folder / "tiny.yaml").write_text(yaml.safe_dump(tiny_mapping(folder / "elsewhere")))
    assert main(["train", str(folder / "tiny.yaml"), "--directory", str(folder / "run")]) == 0
    return folder / "run"


def test_a_policy_file_is_judged_as_one_document(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    figure = tmp_path / "reliability.png"
    policy = str(shipped_policy("navigation"))
    assert main(["risk", policy, *SHORT, "--json", "--horizons", "3", "--figure", str(figure)]) == 0
    document = json.loads(capfd.readouterr().out)
    assert document["headline"] == 10  # 1 s of control periods of 0.1 s
    assert set(document["by_horizon"]) == {"3", "10"}
    assert set(document["by_noise"]) == {"deterministic", "stochastic", "perturbed"}
    assert set(document["by_horizon"]["10"]["scores"]) == {
        "probability",
        "multiplier",
        "effective_multiplier",
        "cost_value",
        "clearance",
    }
    assert document["by_horizon"]["10"]["episodes"] == 6
    assert document["diagram"][0] == "probability"
    assert document["kkt"]["states"] == 1024
    assert document["training"] is None
    assert figure.read_bytes().startswith(b"\x89PNG")


def test_a_horizon_longer_than_every_episode_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["risk", str(shipped_policy("navigation")), *SHORT, "--horizons", "401"]) == 2
    assert "at most 400 control steps" in capsys.readouterr().err


def test_the_environment_can_be_changed(capfd: pytest.CaptureFixture[str]) -> None:
    policy = str(shipped_policy("navigation"))
    assert main(["risk", policy, "arguments.moving_obstacles=0", *SHORT, "--json", "--horizons", "10"]) == 0
    assert json.loads(capfd.readouterr().out)["environment"]["arguments"] == {"moving_obstacles": 0}


def test_a_run_tells_of_its_training_too(run: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["risk", str(run), *SHORT, "--horizons", "5"]) == 0
    output = capfd.readouterr().out
    assert "KKT residuals" in output
    assert "Over the last half of training" in output
    assert "evaluation_cost" in output
    assert "Shadow price" in output
    assert "calibrated probability" not in output  # only a policy file has one


def test_an_unknown_key_of_the_environment_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["risk", str(shipped_policy("navigation")), "argumnts.moving_obstacles=0"]) == 2
    assert "did you mean `environment.arguments`?" in capsys.readouterr().err
