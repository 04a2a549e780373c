"""Running a package's function with other globals, so that the function and its module stay as they are."""

from __future__ import annotations

from types import FunctionType
from typing import Any


def with_globals(function: FunctionType, **replacements: Any) -> FunctionType:
    """Return the same code with some names of its module bound to something else."""
    bound = {**function.__globals__, **replacements}
    return FunctionType(function.__code__, bound, function.__name__, function.__defaults__, function.__closure__)
