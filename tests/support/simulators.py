"""Marks for tests that need a simulator which not every machine has."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

needs_safety_gymnasium = pytest.mark.skipif(
    find_spec("safety_gymnasium") is None or find_spec("mujoco") is None,
    reason="safety_gymnasium or mujoco is not installed: `make venv`",
)

needs_bullet_safety_gym = pytest.mark.skipif(
    find_spec("bullet_safety_gym") is None or find_spec("pybullet") is None,
    reason="bullet_safety_gym or pybullet is not installed: `make venv`",
)
