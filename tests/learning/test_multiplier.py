from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from alam_ros.learning.config import MultiplierConfig
from alam_ros.learning.multiplier import GRADIENT_NORM, StateMultiplier
from tests.support.learners import default_dtype

RULES = ("averaged_target", "online_target", "dual_ascent")


@pytest.fixture(scope="module", autouse=True)
def _double_precision() -> Iterator[None]:
    with default_dtype(torch.float64):
        yield


def make(**changes: object) -> StateMultiplier:
    """Return a multiplier well above zero, the same at every call."""
    torch.manual_seed(0)
    numbers = {"penalty": 1.0, "maximum": 10.0, **changes}
    multiplier = StateMultiplier(MultiplierConfig(**numbers), 3, (16,))  # type: ignore[arg-type]
    with torch.no_grad():
        multiplier.online.trunk[-1].weight.uniform_(-0.3, 0.3)
        multiplier.online.trunk[-1].bias.fill_(2.0)
    multiplier.average_vector.copy_(multiplier.vector.values)
    multiplier.ramp = 1.0
    return multiplier


def data(seed: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    observation = torch.randn(64, 3, generator=generator)
    return observation, 0.3 * torch.randn(64, generator=generator)


def gradient(multiplier: StateMultiplier) -> torch.Tensor:
    parts = torch.autograd.grad(multiplier.loss(*data()), list(multiplier.online.parameters()))
    return torch.cat([part.flatten() for part in parts])


def weights(multiplier: StateMultiplier) -> torch.Tensor:
    return multiplier.vector.values.clone()


@given(multiplier=st.floats(0, 20), gap=st.floats(-5, 5), penalty=st.floats(0.01, 10), ramp=st.sampled_from([0.25, 1.0]))
def test_closed_forms(multiplier: float, gap: float, penalty: float, ramp: float) -> None:
    subject = StateMultiplier(MultiplierConfig(penalty=penalty, maximum=15.0, effective_maximum=None), 1, ())
    subject.ramp = ramp
    rho = penalty * ramp
    pair = torch.tensor(multiplier), torch.tensor(gap)
    effective = max(0.0, multiplier + rho * gap)
    assert float(subject.effective(*pair)) == pytest.approx(effective, abs=1e-12)
    assert float(subject.dual_target(*pair)) == pytest.approx(min(effective, 15.0), abs=1e-12)
    assert float(subject.augmented_lagrangian(*pair)) == pytest.approx(effective**2 / (2 * rho), abs=1e-9)


@given(multiplier=st.floats(0, 20), gap=st.floats(-5, 5), penalise=st.booleans(), maximum=st.sampled_from([None, 0.5, 3.0]))
def test_what_is_felt_of_the_effective_multiplier_multiplies_the_cost_gradient(
    multiplier: float, gap: float, penalise: bool, maximum: float | None
) -> None:
    subject = StateMultiplier(MultiplierConfig(penalty=0.7, penalise=penalise, effective_maximum=maximum), 1, ())
    subject.ramp = 1.0
    value = torch.tensor(gap, requires_grad=True)
    level = torch.tensor(multiplier)
    (slope,) = torch.autograd.grad(subject.augmented_lagrangian(level, value), value)
    assert float(slope) == pytest.approx(float(subject.felt(level, value.detach())), abs=1e-9)
    if not penalise:
        assert float(slope) == pytest.approx(multiplier)


def test_the_penalty_raises_what_is_felt_to_a_limit_and_a_larger_multiplier_not_at_all() -> None:
    subject = StateMultiplier(MultiplierConfig(penalty=2.0, maximum=10.0, effective_maximum=3.0), 1, ())
    subject.ramp = 1.0
    multiplier = torch.tensor([0.0, 0.0, 1.0, 1.0, 5.0, 5.0, 5.0])
    gap = torch.tensor([1.0, 9.0, 0.9, 1.1, 0.1, -0.5, -9.0])
    assert subject.felt(multiplier, gap).tolist() == pytest.approx([2.0, 3.0, 2.8, 3.0, 5.0, 4.0, 0.0])


def test_the_plain_lagrangian_is_the_limit_of_a_vanishing_penalty() -> None:
    multiplier, gap = torch.tensor(3.0), torch.tensor([-0.4, 0.0, 0.9])
    small, none = StateMultiplier(MultiplierConfig(penalty=1e-6), 1, ()), StateMultiplier(MultiplierConfig(penalise=False), 1, ())
    small.ramp = none.ramp = 1.0
    completed = small.augmented_lagrangian(multiplier, gap) - multiplier**2 / (2 * small.penalty)
    torch.testing.assert_close(completed, none.augmented_lagrangian(multiplier, gap), rtol=0, atol=1e-5)


def test_online_target_regression_has_the_gradient_of_dual_ascent() -> None:
    # alam.md §4.3: the mean square has gradient -2 ρ E[G ∇λ]; the reference is written out, not taken from the module.
    online = make(rule="online_target", penalty=0.8)
    observation, gap = data()
    assert online.dual_target(online.online(observation), gap).min() > 0  # no clip is active
    ascent = -2 * 0.8 * (online.online(observation) * gap).mean()
    expected = torch.cat([p.flatten() for p in torch.autograd.grad(ascent, list(online.online.parameters()))])
    assert expected.norm() > 1e-3
    torch.testing.assert_close(gradient(online), expected, rtol=0, atol=1e-6)
    torch.testing.assert_close(gradient(make(rule="dual_ascent", penalty=0.8)), expected, rtol=0, atol=1e-6)


def test_where_the_target_is_clipped_they_differ() -> None:
    clipped = {rule: gradient(make(rule=rule, penalty=0.8, maximum=2.0)) for rule in ("online_target", "dual_ascent")}
    assert (clipped["online_target"] - clipped["dual_ascent"]).abs().max() > 1e-3


def test_online_target_and_dual_ascent_follow_the_same_path() -> None:
    subjects = {rule: make(rule=rule, penalty=0.5) for rule in RULES}
    start = weights(subjects["dual_ascent"])
    for subject in subjects.values():
        subject.vector._optimizer = torch.optim.SGD([subject.vector.values], lr=0.05)
        for seed in range(40):
            subject.update(*data(seed))
    moved = (weights(subjects["dual_ascent"]) - start).norm()
    assert moved > 0.01
    torch.testing.assert_close(weights(subjects["online_target"]), weights(subjects["dual_ascent"]), rtol=0, atol=1e-10)
    assert (weights(subjects["averaged_target"]) - weights(subjects["dual_ascent"])).norm() > 0.1 * moved


def test_the_averaged_target_is_built_from_the_average() -> None:
    subject = make(penalty=0.5)
    with torch.no_grad():
        subject.online.trunk[-1].bias.add_(1.0)
    observation, gap = data()
    error = subject.online(observation) - (subject.average(observation) + 0.5 * gap).clamp(0, subject.config.maximum)
    torch.testing.assert_close(subject.loss(observation, gap), error.square().mean())


def test_the_target_is_a_constant() -> None:
    subject = make(rule="online_target", penalty=0.5)
    subject.config = MultiplierConfig(
        rule="online_target", penalty=0.0, maximum=10.0
    )  # the target is λ_ξ itself: nothing to learn
    assert gradient(subject).abs().max() == 0


@pytest.mark.parametrize("rule", RULES)
def test_an_update_moves_the_average_by_its_rate(rule: str) -> None:
    subject = make(rule=rule, averaging=0.2)
    before = copy.deepcopy(subject.average)
    subject.update(*data())
    for old, new, online in zip(before.parameters(), subject.average.parameters(), subject.online.parameters(), strict=True):
        assert not torch.equal(old, online)
        torch.testing.assert_close(new, 0.8 * old + 0.2 * online.detach())


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_the_multiplier_rises_where_the_constraint_is_violated_and_falls_where_it_is_not(rule: str, sign: float) -> None:
    subject = make(rule=rule)
    observation, gap = data()
    before = subject.average(observation).mean()
    for _ in range(20):
        subject.update(observation, sign * gap.abs())
    assert sign * float(subject.average(observation).mean() - before) > 1e-4


def test_a_huge_gap_gives_a_bounded_gradient() -> None:
    subject = make(maximum=1e9)
    observation, _ = data()
    subject.update(observation, torch.full((64,), 1e6))
    norm = torch.cat([part.flatten() for part in subject.vector.gradients]).norm()
    assert float(norm) == pytest.approx(GRADIENT_NORM, rel=1e-5)
