"""What is known of a planned run before anything is started."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from alam_ros.errors import AlamError
from alam_ros.learning.run_directory import RunDirectory
from alam_ros.study.plan import PlannedRun
from alam_ros.study.result import RunResult, read_result
from alam_ros.typed import to_mapping

Condition = Literal["finished", "begun", "new", "changed", "damaged"]


@dataclass(frozen=True, kw_only=True)
class RunState:
    """A planned run and what earlier sessions left of it.

    Attributes:
        run: as planned.
        condition: "finished": its result is there; "begun": it continues where it is; "new": nothing is there; "changed": what is
            there is of another configuration; "damaged": what is there cannot be read.
        found: for the last two, what is there.
        result: of a finished run.
    """

    run: PlannedRun
    condition: Condition
    found: str = ""
    result: RunResult | None = None

    @property
    def is_refused(self) -> bool:
        """Return whether something else is in the place of this run, which nobody but a person may discard."""
        return self.condition in ("changed", "damaged")


def own_result(run: PlannedRun) -> Path:
    """Return where a run writes its result first, beside its checkpoints; the session then files it among the results."""
    return run.directory / "result.json"


def assess(run: PlannedRun) -> RunState:
    """Return the state of a run; reads its files and changes nothing."""
    try:
        for path in (Path(run.result), own_result(run)):
            result = read_result(path)
            if result is not None and (keys := run.differences(result.configuration, result.evaluation)):
                return RunState(run=run, condition="changed", found=f"{path} has other values of {', '.join(keys)}")
            if result is not None:
                return RunState(run=run, condition="finished", result=result)
        directory = RunDirectory(run.directory)
        if not directory.has_run():
            return RunState(run=run, condition="new")
        keys = _directory_differences(run)
    except AlamError as error:
        return RunState(run=run, condition="damaged", found=str(error))
    if keys:
        return RunState(run=run, condition="changed", found=f"{run.directory} has other values of {', '.join(keys)}")
    return RunState(run=run, condition="begun")


def discard(run: PlannedRun) -> None:
    """Delete what is in the place of a changed or damaged run; its checkpoints stay where only the evaluation has changed."""
    for path in (Path(run.result), own_result(run)):
        path.unlink(missing_ok=True)
    try:
        is_same_training = not _directory_differences(run)
    except AlamError:
        is_same_training = False
    if not is_same_training:
        shutil.rmtree(run.directory, ignore_errors=True)


def describe_refused(states: Iterable[RunState]) -> str:
    """Return one line for each run that is refused; nothing where there is none."""
    return "\n".join(f"{state.condition} {state.run.key}: {state.found}" for state in states if state.is_refused)


def _directory_differences(run: PlannedRun) -> list[str]:
    """Return the keys in which the run that was begun in the directory differs.

    Training fills in what follows from the control period, and so must the plan be before it is compared.

    Raises:
        AlamError: when there is none, or it cannot be read.
    """
    directory = RunDirectory(run.directory)
    begun = to_mapping(directory.load_config())
    complete = replace(run, config=run.config.at(directory.load_contract().control_period))
    return complete.differences(begun, run.evaluation)
