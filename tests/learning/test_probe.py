"""The probe record of a run: fixed states, and a file that interruptions do not confuse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from alam_ros.errors import CheckpointError
from alam_ros.learning.agents import Assessment
from alam_ros.learning.oscillation import last_half
from alam_ros.learning.probe import PROBE_STATES, RECORDS, ProbeTrace, read_probe

BUDGET = 1024
EVERY = BUDGET // RECORDS


class Growing:
    """An agent whose multiplier is the present step and whose cost value tells which state it judged."""

    threshold, cost_discount = 0.1, 0.9

    def __init__(self) -> None:
        self.steps = 0

    def act(self, observation: np.ndarray, noise: np.ndarray | None = None) -> np.ndarray:
        return observation[:, :1] + 1.0

    def assess(self, observation: np.ndarray, action: np.ndarray) -> Assessment:
        steps = np.full(len(observation), self.steps, np.float32)
        return Assessment(observation[:, 0] + action[:, 0], steps, steps, steps)


def drive(path: Path, first: int, last: int, *, offset: float = 0.0) -> None:
    """Train from one step to another, as a session of a run does."""

    def draw(count: int) -> np.ndarray:
        return np.arange(count, dtype=np.float32)[:, None] + offset

    agent = Growing()
    trace = ProbeTrace(path, budget=BUDGET, since=first)
    for agent.steps in range(first + 1, last + 1):
        if trace.is_due(agent.steps):
            trace.record(agent.steps, agent, draw)
    trace.save()


def test_states_are_drawn_once_and_followed(tmp_path: Path) -> None:
    drive(tmp_path / "probe.npz", 0, BUDGET)
    record = read_probe(tmp_path / "probe.npz")
    assert record is not None
    assert record.steps.tolist() == list(range(BUDGET // 4, BUDGET + 1, EVERY))
    np.testing.assert_array_equal(record.observation[:, 0], np.arange(PROBE_STATES))
    np.testing.assert_array_equal(record.multiplier, np.repeat(record.steps[:, None], PROBE_STATES, axis=1))
    np.testing.assert_array_equal(record.cost_value[0], 2.0 * np.arange(PROBE_STATES) + 1.0)  # at the agent's own action


def test_the_last_half_of_training_is_by_steps(tmp_path: Path) -> None:
    drive(tmp_path / "probe.npz", 0, BUDGET)
    record = read_probe(tmp_path / "probe.npz")
    assert record is not None
    assert last_half(record).steps[[0, -1]].tolist() == [BUDGET // 2, BUDGET]


def test_a_resumed_run_forgets_what_came_after_its_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "probe.npz"
    drive(path, 0, 700)
    drive(path, 600, BUDGET, offset=0.5)
    record = read_probe(path)
    assert record is not None
    assert record.steps.tolist() == list(range(BUDGET // 4, BUDGET + 1, EVERY))
    assert record.observation[0, 0] == 0.0  # still the states of the first session


def test_states_drawn_after_the_checkpoint_are_drawn_anew(tmp_path: Path) -> None:
    path = tmp_path / "probe.npz"
    drive(path, 0, 400)
    drive(path, 100, 500, offset=0.5)
    record = read_probe(path)
    assert record is not None
    assert record.observation[0, 0] == 0.5
    assert record.steps[0] == BUDGET // 4


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "probe.npz"
    drive(path, 0, 300)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match=r"probe\.npz"):
        read_probe(path)


def test_what_is_saved_already_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "probe.npz"
    drive(path, 0, 300)
    written = path.stat().st_mtime_ns
    ProbeTrace(path, budget=BUDGET, since=300).save()
    assert path.stat().st_mtime_ns == written


def test_no_record_is_not_an_error(tmp_path: Path) -> None:
    assert read_probe(tmp_path / "probe.npz") is None
