"""MuJoCo's off-screen drawing: which OpenGL serves, and what to do when none does."""

from __future__ import annotations

import importlib
import os
from contextlib import suppress

from alam_ros.errors import SimulatorError


def prepare_offscreen() -> None:
    """Make sure that MuJoCo can draw, before its viewer aborts the process where it cannot.

    `MUJOCO_GL` decides; where it is not set, GLFW serves on a machine with a screen and EGL on one without.

    Raises:
        SimulatorError: when the chosen OpenGL does not give a context.
    """
    screen = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    backend = os.environ.setdefault("MUJOCO_GL", "glfw" if screen else "egl")
    if backend == "glfw" and not screen:
        raise _no_context(backend, "no screen")
    with suppress(ImportError):  # a build of PyTorch without CUDA has none
        importlib.import_module("triton")  # first: loaded after Mesa's LLVM, its own crashes the process
    try:
        importlib.import_module(f"mujoco.{backend}").GLContext(8, 8).free()
    except Exception as error:  # each backend fails in its own way
        raise _no_context(backend, repr(error)) from error


def _no_context(backend: str, found: str) -> SimulatorError:
    return SimulatorError(
        "an OpenGL that draws without a screen",
        f"MUJOCO_GL={backend} and {found}",
        "install libegl1 and set MUJOCO_GL=egl, or libosmesa6 and set MUJOCO_GL=osmesa",
    )
