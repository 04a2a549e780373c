"""Points in space → coordinates."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from alam_ros.contract.extractor import Extractor, check_common_frame
from alam_ros.contract.samples import PointSample, PoseSample, Samples


class Position(Extractor):
    """`PointStamped` or `PoseStamped` → (x, y, z) in its frame, m."""

    size: ClassVar[int | None] = 3

    def __call__(self, samples: Samples) -> NDArray[np.float64]:
        """Return the coordinates."""
        point = samples[self._channel.topic]
        assert isinstance(point, (PointSample, PoseSample))
        return np.array(point.position, dtype=np.float64)


class GoalDirection(Extractor):
    """`PointStamped` and the tool's `PoseStamped` → (distance m, unit vector from the tool to the goal in their frame)."""

    size: ClassVar[int | None] = 4
    reference_type: ClassVar[str] = "geometry_msgs/msg/PoseStamped"

    def __call__(self, samples: Samples) -> NDArray[np.float64]:
        """Return how far it is and which way; at the goal itself there is no way, and the vector is zero."""
        goal, tool = samples[self._channel.topic], samples[self._channel.reference_topic]
        assert isinstance(goal, PointSample)
        assert isinstance(tool, PoseSample)
        check_common_frame(goal, tool)
        way = np.subtract(goal.position, tool.position)
        distance = np.linalg.norm(way)
        return np.array([distance, *(way / distance if distance > 0 else way)])
