"""The training loop on the real navigation task."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gymnasium
import pytest
import torch
import yaml
from gymnasium.vector import AsyncVectorEnv
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from alam_ros.errors import CheckpointError, ConfigurationError, SimulatorError
from alam_ros.learning.config import training_config
from alam_ros.learning.divergence import DivergenceError
from alam_ros.learning.restore import restore_run
from alam_ros.learning.run_directory import RunDirectory
from alam_ros.learning.seeds import RANGE, Purpose
from alam_ros.learning.threshold import Threshold
from alam_ros.learning.trainer import Trainer
from alam_sim.vector import in_processes, make_vector
from tests.learning.simulators import Simulators
from tests.support.training import (
    EPISODE_STEPS,
    STEPS,
    UNLEARNED,
    acts_as_exported,
    expected_to_act_as_exported,
    metrics_of,
    tiny_config,
    transitions_of,
)


def flat(state: Any) -> Any:
    """Return nested state with tensors as lists, for comparison."""
    if isinstance(state, dict):
        return {key: flat(value) for key, value in state.items()}
    if isinstance(state, list):
        return [flat(value) for value in state]
    return state.tolist() if isinstance(state, torch.Tensor) else state


def train(directory: Path, *, resume: bool = False, algorithm: dict[str, Any] | None = None, **trainer: Any) -> Simulators:
    simulators = Simulators()
    with Trainer(tiny_config(directory, algorithm, **trainer), make_environments=simulators, resume=resume) as run:
        run.run()
        assert run.is_finished
    return simulators


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Simulators]:
    directory = tmp_path_factory.mktemp("runs") / "finished"
    return directory, train(directory)


def test_a_run_leaves_one_metrics_line_an_evaluation(finished: tuple[Path, Simulators]) -> None:
    rows = metrics_of(finished[0])
    assert [row["steps"] for row in rows] == [100, 200, 300]
    assert [row["updates"] for row in rows] == [30, 80, 130]  # half an update for each step after the 40 random ones
    assert all(row["evaluation"]["length_mean"] == EPISODE_STEPS for row in rows)
    assert {"q_cost_bias", "q_cost_correlation", "multiplier_max", "infeasible_share", "cost_std"} <= rows[-1][
        "evaluation"
    ].keys()
    assert rows[-1]["training"]["cost"] >= 0
    assert "critic/cost_loss" in rows[-1]["learner"]


def test_a_share_of_the_copies_acts_as_exported_from_when_the_constraint_is_in_force(tmp_path: Path) -> None:
    random_steps = 40
    train(tmp_path, algorithm={"normalise_observations": False}, random_steps=random_steps, **UNLEARNED)
    assert acts_as_exported(tmp_path) == expected_to_act_as_exported(tmp_path)
    run, transitions = restore_run(tmp_path), transitions_of(tmp_path)
    expected = Threshold(run.learner.config.constraint, run.learner.config.multiplier.maximum)
    for step, costs in enumerate(transitions.cost.view(-1, 2)):
        spent = 2 * step / STEPS if 2 * step >= random_steps else 0.0
        run.learner.set_progress(spent)
        moves = run.learner.is_constraint_in_force
        expected.follow(float(costs.mean()), spent, moves=moves, exported=float(costs[0]) if moves else None)
    measured = run.state["learner"]["threshold"]
    for average in ("collected", "exported"):
        assert measured[average] == pytest.approx(expected.state_dict()[average], rel=1e-5)
    assert measured["exported"] != measured["collected"]


def test_a_run_describes_itself(finished: tuple[Path, Simulators]) -> None:
    directory = finished[0]
    run = RunDirectory(directory)
    assert training_config(yaml.safe_load(run.config.read_text())) == tiny_config(directory)
    assert run.load_contract().action_size == 2
    assert {"torch", "pybullet", "mujoco"} <= yaml.safe_load(run.versions.read_text())["packages"].keys()


def test_tensorboard_has_the_scalars(finished: tuple[Path, Simulators]) -> None:
    events = EventAccumulator(str(RunDirectory(finished[0]).tensorboard))
    events.Reload()
    tags = set(events.Tags()["scalars"])
    learner = {"critic/reward_loss", "critic/cost_loss", "actor/entropy", "actor/temperature", "actor/infeasible_share"}
    multiplier = {"multiplier/mean", "multiplier/max", "multiplier/effective", "multiplier/loss"}
    evaluation = {"evaluation/return_mean", "evaluation/cost_mean", "evaluation/q_cost_bias", "evaluation/q_cost_correlation"}
    assert learner | multiplier | evaluation | {"training/return", "training/cost"} <= tags
    assert [event.step for event in events.Scalars("evaluation/return_mean")] == [100, 200, 300]


def test_evaluation_never_sees_a_seed_of_training(finished: tuple[Path, Simulators]) -> None:
    training, evaluation = finished[1].seeds
    assert {seed // RANGE for seed in training} == {Purpose.TRAINING}
    assert {seed // RANGE for seed in evaluation} == {Purpose.PROGRESS}
    assert len(set(evaluation)) == len(evaluation) == 6  # fresh episodes at each of the three evaluations


def test_equal_configurations_give_equal_runs(finished: tuple[Path, Simulators], tmp_path: Path) -> None:
    train(tmp_path / "again")
    assert metrics_of(tmp_path / "again") == metrics_of(finished[0])


def test_equal_checkpoints_give_equal_continuations(finished: tuple[Path, Simulators], tmp_path: Path) -> None:
    for name in ("a", "b"):
        shutil.copytree(finished[0], tmp_path / name)
        train(tmp_path / name, resume=True, steps=400)
    first, second = metrics_of(tmp_path / "a"), metrics_of(tmp_path / "b")
    assert first == second
    assert first[:3] == metrics_of(finished[0])
    assert first[3]["steps"] == 400
    assert first[3]["updates"] == 180


def test_a_resumed_run_keeps_what_was_logged_after_its_last_evaluation(tmp_path: Path) -> None:
    run, calls = RunDirectory(tmp_path / "run"), itertools.count()
    config = tiny_config(run.root, log_every=20)
    with Trainer(config, make_environments=make_vector, should_stop=lambda: next(calls) >= 120) as stopped:
        stopped.run()
    steps = restore_run(run.root).steps
    assert 120 < steps < 200
    with Trainer(config, make_environments=make_vector, resume=True) as resumed:
        resumed.run()
    events = EventAccumulator(str(run.tensorboard))
    events.Reload()
    logged = [event.step for event in events.Scalars("critic/reward_loss")]
    assert logged == sorted(set(logged))
    assert any(100 < step <= steps for step in logged)
    assert logged[-1] > steps


def test_a_restored_run_is_in_the_state_that_was_saved(finished: tuple[Path, Simulators], tmp_path: Path) -> None:
    shutil.copytree(finished[0], tmp_path / "run")
    before = restore_run(tmp_path / "run").state
    with Trainer(tiny_config(tmp_path / "run"), make_environments=Simulators(), resume=True) as run:
        run._saved = (0, -1)
        run.save()
    after = restore_run(tmp_path / "run").state
    assert before.keys() == after.keys()
    for name in before.keys() - {"wall_seconds"}:
        assert flat(after[name]) == flat(before[name]), name


def test_units_and_a_scalar_multiplier_survive_an_interruption(tmp_path: Path) -> None:
    algorithm = {
        "name": "sac_pid",
        "normalise_observations": True,
        "reward_scale": 0.5,
        "multiplier": {"start": 0.2, "ramp": 0.1, "integral_gain": 0.1},
    }
    train(tmp_path / "first", algorithm=algorithm, steps=200)
    before = restore_run(tmp_path / "first").state
    assert before["learner"]["units"]["count"] == 200
    assert before["learner"]["units"]["reward_factor"] != 1.0
    assert before["learner"]["multiplier"]["smoothed"] is not None  # the controller has seen episodes end
    with Trainer(tiny_config(tmp_path / "first", algorithm, steps=200), make_environments=Simulators(), resume=True) as run:
        run._saved = (0, -1)
        run.save()
    after = restore_run(tmp_path / "first").state
    assert flat(after["learner"]) == flat(before["learner"])
    for name in ("a", "b"):
        shutil.copytree(tmp_path / "first", tmp_path / name)
        train(tmp_path / name, resume=True, algorithm=algorithm, steps=260)
    first, second = (flat(restore_run(tmp_path / name).state["learner"]) for name in ("a", "b"))
    assert first == second
    assert first["units"]["count"] == 260


def test_a_resumed_run_begins_episodes_of_its_own(finished: tuple[Path, Simulators], tmp_path: Path) -> None:
    shutil.copytree(finished[0], tmp_path / "more")
    resumed = train(tmp_path / "more", resume=True, steps=310)
    assert not set(resumed.seeds[0]) & set(finished[1].seeds[0])


def test_training_on_keeps_the_schedule_of_the_first_budget(finished: tuple[Path, Simulators], tmp_path: Path) -> None:
    shutil.copytree(finished[0], tmp_path / "more")
    longer = tiny_config(tmp_path / "more", steps=3000)
    with Trainer(longer, make_environments=make_vector, resume=True) as run:
        assert run.prepare_step()
        assert run._learner.multiplier.ramp == 1.0
        assert run._learner.target_entropy == 2 * longer.algorithm.final_entropy_target


def test_a_stop_ends_a_running_evaluation_and_saves(tmp_path: Path) -> None:
    stop_after = itertools.count()
    simulators = Simulators()
    config = tiny_config(tmp_path)
    # 50 collecting steps of 2 environments, the beginning of the evaluation at 100, and 10 of its steps beside training.
    with Trainer(config, make_environments=simulators, should_stop=lambda: next(stop_after) >= 62) as run:
        run.run()
        assert not run.is_finished
    assert [row["steps"] for row in metrics_of(tmp_path)] == [100]
    assert restore_run(tmp_path).steps == 120
    train(tmp_path, resume=True)
    assert [row["steps"] for row in metrics_of(tmp_path)] == [100, 200, 300]


def test_an_evaluation_is_of_the_policy_it_began_with(tmp_path: Path) -> None:
    config = tiny_config(tmp_path)
    with Trainer(config, make_environments=make_vector) as run:
        while run.prepare_step() and run._evaluation is None:
            run._step()
        frozen = run._evaluation._agent
        before = flat(run._learner.average_actor.state_dict())
        while run.prepare_step() and run._evaluation is not None:
            run._step()
        assert run.steps > 100
        assert flat(frozen._actor.state_dict()) == before != flat(run._learner.average_actor.state_dict())


def test_evaluations_do_not_touch_training(finished: tuple[Path, Simulators], tmp_path: Path) -> None:
    train(tmp_path / "rare", evaluate_every=300)
    states = (restore_run(directory).state for directory in (finished[0], tmp_path / "rare"))
    often, rare = (flat({name: state[name] for name in ("learner", "replay", "collector")}) for state in states)
    assert often == rare


def test_a_dead_environment_ends_the_run_with_a_checkpoint(tmp_path: Path) -> None:
    simulators = Simulators()
    calls = itertools.count()

    def kill_one_in_the_20th_step() -> bool:
        if next(calls) == 20:
            simulators.vectors[0].processes[0].kill()
            simulators.vectors[0].processes[0].join()
        return False

    with (
        Trainer(tiny_config(tmp_path), make_environments=simulators, should_stop=kill_one_in_the_20th_step) as run,
        pytest.raises(SimulatorError, match="one process gone"),
    ):
        run.run()
    assert restore_run(tmp_path).steps == 40


class Breaking(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Raises in its 21st step."""

    steps = 0

    def step(self, action: Any) -> Any:
        self.steps += 1
        if self.steps > 20:
            raise RuntimeError("a joint without a limit")
        return super().step(action)


