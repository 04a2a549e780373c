"""The command line: choosing sub-commands, and errors in one line."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from alam_ros import __version__
from alam_ros.cli.configuration import load_configuration
from alam_ros.cli.main import COMMANDS, main
from alam_ros.errors import ConfigurationError
from alam_ros.learning.config import TrainingConfig
from alam_ros.learning.run_directory import RunDirectory
from alam_ros.resources import config_path
from alam_ros.typed import to_mapping
from tests.support.training import tiny_mapping


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(tiny_mapping(tmp_path / "run")))
    return path


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"alam {__version__}\n"


def test_the_package_is_the_command_where_no_program_is_installed(configuration: Path) -> None:
    command = [sys.executable, "-m", "alam_ros", "train", str(configuration), "trainer.steps=60"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "finished 60 steps" in run.stderr


def test_a_package_that_is_not_installed_is_named() -> None:
    code = "import sys; sys.modules['torch'] = None; from alam_ros.cli.main import main; sys.exit(main(['evaluate', 'run']))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert run.stderr.startswith("alam evaluate: expected the package `torch`")
    assert len(run.stderr.splitlines()) == 1


def test_a_full_disk_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def run_out(_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "replay.json")

    monkeypatch.setattr("alam_ros.cli.replay.main", run_out)
    assert main(["replay"]) == 2
    expected = "alam replay: expected room for replay.json; found No space left on device; free space, then run it again\n"
    assert capsys.readouterr().err == expected


def test_a_figure_of_what_is_left_out_is_refused_before_anything_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "learner", "--no-growth", "--figure", "limit.png"]) == 2
    assert "which draws the growth" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f"usage: alam {command}" in capsys.readouterr().out


def test_an_unknown_command_is_refused_naming_the_known(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["trian"])
    assert ended.value.code == 2
    assert "'train'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("trainer.sed=3", "did you mean `trainer.seed`?"),
        ("trainer.steps=many", "`trainer.steps` to be an integer; found 'many'"),
        ("trainer.steps", "an override `dotted.key=value`"),
        ("trainer.seed=[1", "a YAML value after `=`"),
        ("trainer.evaluation_episodes=0", "`trainer.evaluation_episodes` of at least 1"),
    ],
)
def test_a_wrong_override_is_answered_in_one_line(
    configuration: Path, override: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(configuration), override]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("alam train: expected ")
    assert error.count("\n") == 1


def test_a_command_answers_a_misspelt_key_without_loading_torch(configuration: Path) -> None:
    code = "import sys; from alam_ros.cli.main import main; sys.exit(main(sys.argv[1:]) + 100 * ('torch' in sys.modules))"
    process = subprocess.run(
        [sys.executable, "-c", code, "train", str(configuration), "a.b=1"], check=False, capture_output=True, text=True
    )
    assert process.returncode == 2, process.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate", "x.alam", "--perturbation", "nan"], "a finite number of at least 0, found nan"),
        (["evaluate", "x.alam", "--perturbation", "-1"], "a finite number of at least 0, found -1"),
        (["evaluate", "x.alam", "--perturbation", "1e308"], "at most 1000, of actions from -1 to 1, found 1e308"),
        (["bandit", "--seeds", "0"], "at least 1, found 0"),
        (["bench", "ros", "--rate", "0"], "a finite number above 0, found 0"),
        (["bench", "learner", "--peers", "/nowhere/python"], "found nothing at /nowhere/python"),
        (["train", "navigation", "--members", "cal,cal"], "expected different names, found cal,cal"),
        (["train", "navigation", "--members", "cal,"], "expected different names, found cal,"),
        (["export", "run", "--output", "/nowhere/policy.alam"], "a folder that exists, found /nowhere/policy.alam"),
        (["contract", "check", "robot.yaml", "--namespace", "robot1"], "of a recorded drive; give it with --bag"),
        (["export", "run", "--onnx", "/dev/null/models"], "expected a folder, found the file /dev/null"),
        (["export", "run", "--output", "."], "expected a file to write, found the folder ."),
        (["risk", "x.alam", "--figure", "/nowhere/figure.png"], "a folder that exists, found /nowhere/figure.png"),
    ],
)
def test_arguments_without_meaning_are_refused_before_anything_is_done(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("name", ["navigation", "point_goal", "half_cheetah"])
def test_shipped_configurations_are_valid_and_found_by_name(name: str) -> None:
    config = load_configuration(name, [])
    assert isinstance(config, TrainingConfig)
    assert config == load_configuration(str(config_path(f"train/{name}.yaml")), [])
    assert config.trainer.directory == f"runs/{name}"


def test_overrides_apply_in_order_and_may_omit_the_dot_of_a_number(configuration: Path) -> None:
    config = load_configuration(str(configuration), ["trainer.seed=3", "trainer.seed=4", "algorithm.actor_learning_rate=1e-3"])
    assert config.trainer.seed == 4
    assert config.algorithm.actor_learning_rate == 0.001


def test_benchmarks_robots_learn_with_the_robots_interface_unless_told_otherwise(configuration: Path, tmp_path: Path) -> None:
    here = [str(configuration), "environment.id=alam/SafetyCarGoal1-v0", "environment.arguments={}"]
    assert load_configuration(here[0], here[1:]).environment.arguments == {"interface": "robot"}
    wanted = load_configuration(here[0], [*here[1:], "environment.arguments.interface=benchmark"])
    assert wanted.environment.arguments == {"interface": "benchmark"}
    run = RunDirectory(tmp_path / "run")
    run.root.mkdir()
    run.config.write_text(yaml.safe_dump({"environment": {"id": "alam/SafetyCarGoal1-v0"}}))
    assert load_configuration(str(run.root), []).environment.arguments == {}  # what was trained is what is on record


def test_an_override_of_the_name_brings_the_members_multiplier(configuration: Path) -> None:
    config = load_configuration(str(configuration), ["algorithm.name=sac_pid", "algorithm.multiplier.maximum=5"])
    multiplier = config.algorithm.multiplier
    assert (multiplier.kind, multiplier.rule, multiplier.maximum) == ("scalar", "pid", 5.0)


@pytest.mark.parametrize("name", ["run #1", "2024", "yes", "a: b", "a=b"])
def test_the_name_of_a_directory_is_taken_as_it_is(configuration: Path, tmp_path: Path, name: str) -> None:
    assert load_configuration(str(configuration), [], name).trainer.directory == name
    run = RunDirectory(tmp_path / name)
    run.root.mkdir()
    run.config.write_text(configuration.read_text())
    assert load_configuration(str(run.root), []).trainer.directory == str(run.root)


@pytest.mark.parametrize("override", ["algorithm.name=fac", "algorithm.constraint.cost_horizon=5"])
def test_what_a_run_has_derived_other_keys_from_is_not_changed(configuration: Path, tmp_path: Path, override: str) -> None:
    run = RunDirectory(tmp_path / "run")
    run.root.mkdir()
    run.config.write_text(yaml.safe_dump(to_mapping(load_configuration(str(configuration), []))))
    assert load_configuration(str(run.root), ["algorithm.name=sac_alam"]).algorithm.name == "sac_alam"
    with pytest.raises(ConfigurationError, match="begin with the configuration file"):
        load_configuration(str(run.root), [override])


@pytest.mark.parametrize("override", ["replay_recency=.inf", "seed=9223372036854775808"])
def test_numbers_that_teach_nothing_or_break_later_are_refused(configuration: Path, override: str) -> None:
    with pytest.raises(ConfigurationError, match=r"`trainer\."):
        load_configuration(str(configuration), [f"trainer.{override}"])


@pytest.mark.parametrize(
    ("override", "told"),
    [("trainer.random_steps=9", "nothing will be learned"), ("algorithm.multiplier.start=1.0", "never comes into force")],
)
def test_what_has_no_effect_is_told(configuration: Path, override: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    limits = ["trainer.steps=8", "trainer.evaluation_episodes=1", "trainer.random_steps=4", "trainer.evaluate_every=8"]
    assert main(["train", str(configuration), *limits, override]) == 0
    assert told in capsys.readouterr().err


def test_a_member_that_is_none_is_refused_naming_the_members(configuration: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(configuration), "algorithm.name=sac_almn"]) == 2
    assert "sac_lag_episode" in capsys.readouterr().err


def test_what_is_no_configuration_is_said(tmp_path: Path) -> None:
    (tmp_path / "list.yaml").write_text("[1, 2]")
    (tmp_path / "broken.yaml").write_text("a: [")
    for source, message in (("list.yaml", "a mapping"), ("broken.yaml", "YAML in"), ("none.yaml", "none"), (".", "config.yaml")):
        with pytest.raises(ConfigurationError, match=message):
            load_configuration(str(tmp_path / source), [])


def test_an_interrupted_command_says_so_in_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("alam_ros.cli.evaluate.main", interrupted)
    assert main(["evaluate", "x.alam"]) == 128 + signal.SIGINT
    assert capsys.readouterr().err == "alam evaluate: interrupted\n"


def test_a_date_that_there_is_not_is_answered(configuration: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(configuration), "trainer.seed=2024-13-45"]) == 2
    assert "a YAML value after `=`" in capsys.readouterr().err


def test_standard_output_may_be_closed() -> None:
    code = "import os; os.close(1); import alam_sim.bullet"
    process = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (process.returncode, process.stderr) == (0, "")


def test_a_reader_that_has_enough_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)  # before anything is written
    with os.fdopen(writing, "w") as pipe:
        command = [sys.executable, "-m", "tests.cli.alam", "study", "config/study/smoke.yaml", "--status"]
        process = subprocess.run(command, check=False, stdout=pipe, stderr=subprocess.PIPE, text=True)
    assert (process.returncode, process.stderr) == (128 + signal.SIGPIPE, "")
