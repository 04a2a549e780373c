"""PyBullet, imported without its chatter: what it writes belongs into no command's output."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _quiet() -> Iterator[None]:
    """Send file descriptors 1 and 2 to nowhere: PyBullet prints from C, past `sys.stdout`. Its failures are exceptions."""
    sys.stdout.flush()
    sys.stderr.flush()
    saved, nowhere = (os.dup(1), os.dup(2)), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        yield
    finally:
        for target, descriptor in enumerate(saved, start=1):
            os.dup2(descriptor, target)
            os.close(descriptor)
        os.close(nowhere)


with _quiet():
    import pybullet
    from pybullet_utils.bullet_client import BulletClient


def connect() -> BulletClient:
    """Start a physics server in this process, without a window."""
    with _quiet():
        return BulletClient(pybullet.DIRECT)


__all__ = ["BulletClient", "connect", "pybullet"]
