"""Tells a node that another one has its name, as where a launch runs twice: what is asked of one of them, both do."""

from __future__ import annotations

import time
from typing import Any

from alam_ros.parameter_file import full_name

LOOK_EVERY_S = 3.0
"""After how long a node has most often found those that were there before it."""
LOOKS = 10
"""How many times it looks: on a loaded machine discovery loses announcements, and Fast DDS repeats them every 3 s."""
LISTED_S = 20
"""For how long Fast DDS lists a node that was killed: 19.8 s, measured."""


class NamesakeCheck:
    """Looks while a node starts, until it has something to tell; afterwards it costs the control loop nothing.

    A node that starts later than that looks in its turn.

    Args:
        node: whose name should be its own.
    """

    def __init__(self, node: Any) -> None:
        self._node = node
        self._looks_left = LOOKS
        self._due = time.monotonic() + LOOK_EVERY_S

    def run_if_due(self) -> None:
        """Log another node of the same name and namespace, if there is one."""
        if self._looks_left == 0 or time.monotonic() < self._due:
            return
        self._looks_left -= 1
        self._due = time.monotonic() + LOOK_EVERY_S
        name = self._node.get_fully_qualified_name()
        found = [full_name(namespace, other) for other, namespace in self._node.get_node_names_and_namespaces()]
        if found.count(name) > 1:
            self._looks_left = 0
            self._node.get_logger().error(
                f"another node is called {name}: what is asked of one, both do; end one of them, or give it a namespace "
                f"(one that was killed is listed for up to {LISTED_S} s)"
            )
