"""A contextual bandit whose multiplier λ*(s) is known: the ground truth for the multiplier's update rules (alam.md §6).

States s are uniform on [-1, 1]². In each, one real action a earns r(s) a, costs k(s) a, and is walled in by -w [|a| - 1]_+²:

    maximise  r(s) a - w [|a| - 1]_+²   subject to   k(s) a ≤ d,        r(s) = 1 + 2 s_0,   k(s) = 1 + s_1 / 2,   d = 1/4.

Since d < k everywhere, the bound a = d / k lies inside the wall, where reward and cost are linear. Stationarity there, r = λ k,
gives λ* = r / k wherever r > 0: the constraint binds. Where r ≤ 0 the best action -1 - |r| / (2 w) satisfies it with room to
spare and λ* = 0. Hence

    λ*(s) = [r(s)]_+ / k(s),

continuous, from 0 in a quarter of the states up to 6. The wall replaces a squashed policy, which could saturate and never come
back; the comparison would then be one of squashing. A linear reward has no curvature of its own, so that nothing but the penalty
damps the duel of policy and multiplier.

The policy is a network with reparametrised noise; the cost value it sees, Q_c = k a + noise, stands for a critic that errs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from alam_ros.errors import ConfigurationError
from alam_ros.learning.config import MultiplierConfig
from alam_ros.learning.multiplier import StateMultiplier
from alam_ros.learning.networks import mlp
from alam_ros.learning.parameters import ParameterVector

THRESHOLD = 0.25
WALL = 5.0
COST_VALUE_NOISE = 0.3
ACTION_NOISE = 0.1
HIDDEN = (64, 64)
BATCH_SIZE = 256
POLICY_LEARNING_RATE = 1e-3
PROBE_STATES = 1024
PROBE_INTERVAL = 50
LEARNING_RATES = (3e-5, 1e-4, 3e-4, 1e-3)

_ALAM = MultiplierConfig(penalty=1.0, maximum=20.0, averaging=0.05, learning_rate=1e-3, effective_maximum=None)
VARIANTS: Mapping[str, MultiplierConfig] = {
    "alam": _ALAM,
    "alam_online_target": replace(_ALAM, rule="online_target", averaging=1.0),
    "regression_without_penalty": replace(_ALAM, penalise=False),
    "dual_ascent_with_penalty": replace(_ALAM, rule="dual_ascent", averaging=1.0),
    "dual_ascent": replace(_ALAM, rule="dual_ascent", averaging=1.0, penalise=False),
}


@dataclass(frozen=True, kw_only=True)
class BanditResult:
    """How near one run came to the truth, over the last quarter of training on fixed probe states.

    Attributes:
        variant: of `VARIANTS`.
        learning_rate: of the multiplier network.
        seed: of the run.
        mean_error: E_t |E_s λ - E_s λ*| / E_s λ*.
        state_error: E_t E_s |λ - λ*| / E_s λ*.
        violation: E_t E_s [k a - d]_+ of the policy's mean action, beside d = 0.25.
        oscillation: E_s[std_t λ / (mean_t λ + 0.1)].
    """

    variant: str
    learning_rate: float
    seed: int
    mean_error: float
    state_error: float
    violation: float
    oscillation: float


def reward_slope(state: Tensor) -> Tensor:
    """Return r(s) of states (n, 2), (n,)."""
    return 1.0 + 2.0 * state[:, 0]


def cost_slope(state: Tensor) -> Tensor:
    """Return k(s) of states (n, 2), (n,)."""
    return 1.0 + 0.5 * state[:, 1]


def true_multiplier(state: Tensor) -> Tensor:
    """Return λ*(s) of states (n, 2), (n,)."""
    return reward_slope(state).relu() / cost_slope(state)


class _Bandit:
    """Policy and multiplier learning against each other."""

    def __init__(self, config: MultiplierConfig, generator: torch.Generator) -> None:
        self.policy = mlp([2, *HIDDEN, 1])
        self.multiplier = StateMultiplier(config, 2, HIDDEN)
        self.multiplier.ramp = 1.0
        self._generator = generator
        self._vector = ParameterVector(self.policy, POLICY_LEARNING_RATE, None)

    def states(self, count: int) -> Tensor:
        """Draw states, (count, 2)."""
        return 2.0 * torch.rand(count, 2, generator=self._generator) - 1.0

    def mean_action(self, state: Tensor) -> Tensor:
        """Return the policy's action without noise, (n,)."""
        action: Tensor = self.policy(state)[:, 0]
        return action

    def step(self) -> None:
        """Improve the policy against λ̄, then the multiplier with fresh actions of the new policy."""
        state = self.states(BATCH_SIZE)
        action, gap = self._act(state)
        reward = reward_slope(state) * action - WALL * (action.abs() - 1.0).relu().square()
        with torch.no_grad():
            multiplier = self.multiplier.average(state)
        objective = self.multiplier.augmented_lagrangian(multiplier, gap) - reward
        self._vector.minimise(objective.mean())
        with torch.no_grad():
            _, gap = self._act(state)
        self.multiplier.update(state, gap)

    def _act(self, state: Tensor) -> tuple[Tensor, Tensor]:
        """Return a reparametrised action and its gap by the noisy cost value, each (n,)."""
        action = self.mean_action(state) + ACTION_NOISE * torch.randn(len(state), generator=self._generator)
        noise = COST_VALUE_NOISE * torch.randn(len(state), generator=self._generator)
        return action, cost_slope(state) * action + noise - THRESHOLD


