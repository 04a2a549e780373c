"""Recordings are read as they were written, and what cannot be read says why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from alam_ros.contract import decode
from alam_ros.errors import BagError
from tests.bags.recordings import START_NS, header, scan, write_recording

from alam_ros.bags.reader import BagReader  # isort: skip
from alam_ros.bags.writer import BagWriter, new_message  # isort: skip
from rosbags.rosbag2 import StoragePlugin, Writer  # isort: skip
from rosbags.typesys import Stores, get_typestore  # isort: skip


@pytest.mark.parametrize("form", ["folder", "file"])
def test_messages_come_back_in_order_of_reception_with_type_and_time(tmp_path: Path, form: str) -> None:
    file = write_recording(tmp_path / "drive")
    with BagReader(file if form == "file" else file.parent) as bag:
        assert bag.types == {"/scan": "sensor_msgs/msg/LaserScan", "/cost": "std_msgs/msg/Float32"}
        assert bag.counts == {"/scan": 5, "/cost": 5}
        entries = list(bag.messages())
    assert [entry.topic for entry in entries] == ["/scan", "/cost"] * 5
    assert [entry.received_ns for entry in entries[:3]] == [START_NS, START_NS + 1, START_NS + 100_000_000]
    sample = decode(entries[0].type, entries[0].message)
    np.testing.assert_array_equal(sample.ranges, np.array([1.0, np.inf, 0.0], dtype=np.float32))
    assert entries[0].message.header.stamp.nanosec == 123_456_789


def test_topics_are_chosen_with_or_without_slash(tmp_path: Path) -> None:
    with BagReader(write_recording(tmp_path / "drive")) as bag:
        assert (
            {entry.topic for entry in bag.messages(["cost"])} == {entry.topic for entry in bag.messages(["/cost"])} == {"/cost"}
        )
        with pytest.raises(BagError, match=r"/odom in .*only /cost, /scan"):
            list(bag.messages(["scan", "odom"]))


def test_our_own_messages_survive_every_number_that_is_not_one(tmp_path: Path) -> None:
    numbers = dict.fromkeys(
        (
            *("probability", "rest_probability", "horizon", "cost_value", "rest_cost_value", "threshold", "margin"),
            *("multiplier", "effective_multiplier", "novelty", "inference_time"),
        ),
        float("nan"),
    )
    action = np.array([float("inf"), -0.0])
    estimate = new_message("alam_ros/msg/RiskEstimate", header=header(7), level=3, policy_id="abc", action=action, **numbers)
    with BagWriter(tmp_path / "drive") as bag:
        bag.write("/alam/risk", estimate, 1)
    with BagReader(bag.file) as read:
        (entry,) = read.messages()
    assert np.isnan(entry.message.probability)
    assert (entry.message.level, entry.message.policy_id) == (3, "abc")
    assert entry.message.action.tobytes() == action.tobytes()


def test_sqlite_recordings_are_read_too(tmp_path: Path) -> None:
    types = get_typestore(Stores.ROS2_JAZZY)
    with Writer(tmp_path / "old", version=8, storage_plugin=StoragePlugin.SQLITE3) as bag:
        connection = bag.add_connection("/scan", "sensor_msgs/msg/LaserScan", typestore=types)
        bag.write(connection, 5, types.serialize_cdr(scan(5, [1.0, 2.0]), "sensor_msgs/msg/LaserScan"))
    with BagReader(tmp_path / "old") as read:
        (entry,) = read.messages()
    assert (entry.received_ns, entry.message.ranges.tolist()) == (5, [1.0, 2.0])


def test_a_recording_without_messages_is_empty(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "drive") as bag:
        bag.declare("/scan", "sensor_msgs/msg/LaserScan")
    with BagReader(bag.file) as read:
        assert list(read.messages()) == []


def test_what_is_not_there_or_of_an_unknown_kind_is_named(tmp_path: Path) -> None:
    with pytest.raises(BagError, match="nothing at"):
        BagReader(tmp_path / "nowhere.mcap")
    (tmp_path / "notes.txt").write_text("scan")
    with pytest.raises(BagError, match=r"suffix `\.txt`"):
        BagReader(tmp_path / "notes.txt")
    (tmp_path / "old.bag").write_bytes(b"#ROSBAG V2.0\n")
    with pytest.raises(BagError, match=r"suffix `\.bag`; convert it with rosbags-convert"):
        BagReader(tmp_path / "old.bag")
    with pytest.raises(BagError, match=r"no metadata\.yaml"):
        BagReader(tmp_path)


@pytest.mark.parametrize("damage", ["empty", "cut", "noise", "other", "database"])
def test_damaged_files_are_refused_with_a_remedy(tmp_path: Path, damage: str) -> None:
    file = write_recording(tmp_path / "drive", scans=200)
    data = file.read_bytes()
    file = tmp_path / "damaged.mcap"
    noise = np.random.default_rng(0).integers(0, 256, 500, dtype=np.uint8).tobytes()
    damaged = {
        "empty": b"",
        "cut": data[: len(data) // 2],
        "noise": data[: len(data) // 3] + noise + data[len(data) // 3 + len(noise) :],
        "other": b"PK" + noise,
        "database": b"SQLite format 3\0" + noise,
    }
    file = file.with_suffix(".db3") if damage == "database" else file
    file.write_bytes(damaged[damage])
    with pytest.raises(BagError, match="repair"), BagReader(file) as bag:
        list(bag.messages())


def test_one_topic_of_two_types_is_refused(tmp_path: Path) -> None:
    types = get_typestore(Stores.ROS2_JAZZY)
    with Writer(tmp_path / "two", version=8, storage_plugin=StoragePlugin.MCAP) as bag:
        for kind in ("std_msgs/msg/Float32", "std_msgs/msg/String"):
            bag.add_connection("/cost", kind, typestore=types)
    with pytest.raises(BagError, match="one type of `/cost`"):
        BagReader(tmp_path / "two")


def test_nothing_is_written_over_and_no_unknown_type_is_written(tmp_path: Path) -> None:
    write_recording(tmp_path / "drive")
    with pytest.raises(BagError, match="does not exist yet"):
        BagWriter(tmp_path / "drive")
    with BagWriter(tmp_path / "other") as bag, pytest.raises(BagError, match="nobody_msgs"):
        bag.write_serialized("/topic", "nobody_msgs/msg/Thing", b"", 0)
