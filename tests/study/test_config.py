from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from alam_ros.cli.configuration import load_configuration, read_mapping
from alam_ros.errors import ConfigurationError
from alam_ros.resources import config_path
from alam_ros.study.config import StudyConfig
from alam_ros.study.plan import plan_runs
from alam_ros.typed import from_mapping
from tests.study.support import smoke_mapping

SHIPPED = sorted(path.stem for path in config_path("study/main.yaml").parent.glob("*.yaml"))


def shipped(name: str) -> StudyConfig:
    return from_mapping(StudyConfig, read_mapping(config_path(f"study/{name}.yaml")))


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_studies_can_be_planned(name: str) -> None:
    study = shipped(name)
    runs = plan_runs(study, load_configuration)
    assert len(runs) == len(study.tasks) * len(study.algorithms) * len(study.seeds)
    assert len({run.fingerprint for run in runs}) == len(runs)
    assert study.name == name
    assert study.runs == f"runs/{name}"


@pytest.mark.parametrize("name", ["main", "sweep"])
def test_the_final_comparison_is_of_seeds_and_episodes_that_no_choice_has_seen(name: str) -> None:
    final, earlier = shipped("final"), shipped(name)
    assert not set(final.seeds) & set(earlier.seeds)
    assert final.evaluation.seed != earlier.evaluation.seed


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "../elsewhere"}, "`name` of letters"),
        ({"algorithms": {"a/b": []}}, "`algorithms` of letters"),
        ({"algorithms": {}}, "at least one in `algorithms`"),
        ({"tasks": [{"label": "report", "config": "navigation"}]}, "rename the task"),
        ({"tasks": [{"label": "a", "config": "navigation"}] * 2}, "'a' more than once"),
        ({"seeds": [1, 1]}, "1 more than once"),
        ({"seeds": [-1]}, "`seeds` of at least 0"),
        ({"evaluation": {"episodes": 0}}, "at least one episode"),
        ({"seed": 3}, "unknown key `seed`; did you mean `seeds`"),
    ],
)
def test_a_study_that_cannot_be_run_is_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        from_mapping(StudyConfig, smoke_mapping(tmp_path, **changes))