def make_breaking(environment_id: str, copies: int, arguments: Mapping[str, Any]) -> AsyncVectorEnv:
    def make() -> Any:
        return Breaking(gymnasium.make(environment_id, **arguments))

    return in_processes([make] * copies)


def test_an_environment_that_raises_ends_the_run_with_a_checkpoint(tmp_path: Path) -> None:
    with (
        Trainer(tiny_config(tmp_path), make_environments=make_breaking) as run,
        pytest.raises(SimulatorError, match="RuntimeError in one: a joint without a limit"),
    ):
        run.run()
    assert restore_run(tmp_path).steps == 40


def poison(network: torch.nn.Module) -> None:
    with torch.no_grad():
        next(network.parameters()).view(-1)[0] = torch.nan


@pytest.mark.parametrize("name", ["actor", "average_actor", "critics", "multiplier"])
def test_a_run_that_diverged_says_so_and_keeps_the_checkpoint_from_before(tmp_path: Path, name: str) -> None:
    with Trainer(tiny_config(tmp_path), make_environments=make_vector) as run:
        while run.steps < 110:  # the checkpoint at 60 is written
            assert run.prepare_step()
            run._step()
        network = run._learner.multiplier.average if name == "multiplier" else getattr(run._learner, name)
        poison(network)
        with pytest.raises(DivergenceError, match=r"finite networks; .* learning diverged; train anew .* are from before"):
            run.run()
    assert restore_run(tmp_path).steps == 60


