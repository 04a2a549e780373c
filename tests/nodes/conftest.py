"""Fixtures of the tests over real ROS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.ros import RosGraph


@pytest.fixture
def ros(tmp_path: Path) -> Iterator[RosGraph]:
    """Yield an isolated ROS graph; whatever was started in it ends with the test."""
    from tests.support.ros import RosGraph  # skips, rather than breaks the collection, where ROS is absent

    with RosGraph(tmp_path) as graph:
        yield graph
