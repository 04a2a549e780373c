"""Imports Bullet-Safety-Gym 1.4.0 unmodified, and derives from it an environment that writes nothing and keeps simulated time."""

from __future__ import annotations

import copy
import functools
import importlib
import sys
from contextlib import AbstractContextManager, redirect_stderr
from types import MethodType, SimpleNamespace
from typing import Any

import gymnasium

from alam_sim.bullet import quiet
from alam_sim.cast_warnings import cast_warnings_off
from alam_sim.rebinding import with_globals
from alam_sim.requirements import require

REMEDY = "run `make venv`, or `pip install gymnasium 'pybullet>=3.2.7'` and then `pip install --no-deps bullet-safety-gym==1.4.0`"
REQUIREMENTS = ("bullet-safety-gym==1.4.0", "pybullet>=3.2.5", "gymnasium>=1.0")


def libraries() -> dict[str, str]:
    """Return package → installed version, of what a result depends on.

    Raises:
        SimulatorError: when one is absent or of a version that does not work, with the commands that install it.
    """
    return require(REQUIREMENTS, remedy=REMEDY)


def build(name: str) -> Any:
    """Return a new environment of the package, in a physics server of its own.

    Args:
        name: as the package has it, e.g. `SafetyCarRun-v0`.
    """
    derived, module = _environment_class(), _module("bases")
    with cast_warnings_off():
        environment = derived(**copy.deepcopy(gymnasium.spec(name).kwargs))
    # Obstacles that move take their place from the clock on the wall, which makes no two episodes alike.
    clock = SimpleNamespace(time=lambda: environment.iteration * environment.dt)
    move = with_globals(module.Obstacle.apply_movement, time=clock)
    for obstacle in environment.obstacles:
        obstacle.apply_movement = MethodType(move, obstacle)
    return environment


@functools.cache
def _environment_class() -> type:
    """Derive a class that connects silently; the package's own leaves a file open at each connection."""
    original = _module("builder").EnvironmentBuilder
    connect = with_globals(original._setup_client_and_physics, RedirectStream=_silence)
    return type("QuietEnvironment", (original,), {"_setup_client_and_physics": connect})


def _silence(_stream: object) -> AbstractContextManager[None]:
    return quiet()


def _module(name: str) -> Any:
    with redirect_stderr(sys.__stderr__):  # the package wants a stream with a file descriptor while it is imported
        return importlib.import_module(f"bullet_safety_gym.envs.{name}")
