"""Shows risk and gate in RViz or Foxglove: `alam/risk` and `alam/gate` in, `alam/markers` out.

A node of its own, so that what draws can neither delay nor end what guards.
"""

from __future__ import annotations

import sys

from rclpy.node import Node
from visualization_msgs.msg import MarkerArray

from alam_ros.msg import GateState, RiskEstimate
from alam_ros.nodes.markers import drives_forward, gate_markers, risk_markers
from alam_ros.nodes.parameters import fixed, number
from alam_ros.nodes.qos import LATCHED, MARKERS, RISK
from alam_ros.nodes.spin import spin_until_stopped
from alam_ros.onboard.gated_action import contract_of


class MarkersNode(Node):
    """Node `markers`."""

    def __init__(self) -> None:
        super().__init__("markers")
        self.declare_parameter("frame", "", fixed("frame of the robot's base; empty for the one that the gate's state names"))
        self.declare_parameter("radius", 0.3, number("of the disc under the robot, m", 0.01, 10.0))
        self.declare_parameter("policy", "", fixed("path of the policy file, whose contract says what actions are"))
        self.declare_parameter("robot", "", fixed("path of this robot's contract, where it differs from the policy's"))
        contract = contract_of({name: str(self.get_parameter(name).value) for name in ("policy", "robot")})
        self._with_motion = drives_forward(contract)
        self._markers = self.create_publisher(MarkerArray, "alam/markers", MARKERS)
        self.create_subscription(RiskEstimate, "alam/risk", self._on_risk, RISK)
        self.create_subscription(GateState, "alam/gate", self._on_state, LATCHED)

    def stop(self) -> None:
        """Stop at once: nothing has to be made safe."""

    def _on_risk(self, risk: RiskEstimate) -> None:
        self._markers.publish(risk_markers(risk, self.get_parameter("radius").value, with_motion=self._with_motion))

    def _on_state(self, state: GateState) -> None:
        radius = self.get_parameter("radius").value
        frame = self.get_parameter("frame").value or state.header.frame_id or "base_link"
        self._markers.publish(gate_markers(state, frame, 1.2 * radius))


def main() -> int:
    """Run the node until SIGINT or SIGTERM."""
    return spin_until_stopped(MarkersNode)


if __name__ == "__main__":
    sys.exit(main())
