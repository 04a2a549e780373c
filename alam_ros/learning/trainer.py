"""The training loop: collect, learn, evaluate, write down, survive.

While the learner computes, the environments take their steps, those of a running evaluation too.

Everything random follows from the configuration's seed, the step count and the generators in the checkpoint. Environments are not
part of a checkpoint: a resumed run begins new episodes, whose seeds follow from seed and step count. So equal configurations give
equal runs, and equal checkpoints equal continuations; a run that was interrupted differs from one that was not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from alam_ros.errors import CheckpointError, SimulatorError
from alam_ros.learning.agents import LearnerAgent
from alam_ros.learning.checkpoint import CheckpointStore
from alam_ros.learning.collection import Collector
from alam_ros.learning.config import TrainingConfig
from alam_ros.learning.divergence import DivergenceError, require_finite_networks
from alam_ros.learning.fast_learner import FastLearner
from alam_ros.learning.journal import Journal, training_numbers
from alam_ros.learning.metrics import MetricsRow
from alam_ros.learning.probe import ProbeTrace
from alam_ros.learning.process import prepare_process
from alam_ros.learning.replay import ReplayBuffer
from alam_ros.learning.run_directory import RunDirectory
from alam_ros.learning.running_evaluation import RunningEvaluation
from alam_ros.learning.scalars import ScalarMeans
from alam_ros.learning.seeds import Purpose, first_seed
from alam_ros.learning.stepper import EnvironmentFactory, EnvironmentStepper, running

if TYPE_CHECKING:
    from typing_extensions import Self

RECORD_EVERY = 8  # updates between two whose scalars go into the log; in a multiple of their delays all networks step
CPU = "cpu"
DEVICE_RANDOM = "device_random"  # in a checkpoint: a GPU's generator


class Elsewhere(Protocol):
    """What computes a run's updates where its learner does not do so itself.

    Attributes:
        device: name, for the record.
    """

    device: str

    def bring_back(self) -> None:
        """Write into the run's learner what was learned since the last time."""

    def random_state(self) -> Mapping[str, Any]:
        """Return what a checkpoint keeps of generators of random numbers beside torch's."""


