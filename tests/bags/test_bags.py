"""Recordings are read as they were written, and what cannot be read says why."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from alam_ros.contract import decode
from alam_ros.errors import BagError
from tests.bags.recordings import START_NS, header, number, scan, write_recording

from alam_ros.bags.reader import BagReader  # isort: skip
from alam_ros.bags.writer import BagWriter, new_message  # isort: skip
from rosbags.rosbag2 import StoragePlugin, Writer  # isort: skip
from rosbags.typesys import Stores, get_types_from_msg, get_typestore  # isort: skip


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


@pytest.mark.parametrize(
    ("damage", "remedy"),
    [
        ("empty", r"record it again: damaged\.mcap is empty, which nothing can repair"),
        ("empty database", r"record it again: damaged\.db3 is empty, which nothing can repair"),
        ("cut", "repair it with `mcap recover`"),
        ("noise", "repair it with `mcap recover`"),
        ("other", "neither MCAP nor SQLite, and no tool for these can repair it"),
        ("database", r"repair it with SQLite's own `sqlite3 damaged\.db3 \.recover"),
    ],
)
def test_damaged_files_are_refused_with_a_remedy(tmp_path: Path, damage: str, remedy: str) -> None:
    file = write_recording(tmp_path / "drive", scans=200)
    data = file.read_bytes()
    file = tmp_path / "damaged.mcap"
    noise = np.random.default_rng(0).integers(0, 256, 500, dtype=np.uint8).tobytes()
    damaged = {
        "empty": b"",
        "empty database": b"",
        "cut": data[: len(data) // 2],
        "noise": data[: len(data) // 3] + noise + data[len(data) // 3 + len(noise) :],
        "other": b"PK" + noise,
        "database": b"SQLite format 3\0" + noise,
    }
    file = file.with_suffix(".db3") if damage.endswith("database") else file
    file.write_bytes(damaged[damage])
    with pytest.raises(BagError, match=remedy), BagReader(file) as bag:
        list(bag.messages())


def test_a_folder_with_an_empty_file_is_refused_with_its_name(tmp_path: Path) -> None:
    file = write_recording(tmp_path / "drive")
    file.write_bytes(b"")
    with pytest.raises(BagError, match=r"record it again: drive\.mcap is empty"):
        BagReader(file.parent)


def test_a_folder_of_metadata_alone_is_refused_as_one_without_its_files(tmp_path: Path) -> None:
    file = write_recording(tmp_path / "drive")
    file.unlink()
    with pytest.raises(BagError, match=r"drive\.mcap'\]; copy the files that metadata\.yaml names beside it: there is none$"):
        BagReader(file.parent)


METADATA = {
    "cut": lambda text: text[: len(text) // 2],
    "empty": lambda _: "",
    "no YAML": lambda text: text.replace("rosbag2_bagfile_information:", "rosbag2_bagfile_information: ["),
    "of renamed files": lambda text: text.replace("drive.mcap", "drive_0.mcap"),
}


@pytest.mark.parametrize("damage", METADATA)
def test_damaged_metadata_are_refused_with_their_own_remedy(tmp_path: Path, damage: str) -> None:
    folder = write_recording(tmp_path / "drive").parent
    metadata = folder / "metadata.yaml"
    metadata.write_text(METADATA[damage](metadata.read_text()))
    remedy = r"(?s)expected intact metadata .* `ros2 bag reindex -s mcap \S*drive`, or name the only file in it, \S*drive\.mcap"
    with pytest.raises(BagError, match=remedy):
        BagReader(folder)
    (folder / "second.mcap").write_bytes((folder / "drive.mcap").read_bytes())
    with pytest.raises(BagError, match=r"`ros2 bag reindex -s mcap \S*drive`$"):
        BagReader(folder)


def test_of_damaged_metadata_beside_a_damaged_file_the_file_comes_first(tmp_path: Path) -> None:
    file = write_recording(tmp_path / "drive")
    file.write_bytes(file.read_bytes()[:-100])
    (file.parent / "metadata.yaml").write_text("")
    with pytest.raises(BagError, match="repair it with `mcap recover`"):
        BagReader(file.parent)


def test_one_number_that_changed_within_a_recording_is_noticed(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "drive") as bag:
        for at in range(3):
            bag.write("/cost", number(0.625 + at), at)
            bag.flush()
    data = bag.file.read_bytes()
    bag.file.write_bytes(data.replace(np.float32(1.625).tobytes(), np.float32(1.5).tobytes()))
    with pytest.raises(BagError, match=r"drive\.mcap: Chunk checksum mismatch.*repair"), BagReader(bag.file) as read:
        list(read.messages())


def test_one_topic_of_two_types_is_refused_when_it_is_asked_for(tmp_path: Path) -> None:
    types = get_typestore(Stores.ROS2_JAZZY)
    with Writer(tmp_path / "two", version=8, storage_plugin=StoragePlugin.MCAP) as bag:
        bag.add_connection("/scan", "sensor_msgs/msg/LaserScan", typestore=types)
        for kind in ("std_msgs/msg/Float32", "std_msgs/msg/String"):
            bag.add_connection("/cost", kind, typestore=types)
    with BagReader(tmp_path / "two") as read:
        assert list(read.messages(["scan"])) == []
        with pytest.raises(BagError, match="one type of `/cost`"):
            list(read.messages(["scan", "cost"]))


@pytest.mark.parametrize("storage", StoragePlugin)
def test_a_definition_that_is_none_spoils_its_own_topic_only(tmp_path: Path, storage: StoragePlugin) -> None:
    types = get_typestore(Stores.ROS2_JAZZY)
    events = "acme_msgs/srv/Fill_Event"  # of a service, as `ros2 bag record -a` writes them
    with Writer(tmp_path / "drive", version=9, storage_plugin=storage) as bag:
        event = bag.add_connection(
            "/fill/_service_event", events, msgdef=f"MSG: {events}\nint64 a\n---\nint64 b\n", rihs01="RIHS01_0"
        )
        bag.write(event, 1, b"\x00\x01\x00\x00")
        cost = bag.add_connection("/cost", "std_msgs/msg/Float32", typestore=types)
        bag.write(cost, 2, types.serialize_cdr(number(0.5), "std_msgs/msg/Float32"))
    with BagReader(tmp_path / "drive") as read:
        assert read.types["/fill/_service_event"] == events
        (entry,) = read.messages(["cost"])
        assert entry.message.data == 0.5
        with pytest.raises(BagError, match=r"`/fill/_service_event` of a type that .* defines; found acme_msgs/srv/Fill_Event"):
            list(read.messages())


def test_a_recording_brings_its_own_types(tmp_path: Path) -> None:
    types = get_typestore(Stores.EMPTY)
    types.register(
        get_types_from_msg("acme_msgs/Cell[] cells\n", "acme_msgs/msg/Pack")
        | get_types_from_msg("uint8 id\n", "acme_msgs/msg/Cell")
    )
    pack = types.types["acme_msgs/msg/Pack"](cells=[types.types["acme_msgs/msg/Cell"](id=7)])
    with Writer(tmp_path / "drive", version=9, storage_plugin=StoragePlugin.MCAP) as bag:
        connection = bag.add_connection("/pack", "acme_msgs/msg/Pack", typestore=types)
        bag.write(connection, 1, types.serialize_cdr(pack, "acme_msgs/msg/Pack"))
    with BagReader(tmp_path / "drive") as read:
        (entry,) = read.messages()
    assert entry.message.cells[0].id == 7


def test_a_folder_whose_recorder_was_killed_is_read_by_its_only_file(tmp_path: Path) -> None:
    folder = write_recording(tmp_path / "drive").parent
    (folder / "metadata.yaml").unlink()
    with BagReader(folder) as read:
        assert read.counts == {"/scan": 5, "/cost": 5}
    (folder / "drive_1.mcap").touch()
    with pytest.raises(BagError, match=r"no metadata\.yaml in .*, but drive\.mcap, drive_1\.mcap"):
        BagReader(folder)


def test_topics_that_are_not_of_ros_2_are_told(tmp_path: Path) -> None:
    file = write_recording(tmp_path / "drive")
    file.write_bytes(file.read_bytes().replace(b"ros2msg", b"jsonmsg"))
    with pytest.raises(BagError, match="a topic whose schema is 'jsonmsg'; leave others out with `mcap filter`"):
        BagReader(file)


def test_nothing_is_written_over_and_no_unknown_type_is_written(tmp_path: Path) -> None:
    write_recording(tmp_path / "drive")
    with pytest.raises(BagError, match="does not exist yet"):
        BagWriter(tmp_path / "drive")
    with BagWriter(tmp_path / "other") as bag, pytest.raises(BagError, match="nobody_msgs"):
        bag.write_serialized("/topic", "nobody_msgs/msg/Thing", b"", 0)


def test_what_was_flushed_is_in_the_file_before_the_recording_ends(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "drive") as bag:
        bag.write("/cost", number(0.625), 1)
        bag.flush()
        killed = bag.file.read_bytes()
        bag.flush()
        bag.write("/cost", number(0.75), 2)
    assert np.float32(0.625).tobytes() in killed
    assert b"/cost" in killed
    with BagReader(bag.file) as read:
        assert [entry.message.data for entry in read.messages()] == [0.625, 0.75]


@contextmanager
def full_disk(file: Path) -> Iterator[None]:
    """Let no file of this process grow beyond the size that one has, as on a disk that is full."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_is_told_once_and_what_was_written_stays(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "drive") as bag:
        bag.write("/cost", number(0.625), 1)
        bag.flush()
        before = bag.file.read_bytes()
        bag.write("/cost", number(0.75), 2)
        told = r"a disk that takes the recording .*drive; found .*free space.*`mcap recover`"
        with full_disk(bag.file), pytest.raises(BagError, match=told):
            bag.flush()
    assert bag.file.read_bytes().startswith(before)


def test_a_disk_that_is_full_when_a_recording_ends_is_told(tmp_path: Path) -> None:
    bag = BagWriter(tmp_path / "drive")
    bag.write("/cost", number(0.625), 1)
    with full_disk(bag.file), pytest.raises(BagError, match="a disk that takes the recording"):
        bag.close()
