"""What stands in the PyBullet world: the arm, the table it is bolted to, and the column to keep away from."""

from __future__ import annotations

from alam_sim.arm_reach.arm import Arm
from alam_sim.arm_reach.column import Column
from alam_sim.arm_reach.config import ArmReachConfig
from alam_sim.bullet import BulletClient, pybullet

TABLE_THICKNESS = 0.02
TABLE_HALF_WIDTH = 1.5
FIRST_ABOVE_TABLE = 1
"""The base and the link above it stand on the table; from the second link on, touching it is a violation."""


class Scene:
    """Arm, table and column, solid for one another."""

    def __init__(self, client: BulletClient, config: ArmReachConfig, *, is_visible: bool = False) -> None:
        self.client, self._config = client, config
        self.arm = Arm(client, is_visible=is_visible)
        self._table = self._build_table()
        self._column: int | None = None

    def place(self, column: Column) -> None:
        """Replace the column."""
        client, size = self.client, {"radius": column.radius}
        if self._column is not None:
            client.removeBody(self._column)
        self._column = client.createMultiBody(
            0,
            client.createCollisionShape(pybullet.GEOM_CYLINDER, height=column.height, **size),
            client.createVisualShape(pybullet.GEOM_CYLINDER, length=column.height, rgbaColor=[0.8, 0.3, 0.2, 1], **size),
            basePosition=[column.x, column.y, column.height / 2],
        )

    def clearance(self) -> float:
        """Return how far the arm is from a violation, m: the least gap to column or table, less what must be kept to it."""
        assert self._column is not None
        return min(
            self.arm.gap(self._column, first_link=-1) - self._config.safety_distance,
            self.arm.gap(self._table, first_link=FIRST_ABOVE_TABLE) - self._config.table_distance,
        )

    def _build_table(self) -> int:
        half_extents = [TABLE_HALF_WIDTH, TABLE_HALF_WIDTH, TABLE_THICKNESS / 2]
        table = self.client.createMultiBody(
            0,
            self.client.createCollisionShape(pybullet.GEOM_BOX, halfExtents=half_extents),
            self.client.createVisualShape(pybullet.GEOM_BOX, halfExtents=half_extents, rgbaColor=[0.75, 0.72, 0.66, 1]),
            basePosition=[0, 0, -TABLE_THICKNESS / 2],
        )
        for link in range(-1, FIRST_ABOVE_TABLE):
            self.client.setCollisionFilterPair(self.arm.body, table, link, -1, enableCollision=0)
        return int(table)
