"""The configuration: what it refuses, and the members of the family."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from alam_ros.errors import ConfigurationError
from alam_ros.learning.config import (
    FAMILY,
    AlgorithmConfig,
    ConstraintConfig,
    MultiplierConfig,
    TrainerConfig,
    TrainingConfig,
    training_config,
)
from alam_ros.learning.learner import Learner
from alam_ros.learning.multiplier import StateMultiplier
from alam_ros.learning.scalar_multiplier import ScalarMultiplier
from alam_ros.typed import to_mapping
from tests.support.learners import CONFIG

ENVIRONMENT = {"id": "alam/Navigation-v0"}


def build(**algorithm: Any) -> TrainingConfig:
    return training_config({"environment": ENVIRONMENT, "algorithm": algorithm})


@pytest.mark.parametrize(("limit", "expected"), [(25.0, 2.50), (10.0, 1.00)])
def test_threshold_of_an_episode_budget(limit: float, expected: float) -> None:
    constraint = ConstraintConfig(episode_cost_limit=limit, episode_steps=1000, cost_discount=0.99, margin=0.0)
    assert constraint.threshold == pytest.approx(expected, abs=0.005)
    # Costs spread evenly over the episode are discounted to exactly the threshold.
    assert constraint.threshold == pytest.approx(float(np.sum(limit / 1000 * 0.99 ** np.arange(1000))))


def test_the_margin_is_kept_free_of_every_member() -> None:
    tight, exact = (ConstraintConfig(episode_cost_limit=10.0, cost_discount=0.9, margin=margin) for margin in (0.2, 0.0))
    assert tight.target_episode_cost == pytest.approx(8.0)
    assert tight.threshold == pytest.approx(0.8 * exact.threshold)


@pytest.mark.parametrize("margin", [-0.1, 1.0, float("nan")])
def test_a_margin_that_leaves_no_budget_is_refused(margin: float) -> None:
    with pytest.raises(ConfigurationError, match="margin"):
        ConstraintConfig(margin=margin)


def test_a_limit_that_makes_every_state_infeasible_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="episode_cost_limit` above 0"):
        replace(CONFIG, constraint=ConstraintConfig(episode_cost_limit=0.0))


def test_constraint_decay_has_a_limit_of_its_own_and_is_a_probability() -> None:
    constraint = ConstraintConfig(certificate="constraint_decay", decay_limit=0.3, episode_cost_limit=25.0, cost_discount=0.95)
    assert constraint.threshold == 0.3
    assert constraint.largest_value == 1.0
    assert replace(constraint, certificate="cost_value").largest_value == pytest.approx(20.0)
    with pytest.raises(ConfigurationError, match="decay_limit` above 0"):
        replace(constraint, decay_limit=0.0)


def test_the_cost_discount_follows_from_the_horizon_and_the_control_period() -> None:
    constraint = ConstraintConfig(episode_cost_limit=25.0, episode_steps=1000, cost_horizon=0.5)
    assert constraint.at(0.05).discount == pytest.approx(0.9)
    assert constraint.at(0.005).discount == pytest.approx(0.99)
    assert constraint.at(0.05).at(0.005) == constraint.at(0.05)  # what is filled in stays
    assert replace(constraint, cost_discount=0.8).at(0.05).discount == 0.8
    config = training_config({"environment": ENVIRONMENT, "algorithm": {"constraint": {"cost_horizon": 0.5}}})
    assert config.at(0.05).algorithm.constraint.discount == pytest.approx(0.9)
    assert replace(config.at(0.05), algorithm=config.algorithm) == config  # and nothing else changed


@pytest.mark.parametrize("period", [0.5, 0.7])
def test_a_horizon_within_one_control_period_is_refused(period: float) -> None:
    with pytest.raises(ConfigurationError, match=r"above the control period of 0\.\d s; found 0\.5 s; raise it"):
        ConstraintConfig(cost_horizon=0.5).at(period)


def test_a_threshold_before_the_discount_is_known_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="cost_discount"):
        _ = ConstraintConfig().threshold
    assert ConstraintConfig(certificate="constraint_decay", decay_limit=0.2).threshold == 0.2


@pytest.mark.parametrize(
    "constraint", [{"cost_horizon": 0.0}, {"cost_discount": 1.0}, {"cost_discount": 0.0}, {"episode_steps": 0}]
)
def test_a_constraint_without_meaning_is_refused(constraint: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(constraint))):
        build(constraint=constraint)


@pytest.mark.parametrize("name", FAMILY)
def test_every_member_builds_as_the_family_says(name: str) -> None:
    algorithm = build(name=name, hidden=[8]).at(0.1).algorithm
    assert algorithm.multiplier == MultiplierConfig(**FAMILY[name])
    multiplier = Learner(algorithm, 3, 1).multiplier
    assert isinstance(multiplier, StateMultiplier if FAMILY[name]["kind"] == "network" else ScalarMultiplier)


def test_sac_alam_is_what_an_empty_mapping_means() -> None:
    assert training_config({"environment": ENVIRONMENT}) == build() == build(name="sac_alam") == build(multiplier={})
    assert build().algorithm == AlgorithmConfig()


def test_keys_of_the_user_win_over_those_of_the_member() -> None:
    multiplier = build(name="cal", multiplier={"maximum": 7.0, "penalty": 3.0}).algorithm.multiplier
    assert (multiplier.maximum, multiplier.penalty) == (7.0, 3.0)
    assert (multiplier.kind, multiplier.rule, multiplier.learning_rate) == (
        "scalar",
        "dual_ascent",
        FAMILY["cal"]["learning_rate"],
    )


@pytest.mark.parametrize("name", FAMILY)
def test_a_resolved_configuration_means_itself(name: str) -> None:
    config = build(name=name, multiplier={"penalty": 3.0})
    assert training_config(to_mapping(config)) == config


def test_the_given_mapping_is_left_alone() -> None:
    mapping = {"environment": ENVIRONMENT, "algorithm": {"name": "sac_pid", "multiplier": {"penalty": 2.0}}}
    training_config(mapping)
    assert mapping == {"environment": ENVIRONMENT, "algorithm": {"name": "sac_pid", "multiplier": {"penalty": 2.0}}}


@pytest.mark.parametrize(("name", "kind"), [("sac", "network"), ("cal", "none"), ("sac_alam", "none"), ("sac_lag", "network")])
def test_a_kind_that_is_not_the_members_is_refused(name: str, kind: str) -> None:
    rule = "averaged_target" if kind == "network" else "dual_ascent"
    with pytest.raises(ConfigurationError, match=rf"`multiplier.kind: {FAMILY[name]['kind']}` for `{name}`; found {kind}"):
        build(name=name, multiplier={"kind": kind, "rule": rule})


def test_an_unknown_member_is_refused_with_the_known() -> None:
    with pytest.raises(ConfigurationError, match=rf"one of {', '.join(FAMILY)}; found 'sac_almn'"):
        build(name="sac_almn")


@pytest.mark.parametrize(
    ("name", "multiplier", "message"),
    [
        ("sac_alam", {"rule": "pid"}, "`multiplier.rule` for a network to be one of averaged_target, online_target, dual_ascent"),
        (
            "sac_lag",
            {"rule": "averaged_target"},
            "`multiplier.rule` for a scalar to be one of dual_ascent, pid; found averaged_target",
        ),
        ("fac", {"signal": "episode_cost"}, "`multiplier.signal: cost_value` for a network"),
        ("sac_alam", {"start": 15_000}, "`algorithm.multiplier.start` as a share, 0 to 1; found 15000"),
        ("cal", {"ramp": -0.1}, "`algorithm.multiplier.ramp` as a share"),
        ("sac_alam", {"speed": 1.0}, "`algorithm.multiplier.speed`"),
        ("sac_alam", None, "`algorithm.multiplier`"),
    ],
)
def test_a_multiplier_without_meaning_is_refused(name: str, multiplier: Any, message: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        build(name=name, multiplier=multiplier)
    assert message in str(refused.value)


def test_a_reward_scale_is_above_zero() -> None:
    with pytest.raises(ConfigurationError, match=r"`algorithm.reward_scale` above 0 and finite; found 0"):
        build(reward_scale=0.0)
    assert build(reward_scale=2.0).algorithm.reward_scale == 2.0


@pytest.mark.parametrize(
    "algorithm",
    [
        {"initial_temperature": -1.0},
        {"initial_temperature": 0.0},
        {"reward_scale": float("inf")},
        {"entropy_target": float("nan")},
        {"critic_learning_rate": -1e-3},
        {"gradient_norm": -1.0},
        {"target_averaging": 2.0},
        {"cost_target_averaging": 0.0},
        {"multiplier": {"penalty": float("nan")}},
        {"multiplier": {"maximum": 0.0}},
        {"multiplier": {"averaging": 5.0}},
        {"multiplier": {"dual_gap": -1.0}},
        {"multiplier": {"learning_rate": 0.0}},
        {"constraint": {"cost_horizon": float("inf")}},
    ],
    ids=str,
)
def test_numbers_with_which_learning_cannot_work_are_refused(algorithm: dict[str, Any]) -> None:
    (name, value), *_ = algorithm.items()
    key = f"{name}.{next(iter(value))}" if isinstance(value, dict) else name
    with pytest.raises(ConfigurationError, match=rf"`algorithm\.{key}` "):
        build(**algorithm)


def test_what_is_no_mapping_is_refused() -> None:
    for wrong in ([], {"environment": ENVIRONMENT, "algorithm": [1]}):
        with pytest.raises(ConfigurationError):
            training_config(wrong)


def test_cost_critics_step_at_least_sometimes() -> None:
    with pytest.raises(ConfigurationError, match=r"`algorithm.cost_critic_delay` of at least 1; found 0"):
        build(cost_critic_delay=0)
    with pytest.raises(ConfigurationError, match=r"`algorithm.actor_delay` of at least 1; found 0"):
        build(actor_delay=0)
    with pytest.raises(ConfigurationError, match=r"`algorithm.multiplier.delay` of at least 1; found 0"):
        build(multiplier={"delay": 0})
    with pytest.raises(ConfigurationError, match=r"`algorithm.hidden` with the size of one layer or more; found \[\]"):
        build(hidden=[])


@pytest.mark.parametrize("name", FAMILY)
def test_the_delay_of_cost_critics_is_for_members_without_a_multiplier(name: str) -> None:
    assert build(name=name, cost_critic_delay=3).algorithm.cost_critic_period == (3 if name == "sac" else 1)


def test_a_recency_that_would_prefer_what_is_old_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"`trainer.replay_recency` of at least 1 and finite; found 0.5"):
        TrainerConfig(replay_recency=0.5)


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_some_copies_have_to_explore(share: float) -> None:
    with pytest.raises(ConfigurationError, match=r"`trainer.exported_share` of at least 0 and below 1; found"):
        TrainerConfig(exported_share=share)


@pytest.mark.parametrize(("copies", "share", "exported"), [(8, 0.125, 1), (7, 0.125, 0), (20, 0.125, 2), (8, 0.0, 0)])
def test_the_number_of_exported_copies_is_rounded_down(copies: int, share: float, exported: int) -> None:
    environment = {"id": "alam/Navigation-v0", "copies": copies}
    config = training_config({"environment": environment, "trainer": {"exported_share": share}})
    assert config.exported_copies == exported
