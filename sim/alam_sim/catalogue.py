"""Looking a task up by its name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TypeVar

from alam_ros.errors import SimulatorError

Task = TypeVar("Task")


def task_named(name: str, tasks: Mapping[str, Task], *, package: str) -> Task:
    """Return the task of that name.

    Args:
        name: as the package has it.
        tasks: of the package, those that are offered.
        package: named in the error.

    Raises:
        SimulatorError: for a name that is not among them, with those it resembles.
    """
    if name not in tasks:
        near = ", ".join(difflib.get_close_matches(name, tasks, n=3, cutoff=0.0))
        raise SimulatorError(f"a task of {package} that is offered", f"`{name}`", f"did you mean one of {near}?")
    return tasks[name]
