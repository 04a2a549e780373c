"""Configuration files are found in a checkout and in an installation, whichever tool made it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from alam_ros import errors, resources
from tests.packaging.project import ROOT

FIND = "from alam_ros.resources import config_path; print(config_path('contracts/navigation.yaml'))"


def test_a_checkout_has_them_beside_the_package() -> None:
    assert resources.config_path("contracts/navigation.yaml") == ROOT / "config" / "contracts" / "navigation.yaml"


@pytest.mark.parametrize("packages", ["lib/python3.12/site-packages", "local/lib/python3.10/dist-packages", "."])
def test_an_installation_has_them_under_share(tmp_path: Path, packages: str) -> None:
    modules, configuration = tmp_path / packages / "alam_ros", tmp_path / "share/alam_ros/config/contracts/navigation.yaml"
    for file in (modules / "__init__.py", configuration):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    for module in (errors, resources):
        (modules / Path(module.__file__).name).write_text(Path(module.__file__).read_text())
    environment = {"PYTHONPATH": str(modules.parent)}
    output = subprocess.run(
        [sys.executable, "-c", FIND], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert output.stdout.strip() == str(configuration)


def test_an_unknown_file_is_refused_by_name() -> None:
    with pytest.raises(errors.ConfigurationError, match=r"contracts/nowhere\.yaml"):
        resources.config_path("contracts/nowhere.yaml")
