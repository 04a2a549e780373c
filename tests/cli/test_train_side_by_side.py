"""`alam train` for several runs side by side."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import yaml

from alam_ros.cli.main import main
from alam_ros.learning.restore import restore_run
from tests.support.training import metrics_of, tiny_mapping


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(tiny_mapping(tmp_path / "run")))
    return path


def test_members_and_seeds_each_have_a_run(configuration: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(configuration), "--members", "sac_alam,cal", "--seeds", "0,3", "trainer.steps=120"]) == 0
    for member in ("sac_alam", "cal"):
        for seed in (0, 3):
            run = restore_run(configuration.parent / "run" / f"{member}-{seed}")
            assert (run.steps, run.config.algorithm.name, run.config.trainer.seed) == (120, member, seed)
    text = capsys.readouterr().err
    assert "cal-3: " in text
    assert "finished 120 steps; the runs are in " in text


def test_runs_of_which_one_was_killed_between_two_saves_go_on_together(
    configuration: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["train", str(configuration), "--seeds", "0,3"]
    assert main([*command, "trainer.steps=120"]) == 0
    roots = [configuration.parent / f"run-{seed}" for seed in (0, 3)]
    kept = sorted(path.name for path in (roots[0] / "checkpoints").glob("*.pt"))
    assert kept == ["000000000060.pt", "000000000120.pt"]
    (roots[1] / "checkpoints" / kept[1]).unlink()
    capsys.readouterr()
    assert main([*command, "--resume", "trainer.steps=180"]) == 0
    assert "the runs go on from 60 steps, the newest checkpoint that all of them have" in capsys.readouterr().err
    assert [restore_run(root).steps for root in roots] == [180, 180]
    assert [[row["steps"] for row in metrics_of(root)] for root in roots] == [[100, 180], [100, 180]]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--members", "sac,cal"], "differ in seed, directory and the rule of their multipliers"),
        (["--members", "sac_almn"], "`algorithm.name` to be one of"),
    ],
)
def test_what_cannot_be_trained_side_by_side_is_refused(
    configuration: Path, capsys: pytest.CaptureFixture[str], options: list[str], expected: str
) -> None:
    assert main(["train", str(configuration), *options]) == 2
    assert expected in capsys.readouterr().err
    assert not (configuration.parent / "run").exists()


def test_seeds_are_different(configuration: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["train", str(configuration), "--seeds", "1,1"])
    assert "expected different seeds of at least 0, found 1,1" in capsys.readouterr().err


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_missing_gpu_is_said_before_anything_is_written(configuration: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(configuration), "--device", "cuda"]) == 2
    assert "expected a CUDA device; found torch" in capsys.readouterr().err
    assert not (configuration.parent / "run").exists()
