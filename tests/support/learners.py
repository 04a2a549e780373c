"""Small learners, and transitions for them to learn from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest
import torch

from alam_ros.learning.config import FAMILY, AlgorithmConfig, ConstraintConfig, MultiplierConfig
from alam_ros.learning.learner import Learner
from alam_ros.learning.replay import Batch

OBSERVATION, ACTION, BATCH = 4, 2, 32
CONFIG = AlgorithmConfig(  # whatever the shipped defaults are
    hidden=(16, 16),
    target_averaging=0.005,
    cost_target_averaging=0.005,
    entropy_target=-1.0,
    final_entropy_target=-1.0,
    reward_scale=None,
    normalise_observations=False,
    constraint=ConstraintConfig(episode_cost_limit=10.0, episode_steps=100, cost_discount=0.9),
    multiplier=MultiplierConfig(start=0.0, ramp=0.5, delay=1, penalty=0.7),
    actor_delay=1,
)
AnyLearner = TypeVar("AnyLearner", bound=Learner)


@contextmanager
def default_dtype(dtype: torch.dtype) -> Iterator[None]:
    """Let new tensors have another type; what was before is restored."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def member_multiplier(name: str, **changes: Any) -> MultiplierConfig:
    """Return what `FAMILY` says of a member, with changes."""
    return MultiplierConfig(**{**FAMILY[name], **changes})


def make(config: AlgorithmConfig = CONFIG, seed: int = 0) -> Learner:
    """Return a learner in the middle of training, the constraint in full force."""
    torch.manual_seed(seed)
    learner = Learner(config, OBSERVATION, ACTION)
    learner.set_progress(1.0)
    return learner


def make_batch(seed: int = 0, size: int = BATCH) -> Batch:
    """Return random transitions in torch's default type."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator)

    observation, action, following, reward = (
        normal(size, OBSERVATION),
        normal(size, ACTION),
        normal(size, OBSERVATION),
        normal(size),
    )
    cost, terminated = ((normal(size) > 0).to(reward.dtype) for _ in range(2))
    return Batch(observation, action.tanh(), following, reward, cost, terminated)


def snapshot(*modules: torch.nn.Module) -> list[torch.Tensor]:
    """Return copies of all parameters."""
    return [part.detach().clone() for module in modules for part in module.parameters()]


def are_equal(first: list[torch.Tensor], second: list[torch.Tensor]) -> bool:
    """Return whether all tensors are, bit for bit."""
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def tensors(state: Any, name: str = "") -> dict[str, torch.Tensor]:
    """Return every number of a nested state as a tensor, by its path."""
    if isinstance(state, dict):
        return {path: value for key, part in state.items() for path, value in tensors(part, f"{name}/{key}").items()}
    if isinstance(state, list | tuple):
        return tensors(dict(enumerate(state)), name)
    return {} if state is None else {name: torch.as_tensor(state).detach().clone()}


def assert_states_agree(ours: Mapping[str, torch.Tensor], theirs: Mapping[str, torch.Tensor]) -> None:
    """Check two states, as `tensors` returns them, to rounding in double precision."""
    assert ours.keys() == theirs.keys()
    for path, value in theirs.items():
        torch.testing.assert_close(ours[path], value, rtol=0, atol=1e-9, msg=lambda text, path=path: f"{path}: {text}")


def assert_scalars_agree(ours: Sequence[Mapping[str, torch.Tensor]], theirs: Sequence[Mapping[str, torch.Tensor]]) -> None:
    """Check what one learner recorded of each update against all that the other did, to rounding in double precision."""
    for step, (line, reference) in enumerate(zip(ours, theirs, strict=True)):
        assert line.keys() <= reference.keys()
        for name, scalar in line.items():
            assert float(scalar) == pytest.approx(float(reference[name]), rel=1e-7, abs=1e-9), (step, name)
