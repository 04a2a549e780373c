"""The update with its gradients written out takes the steps of the reference."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
import torch

from alam_ros.learning.config import FAMILY, AlgorithmConfig, ConstraintConfig
from alam_ros.learning.fast_learner import FastLearner
from alam_ros.learning.learner import Learner
from tests.support.learners import (
    ACTION,
    BATCH,
    OBSERVATION,
    assert_scalars_agree,
    assert_states_agree,
    default_dtype,
    make_batch,
    member_multiplier,
    tensors,
)

UPDATES = 100
SCHEDULE = {"start": 0.2, "ramp": 0.3, "delay": 3}
CONSTRAINT = ConstraintConfig(episode_cost_limit=2.0, episode_steps=100, cost_discount=0.9)
DECAY = replace(CONSTRAINT, certificate="constraint_decay", decay_limit=0.2)
HOW = ("mean", "max", "min")


def configure(name: str = "sac_alam", multiplier: Mapping[str, Any] | None = None, **changes: Any) -> AlgorithmConfig:
    settings = {"hidden": (16, 16), "constraint": CONSTRAINT, "reward_scale": None, "normalise_observations": False, **changes}
    return AlgorithmConfig(name=name, multiplier=member_multiplier(name, **SCHEDULE, **(multiplier or {})), **settings)


CASES = {
    **{name: configure(name) for name in FAMILY},
    **{f"bootstrap {b}, pessimism {p}": configure(cost_bootstrap=b, cost_pessimism=p) for b, p in itertools.product(HOW, HOW)},
    **{f"constraint decay of {name}": configure(name, constraint=DECAY) for name in ("sac_alam", "cal")},
    **{f"constraint decay from the {how}": configure(constraint=DECAY, cost_bootstrap=how) for how in ("max", "min")},
    "online target": configure(multiplier={"rule": "online_target"}),
    "no penalty": configure(multiplier={"penalise": False}),
    "narrow gaps": configure(multiplier={"gap_low": 0.1, "gap_high": 0.5, "dual_gap": 0.2}),
    "a penalty that soon reaches its limit": configure(multiplier={"effective_maximum": 0.02}),
    "the same, scalar": configure("cal", multiplier={"effective_maximum": 0.02}),
    "low maximum": configure(multiplier={"maximum": 0.04}, constraint=replace(CONSTRAINT, adaptation=0.0)),
    "low maximum that rises": configure(multiplier={"maximum": 0.04}),
    "pid on the cost value": configure("sac_pid", multiplier={"signal": "cost_value"}),
    "normalised observations": configure(normalise_observations=True),
    "scaled rewards": configure(reward_scale=0.5),
    "all units, scalar": configure("cal", normalise_observations=True, reward_scale=2.0, cost_pessimism="mean"),
    "clipped gradients": configure(gradient_norm=0.05),
    "an actor step each time": configure(actor_delay=1),
    "rates and entropy of their own": configure(
        target_averaging=0.01, cost_target_averaging=0.05, entropy_target=-0.5, final_entropy_target=-2.0
    ),
    "cost critics stepped every third time": configure("sac", cost_critic_delay=3, cost_target_averaging=0.05, gradient_norm=0.5),
    "cost critics stepped each time": configure("sac", cost_critic_delay=1),
    "one hidden layer": configure(hidden=(24,)),
    "three hidden layers": configure(hidden=(16, 12, 8)),
    "three hidden layers, scalar": configure("sac_lag", hidden=(16, 12, 8)),
}


def train(make: Callable[[], Learner]) -> tuple[Learner, list[dict[str, torch.Tensor]]]:
    """Take 100 updates from rest through the ramp to the full constraint, units and episodes changing on the way."""
    torch.manual_seed(0)
    learner, scalars = make(), []
    for step in range(UPDATES):
        batch = make_batch(step)
        batch = replace(batch, observation=3.0 * batch.observation + 1.0, next_observation=3.0 * batch.next_observation + 1.0)
        learner.measure(batch.observation.numpy(), 5.0 * batch.reward.numpy(), batch.cost.numpy(), exported=4)
        learner.set_progress(step / UPDATES)
        scalars.append(learner.update(batch))
    return learner, scalars


def train_both(config: AlgorithmConfig) -> tuple[Learner, Learner, list[dict[str, torch.Tensor]], list[dict[str, torch.Tensor]]]:
    reference, expected = train(lambda: Learner(config, OBSERVATION, ACTION))
    random = torch.get_rng_state()
    fast, found = train(lambda: FastLearner(config, OBSERVATION, ACTION, BATCH))
    assert torch.equal(torch.get_rng_state(), random)  # both have drawn the same noise
    return reference, fast, expected, found


def learned(learner: Learner) -> dict[str, torch.Tensor]:
    """Return networks, temperature and multiplier; not what the optimisers remember."""
    return {path: value.double() for path, value in tensors(learner.state_dict()).items() if "optimizer" not in path}


@pytest.mark.parametrize("case", CASES)
def test_in_double_precision_they_agree_to_rounding(case: str) -> None:
    config = CASES[case]
    with default_dtype(torch.float64):
        reference, fast, expected, found = train_both(config)
    assert reference.multiplier.ramp == (0.0 if config.name == "sac" else 1.0)
    assert_states_agree(learned(fast), learned(reference))
    assert_scalars_agree(found, expected)


@pytest.mark.parametrize("case", CASES)
def test_in_single_precision_they_agree_to_one_in_a_hundred_thousand(case: str) -> None:
    # All parameters together, not each: where a gradient is as small as rounding, Adam makes a full step of its sign, and a
    # unit whose input is zero to rounding may be on in one and off in the other. Wide networks, on which such elements always
    # occur, and long runs drift further apart; gradients agree to rounding at every single step.
    reference, fast, _, _ = train_both(CASES[case])
    ours, theirs = (
        torch.cat([part.detach().flatten() for network in networks(learner) for part in network.parameters()])
        for learner in (fast, reference)
    )
    assert float((ours - theirs).norm() / theirs.norm()) <= 1e-5
    torch.testing.assert_close(fast.log_temperature, reference.log_temperature, rtol=0, atol=1e-5)
    observation = make_batch().observation
    torch.testing.assert_close(fast.multiplier.value(observation), reference.multiplier.value(observation), rtol=1e-4, atol=1e-5)


def networks(learner: Learner) -> list[torch.nn.Module]:
    found = [learner.actor, learner.average_actor, learner.critics, learner.target_critics]
    return found + [part for part in vars(learner.multiplier).values() if isinstance(part, torch.nn.Module)]


def test_the_cases_reach_what_they_are_named_after() -> None:
    with default_dtype(torch.float64):
        _, clipped, _, scalars = train_both(CASES["clipped gradients"])
        _, low, _, _ = train_both(CASES["low maximum"])
        _, rising, _, _ = train_both(CASES["low maximum that rises"])
        _, _, _, plain = train_both(CASES["sac_alam"])
    norms = {
        name: [float(line[name]) for line in scalars if name in line] for name in ("critic/gradient_norm", "actor/gradient_norm")
    }
    assert all(min(values) > clipped.config.gradient_norm for values in norms.values())
    assert float(low.multiplier.value(make_batch().observation.double()).max()) == pytest.approx(0.04)
    assert rising.multiplier.maximum > 0.04
    late = [line for line in plain[-20:] if "multiplier/effective" in line]
    assert all(float(line["multiplier/effective"]) > 0.1 for line in late)


@pytest.mark.parametrize("name", ["sac_alam", "sac_pid"])
def test_what_is_logged_does_not_change_what_is_learned(name: str) -> None:
    config = CASES[name]
    torch.manual_seed(0)
    silent = FastLearner(config, OBSERVATION, ACTION, BATCH)
    torch.manual_seed(0)
    recorded = FastLearner(config, OBSERVATION, ACTION, BATCH)
    for learner, record in ((silent, False), (recorded, True)):
        torch.manual_seed(1)
        learner.set_progress(1.0)
        learner.limit.collected.follow(0.5, 1.0)
        for step in range(6):
            assert bool(learner.update(make_batch(step), record=record)) == record
    ours, theirs = learned(silent), learned(recorded)
    assert all(torch.equal(ours[path], theirs[path]) for path in theirs)
