from __future__ import annotations

import copy
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alam_ros.cli.configuration import load_configuration
from alam_ros.errors import ConfigurationError
from alam_ros.study.config import FinalEvaluation
from alam_ros.study.plan import GONE, PlannedRun, fingerprint
from alam_ros.typed import from_mapping, to_mapping
from tests.study.support import planned, write_study


@pytest.fixture
def run(tmp_path: Path) -> PlannedRun:
    return planned(write_study(tmp_path))[-1]


def with_trainer(run: PlannedRun, **changes: Any) -> PlannedRun:
    return replace(run, config=replace(run.config, trainer=replace(run.config.trainer, **changes)))


def test_every_algorithm_has_its_first_seed_before_any_has_its_second(tmp_path: Path) -> None:
    keys = [run.key for run in planned(write_study(tmp_path))]
    assert keys == ["navigation/sac-0", "navigation/sac_alam-0", "navigation/sac-1", "navigation/sac_alam-1"]


def test_a_run_is_its_study_s_overrides_then_its_task_then_its_algorithm_then_its_seed(tmp_path: Path) -> None:
    path = write_study(
        tmp_path,
        "algorithm.discount=0.5",
        "trainer.batch_size=17",
        overrides=["trainer.batch_size=9", "trainer.replay_recency=2.0"],
        algorithms={"other": ["algorithm.discount=0.75"]},
        seeds=[5],
        run_time_limit_s=60,
    )
    (run,) = planned(path)
    assert run.config.algorithm.discount == 0.75
    assert run.config.trainer.batch_size == 17
    assert run.config.trainer.replay_recency == 2.0
    assert run.config.trainer.seed == 5
    assert run.config.trainer.wall_clock_limit_s == 60.0
    assert run.directory == tmp_path / "runs" / "navigation" / "other-5"
    assert run.result == str(tmp_path / "results" / "navigation" / "other-5.json")


def test_a_task_may_have_a_time_limit_of_its_own(tmp_path: Path) -> None:
    (run, *_) = planned(write_study(tmp_path, "trainer.wall_clock_limit_s=9", run_time_limit_s=60))
    assert run.config.trainer.wall_clock_limit_s == 9.0


def test_the_command_of_a_run_makes_the_same_configuration(run: PlannedRun) -> None:
    _, train, source, *overrides, _, directory = shlex.split(run.commands[0])
    assert train == "train"
    assert load_configuration(source, [*overrides, f"trainer.directory={directory}"]) == run.config


@pytest.mark.parametrize("override", ["trainer.seed=3", "trainer.directory=elsewhere"])
def test_seed_and_directory_belong_to_the_study(tmp_path: Path, override: str) -> None:
    with pytest.raises(ConfigurationError, match="leave seed and directory to the study"):
        planned(write_study(tmp_path, override))


def test_a_plan_survives_json(run: PlannedRun) -> None:
    assert from_mapping(PlannedRun, to_mapping(run)) == run


def test_the_fingerprint_tells_what_decides_a_result_from_what_does_not(run: PlannedRun) -> None:
    assert with_trainer(run, directory="elsewhere", checkpoint_every=7).fingerprint == run.fingerprint
    assert with_trainer(run, steps=301).fingerprint != run.fingerprint
    assert with_trainer(run, seed=9).fingerprint != run.fingerprint
    assert fingerprint(run.config, FinalEvaluation(episodes=5)) != run.fingerprint


def test_differences_are_named_by_their_keys(run: PlannedRun) -> None:
    other = to_mapping(with_trainer(run, steps=301, checkpoint_every=7).config)
    assert run.differences(other, FinalEvaluation(episodes=5)) == ["evaluation.episodes", "trainer.steps"]


def test_a_key_that_an_older_configuration_lacks_counts_as_its_default(run: PlannedRun) -> None:
    older = to_mapping(run.config)
    del older["algorithm"]["gradient_norm"]
    assert run.differences(older, run.evaluation) == []
    assert run.config.algorithm.gradient_norm == 40.0


def test_a_key_whose_default_does_something_else_counts_as_what_was_done_before_it_was_there(run: PlannedRun) -> None:
    older = to_mapping(run.config)
    del older["trainer"]["exported_share"]
    assert run.differences(older, run.evaluation) == ["trainer.exported_share"]
    assert with_trainer(run, exported_share=0.0).differences(older, run.evaluation) == []


def test_what_an_older_configuration_says_in_keys_of_its_time_is_understood(run: PlannedRun) -> None:
    older = to_mapping(run.config)
    multiplier = older["algorithm"]["multiplier"]
    multiplier |= GONE
    told = copy.deepcopy(older)
    assert run.differences(older, run.evaluation) == []
    assert older == told
    for name in GONE:
        multiplier[name] = 0.5
        assert f"algorithm.multiplier.{name}" in run.differences(older, run.evaluation)
        multiplier[name] = GONE[name]


def test_a_key_that_is_gone_is_a_difference(run: PlannedRun) -> None:
    older = to_mapping(run.config)
    older["algorithm"]["momentum"] = 0.9
    assert run.differences(older, run.evaluation) == ["algorithm.momentum"]
