"""Imports Safety-Gymnasium 1.0.0 unmodified beside today's Python, Gymnasium and MuJoCo.

Its package body registers every task with Gymnasium interfaces that are gone since 1.0 and imports multi-agent packages that no
single-agent task needs, so the package body is left out and only the modules that hold the tasks are imported. Those give NumPy
arrays as dataclass defaults, which Python refuses since 3.11; while they are imported, such a default becomes a factory.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import importlib.util
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from typing import Any

import numpy as np

from alam_ros.errors import SimulatorError
from alam_sim.requirements import require

PACKAGE = "safety_gymnasium"
REMEDY = (
    "run `make venv`, or `pip install gymnasium mujoco==3.3.7 'numpy<2.4' xmltodict pyyaml imageio glfw pyopengl packaging`"
    " and then `pip install --no-deps safety-gymnasium==1.0.0`"
)
REQUIREMENTS = ("safety-gymnasium==1.0.0", "mujoco>=3.3", "gymnasium>=1.0", "numpy<2.4")
_lock = threading.Lock()


def libraries() -> dict[str, str]:
    """Return package → installed version, of what a result depends on; MuJoCo's version changes the physics.

    Raises:
        SimulatorError: when one is absent or of a version that does not work, with the commands that install it.
    """
    return require(REQUIREMENTS, remedy=REMEDY)


def import_module(name: str) -> Any:
    """Import `safety_gymnasium.<name>`; any number of times, from any thread.

    Raises:
        SimulatorError: as `libraries` does.
    """
    libraries()
    with _lock:
        if PACKAGE not in sys.modules:
            _insert_package_without_body()
        with _array_defaults():
            return importlib.import_module(f"{PACKAGE}.{name}")


def _insert_package_without_body() -> None:
    """Make the submodules importable without running the package's `__init__.py`."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise SimulatorError(f"the package `{PACKAGE}`", "its metadata without its modules", REMEDY)
    spec = ModuleSpec(PACKAGE, None, origin=found.origin, is_package=True)
    spec.submodule_search_locations = list(found.submodule_search_locations)
    package = importlib.util.module_from_spec(spec)
    package.__file__ = found.origin  # its modules find their assets beside it
    sys.modules[PACKAGE] = package


@contextmanager
def _array_defaults() -> Iterator[None]:
    """Let `@dataclass` accept array defaults for the time of an import; every other dataclass is made as ever."""
    original = dataclasses.dataclass

    @functools.wraps(original)
    def dataclass(cls: type | None = None, /, **options: Any) -> Any:
        if cls is None:
            return functools.partial(dataclass, **options)
        for name, default in list(vars(cls).items()):
            if isinstance(default, np.ndarray):
                setattr(cls, name, dataclasses.field(default_factory=default.copy))
        return original(cls, **options)

    dataclasses.dataclass = dataclass
    try:
        yield
    finally:
        dataclasses.dataclass = original
