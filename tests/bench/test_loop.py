"""`alam bench loop`: where a training's time goes, and what an adapter adds."""

from __future__ import annotations

import json
from typing import Any

import gymnasium
import numpy as np
import pytest

from alam_ros.bench import loop
from alam_ros.bench.simulation import BLOCK, adapted, steps_per_s
from alam_ros.bench.training_time import REST, UPDATES, training_time
from alam_ros.cli.environments import make_environments
from alam_ros.cli.main import main
from tests.support.simulators import needs_safety_gymnasium
from tests.support.training import STEPS, tiny_config


class Recorded:
    """An environment that notes what is asked of it."""

    action_space = gymnasium.spaces.Box(-1.0, 1.0, (2,), np.float32)

    def __init__(self) -> None:
        self.seeds: list[int] = []
        self.actions: list[np.ndarray[Any, Any]] = []

    def reset(self, *, seed: int) -> None:
        self.seeds.append(seed)

    def step(self, action: np.ndarray[Any, Any]) -> None:
        self.actions.append(action)


def test_every_part_of_a_training_has_its_share(tmp_path: Any) -> None:
    config = tiny_config(tmp_path)
    found = training_time(config, make_environments)
    assert found.updates == (STEPS - config.trainer.random_steps) * config.trainer.updates_per_step
    assert {UPDATES, REST, "evaluation", "checkpoints", "drawing batches", "waiting for environments"} <= found.shares.keys()
    assert min(found.shares.values()) > 0.0
    assert sum(found.shares.values()) == pytest.approx(1.0)
    assert found.beyond_updates == pytest.approx(1.0 - found.shares[UPDATES])
    assert list(tmp_path.iterdir()) == []  # it trains elsewhere, and leaves nothing


def test_a_task_and_its_adapter_take_the_same_episodes() -> None:
    ours, own = Recorded(), Recorded()
    adapted(ours, own, episodes=2, steps=3 * BLOCK)
    assert ours.seeds == own.seeds == [0, 1]
    assert len(ours.actions) == 6 * BLOCK
    assert np.array_equal(ours.actions, own.actions)


def test_a_rate_has_a_value_for_each_episode() -> None:
    environment = Recorded()
    assert steps_per_s(environment, episodes=3, steps=200).median > 0.0
    assert environment.seeds == [0, 1, 2]
    assert len(environment.actions) == 600


@needs_safety_gymnasium
def test_one_document_has_all_of_it(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in {"EPISODES": 1, "STEPS": BLOCK}.items():
        monkeypatch.setattr(loop, name, size)
    overrides = ["environment.copies=2", "trainer.random_steps=40", "trainer.batch_size=16", "trainer.evaluation_episodes=2"]
    assert main(["bench", "loop", "--json", "--steps", "60", *overrides]) == 0
    document = json.loads(capsys.readouterr().out)
    assert 0.0 < document["beyond_updates"] < 1.0
    assert document["navigation_steps_per_s"]["median"] > 0.0
    assert document["safety_gymnasium"]["own_reset_ms"]["median"] > document["safety_gymnasium"]["reset_ms"]["median"]
    assert document["machine"]
