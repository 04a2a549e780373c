"""`alam bench safety`: when a policy counts as safe, and the environment that is lent to a peer."""

from __future__ import annotations

import io
import json
from pathlib import Path

import gymnasium
import numpy as np
import pytest

from alam_ros.bench.time_to_safety import OURS, Criterion, Evaluation, criteria
from alam_ros.bench.workers.environment import SEED, serve
from alam_ros.cli.bench import PEERS
from alam_ros.cli.main import main

TINY = ["environment.copies=2", "trainer.random_steps=40", "trainer.batch_size=16", "algorithm.hidden=[16, 16]"]


def evaluations(*pairs: tuple[float, float]) -> list[Evaluation]:
    return [Evaluation(1000 * number, 60.0 * number, *pair) for number, pair in enumerate(pairs, start=1)]


def test_a_policy_has_arrived_where_it_stays() -> None:
    criterion = Criterion(60.0, 10.0)
    found = evaluations((70.0, 5.0), (80.0, 11.0), (80.0, 10.0), (60.0, 0.0))
    arrived = criterion.reached(found)
    assert arrived is not None
    assert arrived.steps == 3000
    assert criterion.reached(found[:2]) is None
    assert criterion.reached(evaluations((0.0, 0.0))) is None  # a frozen robot
    assert criterion.reached([]) is None


def test_the_criteria_are_shares_of_what_sac_reaches_in_the_end() -> None:
    found = criteria(evaluations((10.0, 99.0), (100.0, 40.0)), budget=25.0)
    assert list(found.values()) == [Criterion(60.0, 25.0), Criterion(60.0, 10.0)]


def test_a_lent_environment_is_the_same_as_at_home() -> None:
    actions = np.random.default_rng(0).uniform(-1.0, 1.0, (5, 2)).astype(np.float32)
    requests = b"R" + SEED.pack(7) + b"".join(b"S" + action.tobytes() for action in actions)
    answers = io.BytesIO()
    serve("alam/Navigation-v0", {"moving_obstacles": 0}, io.BytesIO(requests), answers)
    head, _, data = answers.getvalue().partition(b"\n")
    sizes = json.loads(head)
    rows = np.frombuffer(data, np.float32).reshape(6, sizes["observation"] + 3)
    own = gymnasium.make("alam/Navigation-v0", moving_obstacles=0)
    np.testing.assert_array_equal(rows[0, :-3], own.reset(seed=7)[0])
    for row, action in zip(rows[1:], actions, strict=True):
        observation, reward, _, truncated, info = own.step(action)
        np.testing.assert_array_equal(row, np.float32([*observation, reward, info["cost"], truncated]))


def test_each_learner_is_trained_once_and_the_table_says_when(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    size = ["--steps", "80", "--every", "40", "--episodes", "2", "--output", str(tmp_path), "--no-peers"]
    arguments = ["bench", "safety", *size, *TINY]
    assert main([*arguments, "--figure", str(tmp_path / "curves.png")]) == 0
    told = capsys.readouterr()
    assert [line for line in told.err.splitlines() if line.startswith("alam bench")] == [f"alam bench: {name}" for name in OURS]
    assert told.out.count("| sac") == 3
    assert (tmp_path / "curves.png").stat().st_size > 5_000
    assert main([*arguments, "--json"]) == 0
    told = capsys.readouterr()
    assert "alam bench" not in told.err
    found = json.loads(told.out)["evaluations"]
    assert [row["steps"] for row in found["sac_alam"]] == [40, 80]
    assert 0.0 < found["sac_alam"][0]["seconds"] < found["sac_alam"][1]["seconds"]
    assert main([*arguments, "--json", "--seed", "1"]) == 0
    told = capsys.readouterr()
    assert told.err.count("alam bench: ") == len(OURS), "of other settings nothing is kept"
    assert json.loads(told.out)["evaluations"]["sac_alam"] != found["sac_alam"]


@pytest.mark.skipif(not PEERS.is_file(), reason="the peers' environment is not installed (`make bench` does it)")
def test_omnisafe_trains_on_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    size = ["--steps", "1600", "--every", "800", "--episodes", "1", "--output", str(tmp_path)]
    assert main(["bench", "safety", "--json", *size, *TINY]) == 0
    found = json.loads(capsys.readouterr().out)["evaluations"]["omnisafe_sac_lag"]
    assert [row["steps"] for row in found] == [800, 1600]
    assert all(row["seconds"] > 0.0 and np.isfinite(row["episode_return"]) for row in found)
