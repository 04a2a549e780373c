"""Risk and gate → markers for RViz and Foxglove, in the frame of the robot's base."""

from __future__ import annotations

import math

from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Point, Pose, Vector3
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from alam_ros.contract import Contract
from alam_ros.msg import GateState, RiskEstimate

LIFETIME_S = 1
"""s after which a marker that is not renewed disappears: what nobody says any more must not be seen any more."""
DISC_HEIGHT, TEXT_HEIGHT, TEXT_SIZE, ARROW_WIDTH = 0.02, 0.6, 0.15, 0.05

Colour = tuple[float, float, float]
GREY: Colour = (0.55, 0.55, 0.6)
LEVELS: dict[int, tuple[str, Colour]] = {
    RiskEstimate.UNKNOWN: ("unknown", GREY),
    RiskEstimate.NOMINAL: ("nominal", (0.2, 0.7, 0.3)),
    RiskEstimate.CAUTION: ("caution", (0.95, 0.65, 0.1)),
    RiskEstimate.DANGER: ("danger", (0.85, 0.2, 0.15)),
}
STATES: dict[int, tuple[str, Colour]] = {
    GateState.INACTIVE: ("inactive", GREY),
    GateState.PASS: ("pass", (0.2, 0.7, 0.3)),
    GateState.SLOW: ("slow", (0.95, 0.65, 0.1)),
    GateState.FALLBACK: ("policy acts", (0.2, 0.45, 0.85)),
    GateState.STOP: ("stop", (0.85, 0.2, 0.15)),
    GateState.EMERGENCY_STOP: ("emergency stop", (0.55, 0.2, 0.7)),
}


def drives_forward(contract: Contract | None) -> bool:
    """Say whether an action's first component is the base's forward speed, and not, say, the speed of an arm's first joint."""
    return contract is not None and contract.action.is_twist and contract.action.components[0].name == "linear.x"


def risk_markers(risk: RiskEstimate, radius: float, *, with_motion: bool) -> MarkerArray:
    """Return a disc under the robot in the colour of the level, and in words what was judged.

    Args:
        risk: of an observation; its stamp and frame are the markers'.
        radius: of the disc, m.
        with_motion: whether the judged action's first component is drawn as well, as an arrow along x (`drives_forward`): as
            many m as the base would drive in a second.
    """
    level, colour = LEVELS.get(risk.level, ("unknown", GREY))
    probability = "no calibration" if math.isnan(risk.probability) else f"{risk.probability:.1%} in {risk.horizon:g} s"
    disc = _marker(risk.header, "risk", Marker.CYLINDER, colour, alpha=0.5)
    disc.scale = Vector3(x=2 * radius, y=2 * radius, z=DISC_HEIGHT)
    text = _text(
        risk.header, "risk_text", f"{level}: {probability}\nmargin {risk.margin:.2f}, novelty {risk.novelty:.2f}", colour
    )
    text.pose.position.z = TEXT_HEIGHT
    markers = [disc, text]
    if with_motion and risk.action:
        arrow = _marker(risk.header, "judged_motion", Marker.ARROW, colour)
        arrow.scale = Vector3(x=ARROW_WIDTH, y=2 * ARROW_WIDTH, z=2 * ARROW_WIDTH)
        arrow.points = [Point(), Point(x=float(risk.action[0]))]
        markers.append(arrow)
    return MarkerArray(markers=markers)


def gate_markers(state: GateState, frame: str, radius: float) -> MarkerArray:
    """Return a ring around the robot in the colour of the gate's state, and its reason in words.

    Args:
        state: of the gate.
        frame: of the robot's base.
        radius: of the ring, m.
    """
    name, colour = STATES.get(state.state, ("?", GREY))
    header = Header(stamp=state.header.stamp, frame_id=frame)
    ring = _marker(header, "gate", Marker.LINE_STRIP, colour)
    ring.scale.x = 2 * DISC_HEIGHT
    angles = [2 * math.pi * step / 36 for step in range(37)]
    ring.points = [Point(x=radius * math.cos(angle), y=radius * math.sin(angle)) for angle in angles]
    text = _text(header, "gate_text", f"{name}: {state.detail}", colour)
    text.pose.position.z = TEXT_HEIGHT + 3 * TEXT_SIZE
    return MarkerArray(markers=[ring, text])


def _text(header: Header, namespace: str, words: str, colour: Colour) -> Marker:
    marker = _marker(header, namespace, Marker.TEXT_VIEW_FACING, colour)
    marker.text, marker.scale.z = words, TEXT_SIZE
    return marker


def _marker(header: Header, namespace: str, kind: int, colour: Colour, *, alpha: float = 1.0) -> Marker:
    red, green, blue = colour
    marker = Marker(header=header, ns=namespace, type=kind, action=Marker.ADD, lifetime=Duration(sec=LIFETIME_S))
    marker.pose = Pose()
    marker.pose.orientation.w = 1.0
    marker.color = ColorRGBA(r=red, g=green, b=blue, a=alpha)
    return marker
