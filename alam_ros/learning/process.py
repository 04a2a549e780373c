"""How a process that learns or evaluates uses its machine."""

from __future__ import annotations

import resource

import numpy as np
import torch


def prepare_process() -> None:
    """Set torch to one thread, which for networks of this size is fastest, and to flushing denormals to zero.

    With more threads than idle cores, each of the many small products waits for the slowest thread.
    """
    for kind in (np.float32, np.float64):
        np.finfo(kind)  # NumPy measures the types once, and warns when denormals are gone already
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)


def allow_many_files() -> None:
    """Let this process open as many files as the system allows: simulators take several each, and runs side by side have many."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
