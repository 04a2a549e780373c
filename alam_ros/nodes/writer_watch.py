"""Whether what comes on a topic is of one writer, by the numbers that each writer gives its messages."""

from __future__ import annotations

import math

REMEMBERED_S = 20.0
"""How long numbers that crossed speak of several writers; a driver that was killed counts for as long with Fast DDS."""


class WriterWatch:
    """Tells by the numbers of a topic's messages whether several writers are at work.

    A writer numbers its messages 1, 2, 3, …; those of two that take turns go back and forth. Who has announced a topic and sends
    nothing, such as a gripper before it is homed, changes nothing.
    """

    def __init__(self) -> None:
        self._latest: int | None = 0
        self._crossed = -math.inf
        self._count = 0

    def note(self, number: int | None, now: float) -> None:
        """Take a message.

        Args:
            number: what its writer gave it; None where the middleware does not tell.
            now: s of a steady clock.
        """
        if number is not None and self._latest is not None and number <= self._latest:
            self._crossed = now
        self._latest = number

    def recount(self, count: int) -> None:
        """Take the number of publishers; where one has left, what messages showed before is of the past.

        Args:
            count: how many there are now.
        """
        if count < self._count:
            self._latest, self._crossed = 0, -math.inf
        self._count = count

    def are_several(self, now: float) -> bool | None:
        """Say whether several have written lately; None where the middleware gives no numbers.

        Args:
            now: s of a steady clock.
        """
        return None if self._latest is None else now - self._crossed < REMEMBERED_S
