"""The newest and earlier frames of all channels, from which an observation is stacked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract.schema import Channel


class FrameHistory:
    """Keeps as many frames, of all channels side by side, as the deepest history needs.

    Attributes:
        places: of each channel in a frame.
        newest: (frame size,) where in the observation the elements of the newest frame stand.
    """

    def __init__(self, channels: Sequence[Channel]) -> None:
        ends = np.cumsum([channel.size for channel in channels]).tolist()
        self.places = [slice(end - channel.size, end) for channel, end in zip(channels, ends, strict=True)]
        width, depth = ends[-1], max((channel.history - 1) * channel.stride + 1 for channel in channels)
        self._frames = np.zeros((depth, width), np.float32)
        self._flat = self._frames.reshape(-1)
        rows = [
            [np.arange(place.start, place.stop) + age * channel.stride * width for age in range(channel.history)]
            for channel, place in zip(channels, self.places, strict=True)
        ]
        self._order = np.concatenate([index for row in rows for index in row])
        self.newest = np.flatnonzero(self._order < width)
        self._is_fresh = True

    def restart(self) -> None:
        """Forget all frames."""
        self._is_fresh = True

    def push(self, frame: NDArray[np.float64]) -> NDArray[np.float32]:
        """Take a frame (frame size,) and return the observation, each channel's newest first; a first frame fills the history."""
        if self._is_fresh:
            self._frames[:] = frame
            self._is_fresh = False
        else:
            self._frames[1:] = self._frames[:-1]
            self._frames[0] = frame
        return np.asarray(self._flat.take(self._order))
