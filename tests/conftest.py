"""Settings for all tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

import alam_ros  # noqa: F401  before NumPy, for whose products it sets the number of threads

# Machines differ in speed and share their cores: an example is never too slow, and a failure can be repeated anywhere.
settings.register_profile("repeatable", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("repeatable")

# Before torch is imported: threads that spin for networks of this size cost a shared machine many times what they gain.
os.environ.setdefault("OMP_NUM_THREADS", "1")

STATUS = pytest.StashKey[int]()

OVER_ROS = (
    "bench/test_ros.py",
    "contract_check/test_real_recording.py",
    "demo",
    "host/test_ros_domain.py",
    "launch",
    "nodes",
    "replay",
)
ONE_AFTER_ANOTHER = {**dict.fromkeys(OVER_ROS, "ros"), "packaging": "packaging"}
"""Places whose tests do not run beside one another: they start several processes each, or build from one source tree."""


@pytest.fixture(autouse=True)
def _denormals() -> Iterator[None]:
    """Undo what learning does to the arithmetic of its process, which Hypothesis rightly refuses to work with."""
    yield
    if torch := sys.modules.get("torch"):
        torch.set_flush_denormal(False)


class TogetherScheduling(LoadScopeScheduling):
    """Keeps together a file, whose fixtures are made once, and what `ONE_AFTER_ANOTHER` names.

    `--dist loadgroup` did nothing: pytest-xdist 3.8 marks groups in `Item._nodeid`, which pytest 9.2 does not have.
    """

    def _split_scope(self, nodeid: str) -> str:
        path = Path(nodeid.partition("::")[0]).relative_to("tests")
        return next((group for place, group in ONE_AFTER_ANOTHER.items() if path.is_relative_to(place)), str(path))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> TogetherScheduling:
    """Tell pytest-xdist what stays together."""
    return TogetherScheduling(config, log)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Remember how the run ended, for `pytest_unconfigure`."""
    session.config.stash[STATUS] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """End at once where tests left ROS nodes behind: destroying them can crash (tests/support/ros.py)."""
    ros = sys.modules.get("tests.support.ros")
    if ros is None or not ros.SILENT or STATUS not in config.stash:
        return
    config.get_terminal_writer().flush()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(config.stash[STATUS])
