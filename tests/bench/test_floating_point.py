"""The operations counted from the sizes are those that torch counts while the reference learner works."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from alam_ros.bench.floating_point import network_flop, update_flop
from alam_ros.learning.config import AlgorithmConfig
from alam_ros.learning.learner import Learner
from tests.support.learners import ACTION, BATCH, CONFIG, OBSERVATION, make_batch, member_multiplier


def config(name: str, rule: str | None = None, hidden: tuple[int, ...] = (24, 16)) -> AlgorithmConfig:
    multiplier = member_multiplier(name, delay=5, **({} if rule is None else {"rule": rule}))
    return replace(CONFIG, name=name, hidden=hidden, actor_delay=2, multiplier=multiplier)


def counted(config: AlgorithmConfig, updates: int) -> int:
    torch.manual_seed(0)
    learner = Learner(config, OBSERVATION, ACTION)
    learner.set_progress(1.0)
    with FlopCounterMode(display=False) as counter:
        for step in range(updates):
            learner.update(make_batch(step))
    return counter.get_total_flops()


def surplus(config: AlgorithmConfig) -> float:
    """Return what the reference computes an update although nobody needs it."""
    sizes = [OBSERVATION + ACTION, *config.hidden, 1]
    critic = network_flop(BATCH, sizes, ACTION)
    observation_gradient = 2 * BATCH * OBSERVATION * config.hidden[0]
    if config.multiplier.kind == "none":  # the cost critics as well, forth and back, also where they rest
        actor_step = 2 * (critic.forward + critic.below + critic.action) + 4 * observation_gradient
        resting = 2 * (2 * critic.forward + critic.backward) * (1.0 - 1.0 / config.cost_critic_period)
        return actor_step / config.actor_delay + resting
    reward_critics = 2 * critic.forward
    return 4 * observation_gradient / config.actor_delay + reward_critics / config.multiplier.delay


@pytest.mark.parametrize("name", ["sac", "sac_lag", "fac", "sac_alam"])
@pytest.mark.parametrize("hidden", [(24, 16), (20,), (16, 12, 8)])
def test_they_are_what_torch_counts_less_what_the_reference_computes_in_vain(name: str, hidden: tuple[int, ...]) -> None:
    case = config(name, hidden=hidden)
    updates = math.lcm(case.actor_delay, case.multiplier.delay, case.cost_critic_period)
    expected = updates * (update_flop(case, OBSERVATION, ACTION, BATCH) + surplus(case))
    assert counted(case, updates) == pytest.approx(expected, abs=1e-3)


def test_an_online_target_saves_a_forward_pass() -> None:
    saved = [update_flop(config("sac_alam", rule), OBSERVATION, ACTION, BATCH) for rule in ("averaged_target", "online_target")]
    assert saved[0] - saved[1] == pytest.approx(network_flop(BATCH, [OBSERVATION, 24, 16, 1]).forward / 5)
