"""The recorder of drives says why it ends."""

from __future__ import annotations

import resource
from pathlib import Path

from alam_ros.resources import shipped_policy
from tests.contract.samples import odometry
from tests.support.ros import RosGraph

from alam_ros.nodes.conversions import sample_message  # isort: skip
from alam_ros.nodes.qos import SENSOR  # isort: skip
from nav_msgs.msg import Odometry  # isort: skip


def test_a_full_disk_ends_the_recorder_in_one_line(ros: RosGraph, tmp_path: Path) -> None:
    bag = tmp_path / "drive"
    process = ros.start("bag_recorder_node", parameters={"output": str(bag), "policy": str(shipped_policy("navigation"))})
    publisher = ros.publisher(Odometry, "/odom", SENSOR)
    message = sample_message(odometry(), ros.node.get_clock().now().to_msg())
    ros.node.create_timer(0.01, lambda: publisher.publish(message))
    file = bag / "drive.mcap"
    ros.wait_for(lambda: "receiving /odom" in process.output() and file.stat().st_size > 100_000, "a recording")
    limit = file.stat().st_size + 1000
    resource.prlimit(process.process_id, resource.RLIMIT_FSIZE, (limit, limit))
    ros.wait_for(lambda: not process.is_running(), "the recorder's end")
    assert process.wait() == 1
    assert f"stopping: expected a disk that takes the recording {bag}" in process.output()
    assert "Traceback" not in process.output()
