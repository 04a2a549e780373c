from __future__ import annotations

from pathlib import Path

import pytest

from alam_ros.cli.environments import make_environments
from alam_ros.learning.config import FAMILY, AlgorithmConfig, TrainingConfig, training_config
from alam_ros.learning.trainer import Trainer
from alam_ros.report.algorithm import what_is_enforced, what_was_learned
from alam_ros.report.build import build_report
from alam_ros.report.directory import DemoDirectory
from alam_ros.report.material import Material
from tests.report.test_build import write_facts
from tests.support.training import tiny_config


def of(member: str, **algorithm: object) -> AlgorithmConfig:
    config: TrainingConfig = training_config({"environment": {"id": "x"}, "algorithm": {"name": member, **algorithm}})
    return config.algorithm


@pytest.mark.parametrize("member", FAMILY)
def test_only_a_multiplier_network_is_said_to_enforce_the_constraint_in_every_state(member: str) -> None:
    said = what_is_enforced(of(member))
    assert "budget of 10 an episode" in said
    assert ("in every state" in said) == (member in {"fac", "sac_alam"})
    assert ("on average over states" in said) == (member not in {"fac", "sac", "sac_alam"})
    assert ("knows no constraint" in said) == (member == "sac")


def test_a_limit_on_a_probability_is_no_budget() -> None:
    said = what_is_enforced(of("sac_alam", constraint={"certificate": "constraint_decay", "decay_limit": 0.2}))
    assert said.startswith("A limit of 0.2 on the discounted probability of a cost is enforced in every state")


def test_where_the_constraint_holds_from_the_beginning_no_line_is_spoken_of() -> None:
    assert "dotted" in what_is_enforced(of("cal"))
    assert "dotted" not in what_is_enforced(of("cal", multiplier={"start": 0.0}))


@pytest.mark.parametrize(("algorithm", "said"), [("sac_alam", "every state"), ("cal", "one multiplier"), ("theirs", "theirs.")])
def test_a_given_policy_is_described_by_its_own_file(algorithm: str, said: str) -> None:
    evaluation = {"environment": "alam/ArmReach-v0", "algorithm": algorithm}
    material = Material(facts={}, config=None, metrics=[], evaluation=evaluation, reference=None, drive=None)
    assert what_was_learned(material).startswith(f"A policy learned alam/ArmReach-v0 in simulation with {algorithm}")
    assert said in what_was_learned(material)


def test_the_report_of_plain_sac_claims_no_constraint(tmp_path: Path) -> None:
    directory = DemoDirectory(tmp_path)
    write_facts(directory)
    with Trainer(tiny_config(directory.run, {"name": "sac", "multiplier": {}}), make_environments=make_environments) as trainer:
        trainer.run()
    build_report(directory)
    page = directory.report.read_text()
    assert "in simulation with sac, without a constraint on cost." in page
    assert "is drawn to compare with: sac knows no constraint." in page
    assert "SAC-ALaM" not in page
