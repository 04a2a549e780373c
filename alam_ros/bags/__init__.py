"""Recorded drives, read and written without ROS. Needs the package `rosbags` (the extra `bags`)."""

from __future__ import annotations

import importlib.util

from alam_ros.errors import BagError


def require(*packages: str, action: str = "pip install '.[bags]' in a clone of alam_ros") -> None:
    """Refuse to go on without what reads and writes recordings; neither a ROS installation nor `pip install .` brings it.

    Raises:
        BagError: when a package is not installed.
    """
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise BagError("the packages of recordings", f"no {', '.join(missing)}", action)
