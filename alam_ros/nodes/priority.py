"""Real-time priority of a node's process, as ros2_control's `thread_priority` gives it to its own."""

from __future__ import annotations

import os
from pathlib import Path

from alam_ros.errors import ConfigurationError


def take_priority(priority: int) -> None:
    """Let all threads of this process go before every process of normal priority (SCHED_FIFO); 0 leaves them as they are.

    Threads that are made later inherit it. Linux keeps a share of each second for the others (5 % by default).

    Args:
        priority: 1 to 99.

    Raises:
        ConfigurationError: when the user may not.
    """
    if priority == 0:
        return
    try:
        for thread in Path("/proc/self/task").iterdir():
            os.sched_setscheduler(int(thread.name), os.SCHED_FIFO, os.sched_param(priority))
    except PermissionError as error:
        raise ConfigurationError(
            f"the right to the parameter `realtime_priority` {priority}",
            f"{error.strerror}",
            "allow the user `rtprio` in /etc/security/limits.conf (LimitRTPRIO in systemd), or set it to 0",
        ) from error
