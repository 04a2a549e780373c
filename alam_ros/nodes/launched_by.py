"""Tells a process that the launch that started it is gone: nobody would end the process any more, and the robot would drive on.

Ctrl-C at a launch ends what it started; SIGTERM and SIGKILL end the launch alone. The launch files say which process they run in.
"""

from __future__ import annotations

import os
import signal

from alam_ros.errors import ConfigurationError

LAUNCH_PROCESS = "ALAM_ROS_LAUNCH_PROCESS"
"""Environment variable: process id of the launch; absent where a node was started otherwise."""
INTERRUPTED = 128 + signal.SIGINT
"""Exit status, as shells have it, of what Ctrl-C ended before it was done: no failure of a launch that hears it later."""


class LaunchProcess:
    """The launch that started this process, if one did.

    The variable is taken out of the environment: whatever this process starts is not the launch's.

    Raises:
        ConfigurationError: for a value that is no process id. Going on without the check would end in a robot that drives on; at
            its start a node can refuse without harm.
    """

    def __init__(self) -> None:
        value = os.environ.pop(LAUNCH_PROCESS, None)
        if value is not None and not (value.isdecimal() and int(value) > 0):
            raise ConfigurationError(
                f"a process id in the environment variable {LAUNCH_PROCESS}", repr(value), "unset it; launch files set it"
            )
        self.process_id = None if value is None else int(value)
        self._is_parent = os.getppid() == self.process_id

    def has_ended(self) -> bool:
        """Say whether the launch is gone; never where no launch started this process.

        A launch that is not the parent, because a prefix such as `xterm -e` stands between or because it is gone already, is
        looked for by its id, which might be another process's by now; a parent that has ended cannot be mistaken.
        """
        if self.process_id is None:
            return False
        return os.getppid() != self.process_id if self._is_parent else not _is_process(self.process_id)


def _is_process(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)  # sends nothing
    except (ProcessLookupError, OverflowError):  # the latter for an id beyond any
        return False
    except PermissionError:  # another user's
        return True
    return True
