"""Importing Safety-Gymnasium beside today's packages, and saying what is missing."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from importlib.metadata import version

import numpy as np
import pytest
import yaml

from alam_ros.errors import SimulatorError
from alam_sim.requirements import require
from alam_sim.safety_gym import compatibility
from alam_sim.safety_gym.plain_world import plain_world_class, without_pictures
from tests.support.simulators import needs_safety_gymnasium


@needs_safety_gymnasium
def test_importing_leaves_dataclasses_as_they_were():
    original = dataclasses.dataclass
    compatibility.import_module("builder")
    assert dataclasses.dataclass is original


@needs_safety_gymnasium
def test_array_defaults_are_not_shared_between_objects():
    goal = compatibility.import_module("assets.geoms.goal").Goal
    first, second = goal(), goal()
    np.testing.assert_array_equal(first.color, second.color)
    assert first.color is not second.color


IN_A_FRESH_PROCESS = """
import sys
from concurrent.futures import ThreadPoolExecutor
import alam_sim
assert not {"safety_gymnasium", "mujoco"} & set(sys.modules), "registration alone must import neither"
from alam_sim.safety_gym.compatibility import import_module
with ThreadPoolExecutor(8) as pool:
    modules = set(pool.map(import_module, ["builder"] * 8))
assert len(modules) == 1
import safety_gymnasium
assert modules.pop() is safety_gymnasium.builder
assert not any(name.startswith(("pygame", "gymnasium_robotics", "pettingzoo")) for name in sys.modules)
"""


@needs_safety_gymnasium
def test_many_threads_import_one_package_and_nothing_it_does_not_need():
    result = subprocess.run([sys.executable, "-c", IN_A_FRESH_PROCESS], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


@needs_safety_gymnasium
def test_the_plain_world_leaves_the_original_as_it_was():
    module = compatibility.import_module("world")
    build, reader = module.World.build, module.yaml
    plain = plain_world_class()
    assert issubclass(plain, module.World)
    assert plain.build is not build
    assert module.World.build is build
    assert module.yaml is reader is yaml


def test_only_textures_from_files_become_plain():
    checker = {"@name": "floor", "@builtin": "checker", "@type": "2d"}
    assets = {
        "textures": {
            "floor": checker,
            "bush": {"@name": "bush", "@file": "bush.PNG", "@type": "2d"},
            "sky": {"@type": "skybox", "@fileup": "a"},
        },
        "materials": {"bush": {"@texture": "bush"}},
    }
    plain = without_pictures(assets)
    assert plain["materials"] == assets["materials"]
    assert plain["textures"]["floor"] == checker
    assert plain["textures"]["bush"] == {"@name": "bush", "@type": "2d", "@builtin": "flat", "@width": "8", "@height": "8"}
    assert plain["textures"]["sky"] == {"@type": "skybox", "@builtin": "flat", "@width": "8", "@height": "8"}


def test_versions_that_work_are_returned():
    assert require(["numpy>=1.0", "pyyaml"], remedy="-") == {"numpy": version("numpy"), "pyyaml": version("pyyaml")}


@pytest.mark.parametrize(
    ("requirement", "found"), [("no-such-package==1.0", "not installed"), ("numpy<1.0", f"numpy {version('numpy')}")]
)
def test_what_is_absent_or_of_the_wrong_version_is_named_with_the_command_that_installs_it(requirement: str, found: str):
    with pytest.raises(SimulatorError) as caught:
        require([requirement], remedy=compatibility.REMEDY)
    assert caught.value.expected == requirement
    assert found in caught.value.found
    assert "make venv" in caught.value.remedy
    assert "pip install --no-deps safety-gymnasium==1.0.0" in caught.value.remedy
