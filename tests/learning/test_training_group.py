"""Runs trained side by side, on the real navigation task; on a GPU where there is one."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from alam_ros.errors import CheckpointError, ConfigurationError
from alam_ros.learning.config import TrainingConfig
from alam_ros.learning.device import device_name, find_device
from alam_ros.learning.divergence import DivergenceError
from alam_ros.learning.probe import read_probe
from alam_ros.learning.restore import restore_run
from alam_ros.learning.run_directory import RunDirectory
from alam_ros.learning.trainer import Trainer
from alam_ros.learning.training_group import TrainingGroup, check_alike
from alam_sim.vector import make_vector
from tests.support.training import UNLEARNED, acts_as_exported, expected_to_act_as_exported, metrics_of, tiny_config

SEEDS = (0, 1)
DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device here")),
]


def runs_of(config: TrainingConfig) -> list[TrainingConfig]:
    return [
        replace(config, trainer=replace(config.trainer, seed=seed, directory=f"{config.trainer.directory}-{seed}"))
        for seed in SEEDS
    ]


def train(
    config: TrainingConfig, device: str, *, resume: bool = False, should_stop: Callable[[], bool] = lambda: False
) -> list[Path]:
    configs = runs_of(config)
    check_alike(configs)
    with ExitStack() as stack:
        trainers = [
            stack.enter_context(Trainer(one, make_environments=make_vector, resume=resume, should_stop=should_stop))
            for one in configs
        ]
        TrainingGroup(trainers, configs, find_device(device)).run()
    return [Path(one.trainer.directory) for one in configs]


def numbers(directory: Path) -> Any:
    """Return all that a checkpoint knows of what was learned, and the evaluations."""
    state = restore_run(directory).state
    kept = {name: state[name] for name in ("learner", "replay", "collector", "evaluated_at")}
    return [*_leaves(kept), *_leaves(metrics_of(directory))]


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in _leaves(part)]
    if isinstance(value, list | tuple):
        return [leaf for part in value for leaf in _leaves(part)]
    return [value.tolist() if isinstance(value, torch.Tensor) else value]


@pytest.mark.parametrize("name", ["sac_alam", "sac_pid", "sac"])
@pytest.mark.parametrize("device", DEVICES)
def test_each_run_of_a_group_is_a_run_of_its_own(tmp_path: Path, device: str, name: str) -> None:
    directories = train(tiny_config(tmp_path / "run", {"name": name}), device)
    assert [directory.name for directory in directories] == ["run-0", "run-1"]
    for directory, seed in zip(directories, SEEDS, strict=True):
        assert RunDirectory(directory).load_config().trainer.seed == seed
        assert [row["steps"] for row in metrics_of(directory)] == [100, 200, 300]
        run = restore_run(directory)
        assert run.steps == 300
        assert run.learner.updates == 130
        assert run.devices == (device_name(find_device(device)),)
        last = metrics_of(directory)[-1]
        assert last["updates"] == 130
        assert {"critic/reward_loss", "actor/entropy"} <= last["learner"].keys()
        assert ("multiplier/loss" in last["learner"]) == (name != "sac")
        record = read_probe(RunDirectory(directory).probe)
        assert record is not None
        assert len(record.steps) > 50
    first, second = (restore_run(directory).state["learner"]["actor"] for directory in directories)
    assert not torch.equal(first["trunk.0.weight"], second["trunk.0.weight"])


@pytest.mark.parametrize("device", DEVICES)
def test_copies_of_a_group_act_as_exported_from_when_the_constraint_is_in_force(tmp_path: Path, device: str) -> None:
    for directory in train(tiny_config(tmp_path / "run", {"normalise_observations": False}, **UNLEARNED), device):
        assert acts_as_exported(directory) == expected_to_act_as_exported(directory)


@pytest.mark.parametrize("device", DEVICES)
def test_a_group_that_was_stopped_goes_on_the_same_way_each_time(tmp_path: Path, device: str) -> None:
    found = []
    for name in ("first", "second"):
        config = tiny_config(tmp_path / name)
        calls = itertools.count()
        train(config, device, should_stop=lambda calls=calls: next(calls) >= 160)
        stopped = restore_run(tmp_path / f"{name}-0").steps
        assert 0 < stopped < 300
        found.append([numbers(directory) for directory in train(config, device, resume=True)])
    assert found[0] == found[1]


def test_a_run_of_a_group_can_go_on_alone(tmp_path: Path) -> None:
    config = tiny_config(tmp_path / "run")
    calls = itertools.count()
    directories = train(config, "cpu", should_stop=lambda: next(calls) >= 160)
    with Trainer(runs_of(config)[1], make_environments=make_vector, resume=True) as alone:
        alone.run()
    assert restore_run(directories[1]).steps == 300
    with pytest.raises(ConfigurationError, match="equally many steps"):
        train(config, "cpu", resume=True)


def test_a_run_that_diverges_does_not_take_the_others_along(tmp_path: Path) -> None:
    configs = runs_of(tiny_config(tmp_path / "run"))
    with ExitStack() as stack:
        trainers = [stack.enter_context(Trainer(one, make_environments=make_vector)) for one in configs]
        with torch.no_grad():
            next(trainers[0].learner.actor.parameters()).fill_(torch.nan)
        with pytest.raises(DivergenceError, match="NaN or infinity in actor"):
            TrainingGroup(trainers, configs, find_device("cpu")).run()
    assert restore_run(configs[1].trainer.directory).steps > 0
    with pytest.raises(CheckpointError, match="none yet"):
        restore_run(configs[0].trainer.directory)


def test_what_cannot_be_done_together_is_refused(tmp_path: Path) -> None:
    config = tiny_config(tmp_path / "run")
    limited = replace(config, trainer=replace(config.trainer, wall_clock_limit_s=60.0))
    with pytest.raises(ConfigurationError, match="no time limit"):
        train(limited, "cpu")
    for other in (
        tiny_config(tmp_path / "other", {"name": "sac"}),
        tiny_config(tmp_path / "other", {"actor_delay": 3}),
        tiny_config(tmp_path / "other", {"multiplier": {"start": 0.0, "ramp": 40 / 300}}),
        tiny_config(tmp_path / "other", batch_size=8),
    ):
        with pytest.raises(ConfigurationError, match="differ in seed, directory and the rule"):
            check_alike([config, other])
    check_alike([config, tiny_config(tmp_path / "other", {"name": "cal"}, seed=3)])
    with pytest.raises(ConfigurationError, match="a device among cpu, cuda"):
        find_device("tpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_missing_gpu_is_said() -> None:
    with pytest.raises(ConfigurationError, match="a CUDA device; found torch"):
        find_device("cuda")
