from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from alam_ros.cli.main import main
from tests.study.support import write_study


@pytest.fixture(scope="package")
def finished_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a small study that ran to its end; not to be changed."""
    folder = tmp_path_factory.mktemp("studies") / "finished"
    folder.mkdir()
    assert main(["study", str(write_study(folder))]) == 0
    return folder


@pytest.fixture
def study(finished_study: Path, tmp_path: Path) -> Path:
    """Return the file of a copy of the finished study, to be changed."""
    shutil.copytree(finished_study, tmp_path / "study")
    return write_study(tmp_path / "study")
