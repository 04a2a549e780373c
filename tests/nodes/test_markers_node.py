"""What RViz is shown: the level's colour, the numbers, and the reason of the gate."""

from __future__ import annotations

import math

import pytest

from alam_ros.contract import Contract
from alam_ros.resources import config_path
from tests.support.ros import RosGraph

from alam_ros.msg import GateState, RiskEstimate  # isort: skip
from alam_ros.nodes.markers import GREY, LEVELS, STATES, drives_forward, gate_markers, risk_markers  # isort: skip
from alam_ros.nodes.qos import LATCHED, MARKERS, RISK  # isort: skip
from std_msgs.msg import Header  # isort: skip
from visualization_msgs.msg import Marker, MarkerArray  # isort: skip


def estimate(**changes: object) -> RiskEstimate:
    values = {
        "probability": 0.034,
        "horizon": 1.0,
        "margin": 0.2,
        "novelty": 0.1,
        "level": RiskEstimate.CAUTION,
        "action": [0.4, -1.0],
    }
    message = RiskEstimate(**{**values, **changes})
    message.header.frame_id = "base_link"
    message.header.stamp.sec = 7
    return message


def colour(marker: Marker) -> tuple[float, float, float]:
    return marker.color.r, marker.color.g, marker.color.b


def by_namespace(markers: MarkerArray) -> dict[str, Marker]:
    return {marker.ns: marker for marker in markers.markers}


def test_every_level_and_every_state_of_the_messages_has_a_name_and_a_colour() -> None:
    assert set(LEVELS) == {RiskEstimate.UNKNOWN, RiskEstimate.NOMINAL, RiskEstimate.CAUTION, RiskEstimate.DANGER}
    states = ("INACTIVE", "PASS", "SLOW", "STOP", "EMERGENCY_STOP", "FALLBACK")
    assert set(STATES) == {getattr(GateState, name) for name in states}


def test_a_risk_is_a_disc_words_and_an_arrow_under_the_observations_stamp_and_frame() -> None:
    found = by_namespace(risk_markers(estimate(), 0.3, with_motion=True))
    assert set(found) == {"risk", "risk_text", "judged_motion"}
    assert all((m.header.stamp.sec, m.header.frame_id, m.lifetime.sec) == (7, "base_link", 1) for m in found.values())
    assert found["risk"].scale.x == pytest.approx(0.6)
    assert found["risk_text"].text.startswith("caution: 3.4% in 1 s")
    assert found["judged_motion"].points[1].x == pytest.approx(0.4)


CONTRACTS = {"navigation": True, "turtlebot": True, "arm_reach": False, "point_goal": False}


@pytest.mark.parametrize(("name", "drives"), CONTRACTS.items())
def test_only_a_bases_forward_speed_is_a_motion_along_x(name: str, drives: bool) -> None:
    assert drives_forward(Contract.load(config_path(f"contracts/{name}.yaml"))) is drives
    assert set(by_namespace(risk_markers(estimate(), 0.3, with_motion=False))) == {"risk", "risk_text"}


def test_without_a_contract_nobody_knows_what_the_action_is() -> None:
    assert not drives_forward(None)


def test_an_unknown_state_is_grey_and_no_probability_is_no_zero() -> None:
    found = by_namespace(risk_markers(estimate(level=RiskEstimate.UNKNOWN, probability=math.nan), 0.3, with_motion=True))
    assert colour(found["risk"]) == pytest.approx(GREY)
    assert found["risk_text"].text.startswith("unknown: no calibration")


def test_the_gates_ring_says_why() -> None:
    found = by_namespace(gate_markers(GateState(state=GateState.FALLBACK, detail="risk_high: much"), "base_link", 0.4))
    assert found["gate_text"].text == "policy acts: risk_high: much"
    assert math.hypot(found["gate"].points[5].x, found["gate"].points[5].y) == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("robot", "drives", "frame"), [("navigation", True, {}), ("arm_reach", False, {}), ("navigation", True, {"frame": "chassis"})]
)
def test_the_node_draws_what_it_hears(ros: RosGraph, robot: str, drives: bool, frame: dict[str, str]) -> None:
    parameters = {"radius": 0.5, "robot": str(config_path(f"contracts/{robot}.yaml")), **frame}
    ros.start("markers_node", parameters=parameters, namespace="/one")
    drawn = ros.collect(MarkerArray, "/one/alam/markers", MARKERS)
    risks, states = ros.publisher(RiskEstimate, "/one/alam/risk", RISK), ros.publisher(GateState, "/one/alam/gate", LATCHED)

    def seen() -> set[tuple[str, str]]:
        risks.publish(estimate())
        states.publish(GateState(state=GateState.STOP, header=Header(frame_id="" if frame else "chassis")))
        return {(marker.ns, marker.header.frame_id) for array in drawn for marker in array.markers}

    ros.wait_for(lambda: {("risk", "base_link"), ("gate", "chassis")} <= seen(), "both drawings")
    assert any(marker.ns == "judged_motion" for array in drawn for marker in array.markers) is drives
