from __future__ import annotations

import pytest
import torch
from scipy.optimize import minimize

from alam_ros.errors import ConfigurationError
from alam_ros.learning import bandit
from alam_ros.learning.bandit import VARIANTS, BanditResult, run_bandit


@pytest.mark.parametrize("seed", range(8))
def test_the_stated_multiplier_solves_the_problem(seed: int) -> None:
    state = 2 * torch.rand(1, 2, generator=torch.Generator().manual_seed(seed)) - 1
    r, k = bandit.reward_slope(state).item(), bandit.cost_slope(state).item()

    def best_reward(threshold: float) -> float:
        solution = minimize(
            lambda a: -(r * a[0] - bandit.WALL * max(abs(a[0]) - 1, 0) ** 2),
            x0=[0.0],
            constraints={"type": "ineq", "fun": lambda a: threshold - k * a[0]},
            method="SLSQP",
            options={"ftol": 1e-14},
        )
        return -float(solution.fun)

    # The multiplier is the price of the threshold: by how much the best reward rises when a little more cost is allowed.
    price = (best_reward(bandit.THRESHOLD + 1e-2) - best_reward(bandit.THRESHOLD - 1e-2)) / 2e-2
    assert price == pytest.approx(bandit.true_multiplier(state).item(), abs=1e-3)


def test_the_constraint_binds_in_some_states_and_not_in_others() -> None:
    state = 2 * torch.rand(10_000, 2, generator=torch.Generator().manual_seed(0)) - 1
    binds = bandit.true_multiplier(state) > 0
    assert 0.7 < binds.float().mean() < 0.8


def test_a_run_repeats_itself_and_leaves_the_global_generator_alone() -> None:
    before = torch.random.get_rng_state()
    first, second, other = (run_bandit("alam", seed, steps=400) for seed in (4, 4, 5))
    assert first == second != other
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.fixture(scope="module")
def results() -> dict[str, BanditResult]:
    return {variant: run_bandit(variant, seed=0, steps=1600) for variant in VARIANTS}


def test_alam_finds_the_multiplier_and_keeps_the_constraint(results: dict[str, BanditResult]) -> None:
    alam = results["alam"]
    assert alam.mean_error < 0.05
    assert alam.state_error < 0.1
    assert alam.violation < 0.05
    assert alam.oscillation < 0.1


@pytest.mark.parametrize("variant", [variant for variant in VARIANTS if variant != "alam"])
def test_every_other_rule_is_worse_at_the_same_learning_rate(results: dict[str, BanditResult], variant: str) -> None:
    alam, other = results["alam"], results[variant]
    assert other.mean_error > 2 * alam.mean_error
    assert other.state_error > 2 * alam.state_error
    assert other.violation > 2 * alam.violation
    assert other.oscillation > 2 * alam.oscillation


def test_an_unknown_variant_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="dual_ascent_with_penalty"):
        run_bandit("almn", seed=0)


def test_too_few_steps_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least 400"):
        run_bandit("alam", seed=0, steps=100)
