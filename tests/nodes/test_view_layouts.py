"""The layouts for RViz, Foxglove and PlotJuggler are well-formed and name topics and fields that exist."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import yaml

from alam_ros.resources import config_path
from tests.support.ros import RosGraph

from alam_ros.msg import GateState, RiskEstimate  # isort: skip

FIELDS = {
    "/alam/risk": set(RiskEstimate.get_fields_and_field_types()),
    "/alam/gate": set(GateState.get_fields_and_field_types()),
}


def leaves(node: object) -> list[str]:
    return [node] if isinstance(node, str) else [*leaves(node["first"]), *leaves(node["second"])]


def test_foxglove_plots_what_there_is() -> None:
    layout = json.loads(config_path("view/foxglove.json").read_text())
    panels = layout["configById"]
    assert sorted(leaves(layout["layout"])) == sorted(panels)
    paths = [path["value"] for panel in panels.values() for path in panel.get("paths", [])]
    assert len(paths) >= 10
    for path in paths:
        topic, _, field = path.partition(".")
        assert field in FIELDS[topic]


def test_plotjuggler_plots_what_there_is() -> None:
    curves = ET.fromstring(config_path("view/plotjuggler.xml").read_text()).iter("curve")  # noqa: S314  our own file
    names = [curve.attrib["name"] for curve in curves]
    assert len(names) == 12
    for name in names:
        topic, _, field = name.rpartition("/")
        assert field in FIELDS[topic]


def test_rviz_shows_the_scan_and_our_markers(ros: RosGraph) -> None:
    layout = yaml.safe_load(config_path("view/alam.rviz").read_text())
    assert "rviz_common/Displays" in {panel["Class"] for panel in layout["Panels"]}, "RViz shows the panels of its file alone"
    displays = layout["Visualization Manager"]["Displays"]
    topics = {display["Topic"]["Value"] for display in displays if "Topic" in display}
    ros.start("markers_node")
    ros.wait_for(lambda: "/alam/markers" in dict(ros.node.get_topic_names_and_types()), "the markers' topic")
    assert topics == {"scan", "alam/markers"}