def test_what_could_not_begin_leaves_no_run_behind(tmp_path: Path) -> None:
    config = tiny_config(tmp_path, batch_size=10**13)
    with pytest.raises(ConfigurationError, match=r"memory for what a learner keeps.*lower trainer\.batch_size"):
        Trainer(config, make_environments=Simulators())
    assert not RunDirectory(tmp_path).has_run()
    Trainer(tiny_config(tmp_path), make_environments=Simulators()).__exit__(None, None, None)


def test_a_directory_with_a_run_is_not_overwritten(finished: tuple[Path, Simulators]) -> None:
    with pytest.raises(CheckpointError, match="--resume"):
        Trainer(tiny_config(finished[0]), make_environments=Simulators())


def test_nothing_to_resume_is_said(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="leave out --resume"):
        Trainer(tiny_config(tmp_path), make_environments=Simulators(), resume=True)


def test_another_configuration_is_refused_naming_its_keys(finished: tuple[Path, Simulators]) -> None:
    with pytest.raises(CheckpointError, match=r"trainer\.batch_size"):
        Trainer(tiny_config(finished[0], batch_size=32), make_environments=Simulators(), resume=True)


def test_two_processes_cannot_train_in_one_directory(finished: tuple[Path, Simulators]) -> None:
    with RunDirectory(finished[0]).locked(), pytest.raises(CheckpointError, match="another process"):
        Trainer(tiny_config(finished[0]), make_environments=Simulators(), resume=True)