class Trainer:
    """One run. A context manager: leaving it ends the environments' processes.

    Sets torch to one thread, which for networks of this size is fastest, and to flushing denormals to zero.

    Args:
        config: everything that defines the run; `trainer.directory` is where it writes.
        make_environments: starts vectors of environments.
        resume: continue from the newest checkpoint of the directory (from the beginning where none was reached).
        back_to: environment steps of the newest checkpoint that counts; later ones are deleted. None for any.
        should_stop: asked in every step; once it says yes, the run saves a checkpoint and returns.
        label: before each line on the terminal, where several runs share one.

    Attributes:
        device_random: state of a GPU's generator, in the checkpoint it began from; None where there was none.

    Raises:
        CheckpointError: when the directory holds a run and `resume` is not set, or the reverse, or its checkpoint does not fit.
        SimulatorError: when the environments cannot be made or trained on.
    """

    def __init__(
        self,
        config: TrainingConfig,
        *,
        make_environments: EnvironmentFactory,
        resume: bool = False,
        back_to: int | None = None,
        should_stop: Callable[[], bool] = lambda: False,
        label: str = "",
    ) -> None:
        prepare_process()
        self._should_stop = should_stop
        self._elsewhere: Elsewhere | None = None
        self._saved = (0, -1)  # steps and last evaluation of the newest checkpoint
        self._run = RunDirectory(config.trainer.directory)
        _check_directory(self._run, resume=resume)
        with ExitStack() as stack:
            stack.enter_context(self._run.locked())
            self._checkpoints = CheckpointStore(self._run.checkpoints)
            copies = config.environment.copies
            collecting = stack.enter_context(running(make_environments, config.environment, copies))
            self._config = config = config.at(collecting.contract().control_period)
            if resume and back_to is not None:
                self._checkpoints.drop_after(back_to)
            state = self._checkpoints.load(config) if resume else None
            if state is not None:
                self._run.load_contract().require(collecting.contract())
            evaluating = min(copies, config.trainer.evaluation_episodes)
            self._evaluating = stack.enter_context(running(make_environments, config.environment, evaluating))
            self._begin(collecting, state)
            self._run.prepare(config, collecting.contract())  # what could not begin leaves no run behind
            self._journal = Journal(
                self._run,
                steps=self.steps,
                evaluated_at=self._evaluated_at,
                total=config.trainer.steps,
                seconds_left=self._seconds_left(),
                label=label,
            )
            stack.callback(self._journal.close)
            stack.callback(self._abandon_evaluation)
            self._resources = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._resources.close()

    @property
    def steps(self) -> int:
        """Environment steps done."""
        return self._collector.steps

    @property
    def is_finished(self) -> bool:
        """Whether all steps are done or the time is up, and the last evaluation is written down."""
        return self._is_budget_spent() and self._evaluated_at >= self.steps

    @property
    def learner(self) -> FastLearner:
        """Return the run's learner."""
        return self._learner

    @property
    def replay(self) -> ReplayBuffer:
        """Return what was collected."""
        return self._replay

    @property
    def observation(self) -> NDArray[np.float32]:
        """Return what is to be acted on, raw, (copies, observation_size)."""
        return self._collector.observation

    def run(self) -> None:
        """Train to the end of the budget or until told to stop, end a running evaluation, and save a checkpoint.

        Raises:
            SimulatorError: when an environment fails; what was learned is saved first.
            DivergenceError: when networks are no longer finite; the checkpoints from before stay.
            CheckpointError: when a checkpoint cannot be written.
        """
        with self.saving():
            while self.prepare_step():
                self._step()

    @contextmanager
    def saving(self) -> Iterator[None]:
        """Train within: at the end a running evaluation is ended and a checkpoint saved.

        So too when an environment fails, or another run of a group diverges.
        """
        try:
            yield
            while self._evaluation:
                self.go_on_evaluating()
        except (SimulatorError, DivergenceError) as error:
            self.save()
            # A signal to the whole process group ends the environments as well.
            if isinstance(error, DivergenceError) or not self._should_stop():
                raise
        self.save()

    def compute_elsewhere(self, elsewhere: Elsewhere) -> None:
        """Leave the updates of the learner to somebody else, who also chooses actions."""
        self._elsewhere = elsewhere

    def save(self) -> None:
        """Write a checkpoint, unless there is one of this very moment.

        Raises:
            DivergenceError: when networks are no longer finite: nothing can go on from them.
            CheckpointError: when the checkpoint cannot be written.
        """
        moment = (self.steps, self._evaluated_at)
        if moment == self._saved:
            return
        self._bring_back()
        where = f"the checkpoints in `{self._run.checkpoints}`, if any, are from before"
        require_finite_networks(self._learner, f"train anew with lower learning rates; {where}")
        state = {
            "observation_size": self._collector.stepper.observation_size,
            "action_size": self._collector.stepper.action_size,
            "learner": self._learner.state_dict(),
            "replay": self._replay.state_dict(),
            "collector": self._collector.state_dict(),
            "torch_random": torch.get_rng_state(),
            **(self._elsewhere.random_state() if self._elsewhere is not None else {}),
            "evaluated_at": self._evaluated_at,
            "planned_steps": self._planned_steps,
            "devices": sorted({*self._devices, CPU if self._elsewhere is None else self._elsewhere.device}),
            "wall_seconds": self._wall_seconds(),
        }
        self._probe.save()
        self._checkpoints.save(state, self._config, self.steps)
        self._saved = moment

    def _begin(self, stepper: EnvironmentStepper, state: dict[str, Any] | None) -> None:
        """Build the parts, restore them from a checkpoint if there is one, and start the first episodes."""
        config = self._config.trainer
        torch.manual_seed(config.seed)
        self._learner = FastLearner(self._config.algorithm, stepper.observation_size, stepper.action_size, config.batch_size)
        self._agent = LearnerAgent(self._learner)
        sizes = stepper.observation_size, stepper.action_size
        self._replay = ReplayBuffer(config.replay_capacity, *sizes, config.seed, config.replay_recency)
        self._collector = Collector(stepper, self._replay)
        self._scalars = ScalarMeans()
        self._logged: dict[str, float] = {}
        self._evaluated_at, earlier_seconds = 0, 0.0
        self._evaluation: RunningEvaluation | None = None
        self.device_random: Tensor | None = None if state is None else state.get(DEVICE_RANDOM)
        self._devices: list[str] = []  # that computed updates in earlier sessions
        self._planned_steps = config.steps  # of the first session: its schedule stays when a later one trains on
        if state is not None:
            self._learner.load_state_dict(state["learner"])
            self._replay.load_state_dict(state["replay"])
            self._collector.load_state_dict(state["collector"])
            torch.set_rng_state(state["torch_random"])
            self._evaluated_at, earlier_seconds = state["evaluated_at"], state["wall_seconds"]
            self._planned_steps = state["planned_steps"]
            self._devices = state.get("devices", [CPU])
            self._saved = (self.steps, self._evaluated_at)
        self._probe = ProbeTrace(self._run.probe, budget=config.steps, since=self.steps)
        self._started = time.monotonic() - earlier_seconds
        self._collector.start(first_seed(Purpose.TRAINING, config.seed, self.steps))

    def prepare_step(self) -> bool:
        """Do all that is due before the next step: tell the learner how far training is, end an evaluation, save, begin one.

        A checkpoint holds no running evaluation: what is resumed from it evaluates at the same steps as what never stopped,
        unless the simulators ended in the middle of one.

        Returns:
            Whether a step is due; not at the end of the budget, nor after a stop.
        """
        self._set_progress()
        while not self.is_finished and not self._should_stop():
            is_evaluation_due = self._is_evaluation_due()
            is_checkpoint_due = self._passed(self._config.trainer.checkpoint_every, self._saved[0])
            if self._evaluation and (is_evaluation_due or is_checkpoint_due or self._is_budget_spent()):
                self.go_on_evaluating()
            elif is_checkpoint_due:
                self.save()
            elif is_evaluation_due:
                self._begin_evaluation()
            else:
                return True
        return False

    def _step(self) -> None:
        """Let all environments take a step while the learner takes the gradient steps that are due."""
        self.begin_step(self._choose_action())
        self.go_on_evaluating()
        for _ in range(self.updates_due(self._learner.updates)):
            record = (self._learner.updates + 1) % RECORD_EVERY == 0
            batch = self._replay.sample(self._config.trainer.batch_size)
            self.record(self._learner.update(batch, record=record))
        self.end_step()

    def begin_step(self, action: NDArray[np.float32]) -> None:
        """Send (copies, action_size) actions; the environments take their steps."""
        self._collector.send(action)

    @property
    def exporting(self) -> int:
        """How many copies act as the policy will be exported: those configured, from when the constraint is in force."""
        return self._config.exported_copies if self._learner.is_constraint_in_force else 0

    def go_on_evaluating(self) -> None:
        """Take a step of the evaluation that is running, if one is, and write down what it found after its last."""
        row = self._evaluation.advance() if self._evaluation else None
        if row is not None:
            self._evaluation, self._evaluated_at = None, row.steps
            self._journal.record(row)

    def updates_due(self, done: int) -> int:
        """Return how many gradient steps are to be taken in this step.

        They follow the steps, this one included, so that there are `updates_per_step` for each one after the random ones.

        Args:
            done: gradient steps so far.
        """
        config = self._config.trainer
        if self.steps < config.random_steps:
            return 0
        steps = self.steps + self._collector.stepper.copies
        return max(int((steps - config.random_steps) * config.updates_per_step) - done, 0)

    @property
    def is_log_due(self) -> bool:
        """Return whether the step that has begun is to be followed by a line of the log."""
        return (self.steps + self._collector.stepper.copies) // self._config.trainer.log_every > (
            self.steps // self._config.trainer.log_every
        )

    def record(self, scalars: Mapping[str, Tensor]) -> None:
        """Keep an update's scalars for the log."""
        self._scalars.add(scalars)

    def end_step(self) -> None:
        """Receive the step, and write down what is due."""
        before = self.steps
        self._learner.measure(*self._collector.receive(), self.exporting)
        if self._probe.is_due(self.steps):
            self._bring_back()
            self._probe.record(self.steps, self._agent, self._replay.observations)
        self._journal.progress.advance(self.steps - before)
        if self._passed(self._config.trainer.log_every, before):
            self._logged = self._scalars.take()
            self._journal.log(self.steps, self._logged, training_numbers(self._collector.episodes))

    def _choose_action(self) -> NDArray[np.float32]:
        """Return (copies, action_size): uniformly random at first, then the learner's."""
        random = self.random_action()
        if random is not None:
            return random
        observation = torch.from_numpy(self.observation)
        action: NDArray[np.float32] = self._learner.explore(observation, self.exporting).numpy()
        return action

    def random_action(self) -> NDArray[np.float32] | None:
        """Return uniformly random actions, (copies, action_size), at the beginning of training; None afterwards."""
        config = self._config.trainer
        if self.steps >= config.random_steps:
            return None
        shape = (len(self.observation), self._collector.stepper.action_size)
        return np.random.default_rng((config.seed, self.steps)).uniform(-1.0, 1.0, shape).astype(np.float32)

    def _bring_back(self) -> None:
        if self._elsewhere is not None:
            self._elsewhere.bring_back()

    def _set_progress(self) -> None:
        """Tell the learner how far training is; it has not begun as long as actions are random."""
        has_begun = self.steps >= self._config.trainer.random_steps
        self._learner.set_progress(self.steps / self._planned_steps if has_begun else 0.0)

    def _is_evaluation_due(self) -> bool:
        begun_at = self._evaluation.begun_at if self._evaluation else self._evaluated_at
        is_last_due = self._is_budget_spent() and begun_at < self.steps
        return is_last_due or self._passed(self._config.trainer.evaluate_every, begun_at)

    def _is_budget_spent(self) -> bool:
        seconds_left = self._seconds_left()
        return self.steps >= self._config.trainer.steps or (seconds_left is not None and seconds_left <= 0)

    def _seconds_left(self) -> float | None:
        limit = self._config.trainer.wall_clock_limit_s
        return None if limit is None else limit - self._wall_seconds()

    def _begin_evaluation(self) -> None:
        self._bring_back()
        config = self._config.trainer
        row = MetricsRow(
            steps=self.steps,
            updates=self._learner.updates,
            wall_seconds=self._wall_seconds(),
            evaluation={},
            training=training_numbers(self._collector.episodes),
            learner=self._logged,
        )
        seed = first_seed(Purpose.PROGRESS, config.seed, self.steps)
        self._evaluation = RunningEvaluation(
            self._learner, self._evaluating, row, episodes=config.evaluation_episodes, first_seed=seed
        )

    def _abandon_evaluation(self) -> None:
        if self._evaluation:
            self._evaluation.close()

    def _passed(self, every: int, before: int) -> bool:
        """Return whether a multiple of `every` lies after `before` and not after the present step."""
        return self.steps // every > before // every

    def _wall_seconds(self) -> float:
        return time.monotonic() - self._started


def _check_directory(run: RunDirectory, *, resume: bool) -> None:
    if resume and not run.has_run():
        raise CheckpointError(f"a run in `{run.root}`", "none", "leave out --resume to begin one")
    if run.has_run() and not resume:
        raise CheckpointError(f"no run in `{run.root}` yet", "one", "continue it with --resume, or choose another directory")
