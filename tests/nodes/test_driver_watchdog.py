"""The simulated base obeys its last command for a while and then stops by itself."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from alam_ros.nodes.driver_watchdog import DriverWatchdog

REST, DRIVE = np.zeros(2), np.array([0.5, 0.1])


def test_before_the_first_command_the_base_rests() -> None:
    assert DriverWatchdog(REST, 0.5).command(100.0) is REST


@given(start=st.integers(0, 100_000), steps=st.integers(0, 20))
def test_a_command_holds_for_its_timeout_and_no_longer(start: int, steps: int) -> None:
    watchdog = DriverWatchdog(REST, 0.5)
    watchdog.receive(DRIVE, start * 0.1)
    assert watchdog.command((start + steps) * 0.1) is (DRIVE if steps < 5 else REST)


def test_a_new_command_counts_from_its_own_arrival() -> None:
    watchdog = DriverWatchdog(REST, 0.5)
    watchdog.receive(DRIVE, 0.0)
    watchdog.receive(DRIVE, 0.4)
    assert watchdog.command(0.8) is DRIVE


def test_a_forgotten_command_is_not_obeyed() -> None:
    watchdog = DriverWatchdog(REST, 0.5)
    watchdog.receive(DRIVE, 0.0)
    watchdog.clear()
    assert watchdog.command(0.1) is REST