def run_bandit(variant: str, seed: int, *, learning_rate: float | None = None, steps: int = 3000) -> BanditResult:
    """Train policy and multiplier on the bandit and compare with the truth.

    Args:
        variant: of `VARIANTS`.
        seed: of networks, states and noise.
        learning_rate: of the multiplier network; None keeps the variant's.
        steps: of policy and multiplier, each; at least 400, for the figures to have instants to speak of.

    Raises:
        ConfigurationError: for an unknown variant or too few steps.
    """
    if variant not in VARIANTS:
        raise ConfigurationError(f"one of {', '.join(VARIANTS)}", f"`{variant}`", "name one of them")
    if steps < 8 * PROBE_INTERVAL:
        raise ConfigurationError(f"at least {8 * PROBE_INTERVAL} steps", str(steps), "take more")
    config = VARIANTS[variant]
    config = replace(config, learning_rate=learning_rate or config.learning_rate)
    with torch.random.fork_rng(devices=()):  # the networks draw their start from the global generator
        torch.manual_seed(seed)
        bandit = _Bandit(config, torch.Generator().manual_seed(seed))
    probe = bandit.states(PROBE_STATES)
    multipliers, violations = [], []
    for step in range(1, steps + 1):
        bandit.step()
        if step % PROBE_INTERVAL == 0:
            with torch.no_grad():
                multipliers.append(bandit.multiplier.average(probe))
                violations.append((cost_slope(probe) * bandit.mean_action(probe) - THRESHOLD).relu().mean())
    late = len(multipliers) // 4
    figures = _compare(torch.stack(multipliers[-late:]), true_multiplier(probe))
    violation = float(torch.stack(violations[-late:]).mean())
    return BanditResult(variant=variant, learning_rate=config.learning_rate, seed=seed, violation=violation, **figures)


def sweep(seeds: Sequence[int], learning_rates: Sequence[float] = LEARNING_RATES, *, steps: int = 3000) -> Iterator[BanditResult]:
    """Run every variant at every learning rate, because an untuned baseline proves nothing; yields each result as it comes."""
    for variant in VARIANTS:
        for learning_rate in learning_rates:
            for seed in seeds:
                yield run_bandit(variant, seed, learning_rate=learning_rate, steps=steps)


def _compare(multipliers: Tensor, truth: Tensor) -> dict[str, float]:
    """Return errors and oscillation of multipliers (instants, states) against the truth (states,)."""
    scale = truth.mean()
    return {
        "mean_error": float((multipliers.mean(1) - scale).abs().mean() / scale),
        "state_error": float((multipliers - truth).abs().mean() / scale),
        "oscillation": float((multipliers.std(0) / (multipliers.mean(0) + 0.1)).mean()),
    }
