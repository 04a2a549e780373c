"""Pictures of Safety-Gymnasium's tasks, where the machine can draw any."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import gymnasium
import numpy as np
import pytest

import alam_sim  # noqa: F401 (registers the environments)
from alam_ros.errors import SimulatorError
from alam_sim.safety_gym.offscreen import prepare_offscreen
from tests.support.simulators import needs_safety_gymnasium


def reason_not_to_draw() -> str:
    """Say why nothing can be drawn here, or nothing."""
    try:
        prepare_offscreen()
    except SimulatorError as error:
        return str(error)
    return ""


REASON = reason_not_to_draw()
pytestmark = [needs_safety_gymnasium, pytest.mark.skipif(bool(REASON), reason=REASON)]


def picture(environment: gymnasium.Env[Any, Any], seed: int) -> np.ndarray:
    environment.reset(seed=seed)
    drawn = environment.render()
    assert isinstance(drawn, np.ndarray)
    return drawn


@pytest.mark.parametrize("name", ["SafetyPointGoal1-v0", "SafetyHalfCheetahVelocity-v1"])
def test_a_picture_shows_something_else_in_another_state(name: str):
    environment = gymnasium.make(f"alam/{name}", render_mode="rgb_array")
    first = picture(environment, 1)
    assert first.shape == (480, 480, 3)
    assert first.dtype == np.uint8
    assert first.std() > 0
    for _ in range(20):
        environment.step(environment.action_space.high)
    assert not np.array_equal(first, environment.render())
    environment.close()


def test_after_a_reset_the_new_world_is_drawn():
    environment = gymnasium.make("alam/SafetyPointGoal1-v0", render_mode="rgb_array")
    fresh = gymnasium.make("alam/SafetyPointGoal1-v0", render_mode="rgb_array")
    first = picture(environment, 1)
    second = picture(environment, 2)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(second, picture(fresh, 2))
    environment.close()
    fresh.close()


def test_drawing_does_not_change_the_trajectory():
    seen, unseen = (gymnasium.make("alam/SafetyPointGoal1-v0", render_mode=mode) for mode in ("rgb_array", None))
    seen.reset(seed=4)
    unseen.reset(seed=4)
    for _ in range(10):
        action = seen.action_space.sample()
        seen.render()
        np.testing.assert_array_equal(seen.step(action)[0], unseen.step(action)[0])
    seen.close()


@pytest.mark.parametrize("backend", ["glfw", "no-such-library"])
def test_an_opengl_that_cannot_draw_here_is_refused_before_it_aborts_the_process(backend: str, monkeypatch: pytest.MonkeyPatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MUJOCO_GL", backend)
    with pytest.raises(SimulatorError, match=f"MUJOCO_GL={backend}"):
        gymnasium.make("alam/SafetyPointGoal1-v0", render_mode="rgb_array")


@pytest.mark.skipif(find_spec("triton") is None, reason="this build of PyTorch has no compiler of kernels")
def test_a_process_that_drew_can_load_the_compiler_of_kernels_of_pytorch():
    code = "from alam_sim.safety_gym.offscreen import prepare_offscreen as draw; draw(); import triton"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
