"""On what and with what something ran."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

from alam_ros import __version__

PACKAGES = ("torch", "numpy", "gymnasium", "pybullet", "matplotlib", "ros-jazzy-rclpy", "ros-jazzy-rmw-fastrtps-cpp")


def describe_machine() -> dict[str, str]:
    """Return what the reader of a report wants to know of the machine."""
    usable = len(os.sched_getaffinity(0))
    return {
        "processor": f"{_first('/proc/cpuinfo', 'model name') or platform.machine()}, {usable} cores usable",
        "memory": _first("/proc/meminfo", "MemTotal") or "unknown",
        "system": platform.platform(),
    }


def describe_versions() -> dict[str, str]:
    """Return the versions of Python, this package and what it rests on."""
    installed = {distribution.name.lower(): distribution.version for distribution in importlib.metadata.distributions()}
    packages = {name: installed.get(name, "not from the package index") for name in PACKAGES}
    return {"Python": platform.python_version(), "alam_ros": __version__, **packages}


def _first(path: str, key: str) -> str:
    """Return the value of the first line `key: value`; nothing where there is no such file."""
    file = Path(path)
    lines = file.read_text().splitlines() if file.is_file() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "")
