"""Environments in processes of their own."""

from __future__ import annotations

import os

import pytest

from alam_sim.vector import make_vector


@pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="this system has no batch scheduling")
def test_simulators_do_not_take_the_processor_from_whoever_wakes_them() -> None:
    vector = make_vector("alam/Navigation-v0", 2)
    try:
        vector.reset(seed=0)
        assert [os.sched_getscheduler(process.pid) for process in vector.processes] == [os.SCHED_BATCH] * 2
        assert os.sched_getscheduler(0) == os.SCHED_OTHER
    finally:
        vector.close()
