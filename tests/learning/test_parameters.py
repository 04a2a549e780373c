"""Parameters as views of one vector, and its gradient step."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from alam_ros.learning.networks import BatchedCritics
from alam_ros.learning.parameters import ParameterVector, flatten


class Weights(nn.Module):
    """Two parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(1, 1))


def are_views(module: nn.Module, vector: torch.Tensor) -> bool:
    """Return whether writing to the vector is writing to the parameters, in their order."""
    vector.copy_(torch.randn_like(vector))
    return torch.equal(torch.cat([part.detach().flatten() for part in module.parameters()]), vector)


def test_flattening_keeps_values_and_shapes() -> None:
    torch.manual_seed(0)
    critics = BatchedCritics(3, 2, (7, 5))
    before = [part.detach().clone() for part in critics.parameters()]
    rows = torch.randn(4, 3), torch.randn(4, 2)
    values = critics(*rows)
    vector = flatten(critics)
    assert vector.shape == (sum(part.numel() for part in before),)
    for old, new in zip(before, critics.parameters(), strict=True):
        assert torch.equal(old, new)
    assert torch.equal(values, critics(*rows))
    assert are_views(critics, vector)


def test_parameters_are_still_views_after_a_state_is_loaded() -> None:
    source, critics = BatchedCritics(3, 2, (7,)), BatchedCritics(3, 2, (7,))
    vector = ParameterVector(critics, 1e-3, None)
    critics.load_state_dict(source.state_dict())
    assert torch.equal(vector.values, torch.cat([part.detach().flatten() for part in source.parameters()]))
    assert are_views(critics, vector.values)


def test_a_deep_copy_of_a_module_is_on_its_own() -> None:
    module = Weights()
    vector = flatten(module)
    copied = copy.deepcopy(module)
    vector.fill_(1.0)
    assert [part.abs().max() for part in copied.parameters()] == [0.0, 0.0]
    flatten(copied).fill_(2.0)
    assert torch.equal(vector, torch.ones(3))
    assert are_views(module, vector)


def test_an_average_moves_by_its_rate_and_leaves_the_source() -> None:
    torch.manual_seed(4)
    target, source = nn.Linear(3, 2), nn.Linear(3, 2)
    before, origin = copy.deepcopy(target), copy.deepcopy(source)
    average, values = flatten(target), flatten(source)
    average.lerp_(values, 0.25)
    torch.testing.assert_close(target.weight, 0.75 * before.weight + 0.25 * source.weight)
    torch.testing.assert_close(target.bias, 0.75 * before.bias + 0.25 * source.bias)
    assert torch.equal(source.weight, origin.weight)
    average.lerp_(values, 1.0)
    assert torch.equal(target.weight, source.weight)


def gradients(vector: ParameterVector) -> list[float]:
    return [float(value) for part in vector.gradients for value in part.flatten()]


def test_minimising_limits_the_gradient_and_reports_its_norm() -> None:
    module, other = Weights(), torch.zeros(2, requires_grad=True)
    vector = ParameterVector(module, 0.1, 5.0)
    slope = torch.tensor([30.0, 40.0])
    norm = vector.minimise((module.first * slope).sum() + 0.0 * module.second.sum() + other.sum())
    assert float(norm) == pytest.approx(50.0)
    assert gradients(vector) == pytest.approx([3.0, 4.0, 0.0], rel=1e-5)
    assert other.grad is None
    norm = vector.minimise((module.first * slope / 20).sum() + 0.0 * module.second.sum())
    assert float(norm) == pytest.approx(2.5)
    assert gradients(vector) == pytest.approx([1.5, 2.0, 0.0], rel=1e-5)


def test_without_a_limit_the_gradient_stays() -> None:
    module = Weights()
    vector = ParameterVector(module, 0.1, None)
    assert float(vector.minimise((300.0 * module.first).sum() + (400.0 * module.second).sum())) == pytest.approx(
        583.095, rel=1e-5
    )
    assert gradients(vector) == [300.0, 300.0, 400.0]


def test_steps_are_those_of_adam_on_the_separate_parameters() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).double()
    reference = copy.deepcopy(module)
    vector = ParameterVector(module, 1e-2, 0.5)
    adam = torch.optim.Adam(reference.parameters(), lr=1e-2)
    rows = torch.randn(8, 3, dtype=torch.float64)
    for _ in range(20):
        norm = vector.minimise(module(rows).square().mean())
        adam.zero_grad()
        reference(rows).square().mean().backward()
        expected = nn.utils.clip_grad_norm_(reference.parameters(), 0.5)
        adam.step()
        torch.testing.assert_close(norm, expected)
    for ours, theirs in zip(module.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)


def test_a_restored_vector_continues_bit_for_bit() -> None:
    modules = Weights(), Weights()
    vectors = [ParameterVector(module, 0.1, 5.0) for module in modules]

    def step(index: int, target: float) -> None:
        first, second = modules[index].first, modules[index].second
        vectors[index].minimise((first - target).square().sum() + (second + target).square().sum())

    for target in (3.0, -1.0, 2.0):
        step(0, target)
    modules[1].load_state_dict(modules[0].state_dict())
    vectors[1].load_state_dict(copy.deepcopy(vectors[0].state_dict()))
    for index in (0, 1):
        step(index, 5.0)
    assert torch.equal(vectors[0].values, vectors[1].values)


def test_steps_are_those_of_torch_bit_for_bit_also_after_a_state_is_loaded() -> None:
    torch.manual_seed(0)
    critics = BatchedCritics(3, 2, (7,))
    expected = torch.nn.Parameter(torch.cat([part.detach().flatten() for part in critics.parameters()]))
    optimizer = torch.optim.Adam([expected], lr=1e-3, fused=True)
    vector = ParameterVector(critics, 1e-3, None)
    for step in range(12):
        gradient = torch.randn_like(expected)
        expected.grad = gradient
        optimizer.step()
        for view, part in zip(vector.gradients, torch.split(gradient, [view.numel() for view in vector.gradients]), strict=True):
            view.copy_(part.view_as(view))
        vector.step()
        assert torch.equal(vector.values, expected.detach()), step
        if step == 5:
            vector.load_state_dict(copy.deepcopy(vector.state_dict()))
    theirs, ours = optimizer.state_dict()["state"][0], vector.state_dict()["state"][0]
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert float(ours["step"]) == 12
