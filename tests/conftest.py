"""Settings for all tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

# Machines differ in speed and share their cores: an example is never too slow, and a failure can be repeated anywhere.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def _denormals() -> Iterator[None]:
    """Undo what learning does to the arithmetic of its process, which Hypothesis rightly refuses to work with."""
    yield
    if torch := sys.modules.get("torch"):
        torch.set_flush_denormal(False)
