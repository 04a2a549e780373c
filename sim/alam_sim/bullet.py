"""PyBullet, imported without its chatter: what it writes belongs into no command's output."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray


@contextmanager
def quiet() -> Iterator[None]:
    """Send file descriptors 1 and 2 to nowhere: PyBullet prints from C, past `sys.stdout`. Its failures are exceptions."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # closed by who started this
            stream.flush()
    saved = {target: os.dup(target) for target in (1, 2) if _is_open(target)}
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for target in saved:
            os.dup2(nowhere, target)
        yield
    finally:
        for target, descriptor in saved.items():
            os.dup2(descriptor, target)
            os.close(descriptor)
        os.close(nowhere)


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


with quiet():
    import pybullet
    from pybullet_utils import bullet_client


class BulletClient(bullet_client.BulletClient):  # type: ignore[misc]  # the package has no type information
    """PyBullet's client, whose functions are bound to it at their first use and not again at each."""

    _client: int

    def __init__(self) -> None:
        """Start a server without a window."""
        self._bound: list[str] = []
        super().__init__(pybullet.DIRECT)

    def __getattr__(self, name: str) -> Any:
        """Bind a function of PyBullet's to this client, and keep it."""
        function = super().__getattr__(name)
        setattr(self, name, function)
        self._bound.append(name)
        return function

    def disconnect(self) -> None:
        """End the server. What is asked of this client afterwards fails: PyBullet gives its number to the next one."""
        if self._client >= 0:
            pybullet.disconnect(physicsClientId=self._client)
        self._client = -1
        while self._bound:
            delattr(self, self._bound.pop())


def connect() -> BulletClient:
    """Start a physics server in this process, without a window."""
    with quiet():
        return BulletClient()


def picture(client: BulletClient, size: int, view: Any, lens: Any) -> NDArray[np.uint8]:
    """Return (size, size, 3) uint8 of what a camera sees, drawn without graphics hardware.

    Args:
        client: PyBullet world.
        size: pixels.
        view: matrix, as `computeViewMatrix` returns it.
        lens: matrix, as `computeProjectionMatrixFOV` returns it.
    """
    image = client.getCameraImage(size, size, view, lens, shadow=0, renderer=pybullet.ER_TINY_RENDERER)[2]
    return np.asarray(image, dtype=np.uint8).reshape(size, size, 4)[:, :, :3]


__all__ = ["BulletClient", "connect", "picture", "pybullet", "quiet"]
