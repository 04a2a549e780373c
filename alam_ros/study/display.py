"""What a person sees of a study: bars on a terminal, lines everywhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TextIO

from tqdm import tqdm

from alam_ros.number_text import number_text
from alam_ros.study.eta import Estimator
from alam_ros.study.plan import PlannedRun
from alam_ros.study.progress import Progress
from alam_ros.study.result import RunResult
from alam_ros.study.state import RunState

STUDY_BAR = "{desc} {percentage:3.0f}% |{bar}| {postfix}"
RUN_BAR = "{desc} {percentage:3.0f}% |{bar}| {n_fmt}/{total_fmt} {postfix}"


class Display:
    """Shows runs begin, advance and end, with the time left for each and for all.

    Args:
        states: of all runs of the session.
        slots: runs at a time.
        stream: where to; standard error by default.
    """

    def __init__(self, states: Iterable[RunState], slots: int, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._estimator = Estimator(slots)
        self._left: dict[str, tuple[PlannedRun, int]] = {}
        self._evaluated_at: dict[str, int] = {}
        self._bars: dict[str, tqdm[None]] = {}
        self._total = self._done = self._all_steps = 0
        for state in states:
            self._total += 1
            self._all_steps += state.run.steps
            if state.result is not None:
                self._done += 1
                self._estimator.add_result(state.result)
            else:
                self._left[state.run.key] = (state.run, 0)
        self._width = max((len(run.key) for run, _ in self._left.values()), default=0)
        self._study = self._new_bar("study", self._all_steps, STUDY_BAR)
        self._refresh()

    def started(self, run: PlannedRun) -> None:
        """Show a run that begins or continues."""
        self._evaluated_at[run.key] = 0
        self._bars[run.key] = self._new_bar(f"{run.key:<{self._width}}", run.steps, RUN_BAR)
        self._line(run, "started")

    def advanced(self, run: PlannedRun, progress: Progress) -> None:
        """Show where a run stands; a line for each new evaluation."""
        self._estimator.add_progress(run, progress)
        self._left[run.key] = (run, progress.steps)
        bar = self._bars[run.key]
        bar.n = progress.steps
        bar.set_postfix_str(f"{progress.stage} {_figures(progress)}", refresh=True)
        self._refresh()
        if progress.evaluated_at > self._evaluated_at[run.key]:
            self._evaluated_at[run.key] = progress.evaluated_at
            self._line(run, f"{progress.evaluated_at:,}/{run.steps:,} steps, {self._run_left(run)} left | {_figures(progress)}")

    def finished(self, run: PlannedRun, result: RunResult) -> None:
        """Show the result of a run."""
        self._done += 1
        self._left.pop(run.key, None)
        if result.steps:
            self._estimator.add_result(result)
        if result.diverged:
            self._ended(run, f"diverged after {result.steps:,} steps or later: {result.diverged}")
            return
        episodes = result.evaluation.episodes
        budget = "within" if result.is_within_budget else "above"
        self._ended(
            run,
            f"finished {result.steps:,} steps in {tqdm.format_interval(result.wall_seconds)}, "
            f"{result.updates_per_second:.0f} updates/s | {episodes} fresh episodes: return {number_text(result.mean_return)}, "
            f"cost {number_text(result.mean_cost)}, {budget} the budget {result.budget:g}",
        )

    def ended(self, run: PlannedRun, text: str) -> None:
        """Show that a run's process ended without a result; the run itself may go on later."""
        self._ended(run, text)

    def given_up(self, run: PlannedRun) -> None:
        """Count no longer with a run."""
        self._left.pop(run.key, None)
        self._refresh()

    def close(self) -> None:
        """Leave the bars as they are."""
        for bar in [*self._bars.values(), self._study]:
            bar.close()

    def _ended(self, run: PlannedRun, text: str) -> None:
        if bar := self._bars.pop(run.key, None):
            bar.leave = False
            bar.close()
        self._refresh()
        self._line(run, text)

    def _line(self, run: PlannedRun, text: str) -> None:
        head = f"[{self._done:>{len(str(self._total))}}/{self._total}] {run.key:<{self._width}}"
        tail = "" if self._is_terminal else f" | study {self._study_left()} left"
        tqdm.write(f"{head} {text}{tail}", file=self._stream)
        self._stream.flush()

    def _refresh(self) -> None:
        left = sum(run.steps - min(steps, run.steps) for run, steps in self._left.values())
        self._study.n = self._all_steps - left
        self._study.set_postfix_str(f"{self._done}/{self._total} runs, {self._study_left()} left", refresh=True)

    def _new_bar(self, name: str, total: int, layout: str) -> tqdm[None]:
        options = {"unit_scale": True, "dynamic_ncols": True, "bar_format": layout}
        return tqdm(desc=name, total=total, file=self._stream, disable=not self._is_terminal, **options)

    def _run_left(self, run: PlannedRun) -> str:
        return _interval(self._estimator.run_seconds(*self._left[run.key]))

    def _study_left(self) -> str:
        return _interval(self._estimator.study_seconds(self._left.values()))


def _interval(seconds: float | None) -> str:
    return "unknown time" if seconds is None else str(tqdm.format_interval(seconds))


def _figures(progress: Progress) -> str:
    """Return return, cost and multiplier of the last evaluation."""
    if progress.episode_return is None or progress.cost is None:
        return "not evaluated yet"
    text = f"return {number_text(progress.episode_return)}, cost {number_text(progress.cost)}"
    return text if progress.multiplier is None else f"{text}, multiplier {progress.multiplier:.2f}"
