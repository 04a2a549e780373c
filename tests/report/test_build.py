from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from alam_ros.cli.environments import make_environments
from alam_ros.contract import Contract
from alam_ros.demo.evaluating import evaluate_policy
from alam_ros.learning.config import TrainingConfig
from alam_ros.learning.trainer import Trainer
from alam_ros.report.build import build_report
from alam_ros.report.directory import DemoDirectory, write_json
from alam_ros.resources import config_path
from tests.report.drives import write_drive
from tests.support.policies import write_sample_policy
from tests.support.training import tiny_config

FIGURES = ("trajectory", "gate", "faults", "learning", "reliability", "latency")


def write_facts(directory: DemoDirectory, **changes: Any) -> None:
    facts = {
        "date": "2026-01-01T00:00:00+00:00",
        "command": "alam demo",
        "policy": "policy.alam",
        "is_trained_here": True,
        "shipped": {"sac": {"return": 100.0, "cost": 40.0}, "command": "alam train navigation algorithm.name=sac"},
        "machine": {"processor": "<two> cores"},
        "versions": {"Python": "3"},
        "failures": {},
        "missing": {},
        **changes,
    }
    directory.root.mkdir(exist_ok=True)
    write_json(directory.facts, facts)


def train_and_evaluate(directory: DemoDirectory) -> TrainingConfig:
    config = tiny_config(directory.run)
    with Trainer(config, make_environments=make_environments) as trainer:
        trainer.run()
    policy = write_sample_policy(directory.policy, contract=Contract.load(config_path("contracts/navigation.yaml")))
    evaluate_policy(
        policy,
        directory.evaluation,
        environment=config.environment,
        make_environments=make_environments,
        episodes=4,
        seed=0,
        should_stop=lambda: False,
    )
    return config


@pytest.fixture(scope="module")
def complete(tmp_path_factory: pytest.TempPathFactory) -> DemoDirectory:
    directory = DemoDirectory(tmp_path_factory.mktemp("demo"))
    write_facts(directory)
    train_and_evaluate(directory)
    write_drive(directory)
    return directory


def test_page_holds_everything_and_needs_nothing(complete: DemoDirectory) -> None:
    summary = build_report(complete)
    page = complete.report.read_text()
    for name in FIGURES:
        assert f'alt="{name}"' in page
        for theme in ("light", "dark"):
            assert (complete.figures / f"{name}_{theme}.png").read_bytes().startswith(b"\x89PNG")
    assert page.count("data:image/png;base64,") == 2 * len(FIGURES)
    assert not re.search(r'(src|href|srcset)="(?!data:)', page)
    assert re.findall(r"<strong>(.*?) is missing", page) == ["The reference policy"]
    assert "&lt;two&gt; cores" in page
    match = re.search(r"Return of an episode.*?value\">([-\d.]+)<", page)
    assert match is not None
    assert f"{float(match.group(1)) / 100:.0%} of unconstrained SAC" in page
    assert any("policy killed" in line and "500 ms" in line for line in summary)


def test_what_a_run_did_not_leave_is_named_and_not_invented(tmp_path: Path) -> None:
    directory = DemoDirectory(tmp_path)
    write_facts(directory, shipped=None, failures={"training": "the reason <of it>"}, missing={"drive": "no ROS here"})
    assert build_report(directory) == []
    page = directory.report.read_text()
    assert "data:image" not in page
    assert len(re.findall("is missing", page)) >= 6
    assert "the reason &lt;of it&gt;" in page
    assert "no ROS here" in page
