"""Reads recorded drives: rosbag2 folders and single files, MCAP or SQLite.

    with BagReader(path) as bag:
        for entry in bag.messages(("scan", "odom")):
            print(entry.received_ns, entry.topic, entry.type, entry.message)

Messages have the fields that the interface names, as rclpy's have, so that `alam_ros.contract.decode` takes either. Numeric
sequences are NumPy arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar, cast

from rosbags.interfaces import Connection, ConnectionExtRosbag2
from rosbags.rosbag2 import Reader
from rosbags.rosbag2.errors import ReaderError

from alam_ros.bags.types import recorded_types
from alam_ros.errors import BagError

T = TypeVar("T")
SUFFIXES = (".mcap", ".db3")
REPAIRS = {
    b"\x89MCAP": "record it again, or repair it with `mcap recover`: a recorder that was killed leaves an incomplete file",
    b"SQLite format 3": "record it again, or repair it with SQLite's own `sqlite3 damaged.db3 .recover | sqlite3 repaired.db3`",
}
"""How a file begins → what to do where it is damaged."""


@dataclass(frozen=True, slots=True)
class BagMessage:
    """One recorded message.

    Attributes:
        topic: as recorded, such as `/scan`.
        type: ROS interface name, such as `sensor_msgs/msg/LaserScan`.
        received_ns: when the recorder received it, ns of the recorder's clock.
        message: with the interface's fields as attributes.
    """

    topic: str
    type: str
    received_ns: int
    message: Any


class BagReader:
    """An opened recording; a context manager.

    Attributes:
        path: of the recording.
        types: topic as recorded → ROS interface name.
        counts: topic as recorded → number of messages.
        publishers: topic as recorded → how many publishers `ros2 bag record` found on it, 0 where the recorder does not say.
    """

    def __init__(self, path: str | Path) -> None:
        """Open a recording.

        Args:
            path: an `.mcap` or `.db3` file, or a rosbag2 folder.

        Raises:
            BagError: when it is missing, unreadable, damaged or of an unknown kind.
        """
        self.path = Path(path)
        self._reader = self._opened()
        self._types = recorded_types(self._reader.connections)
        self.types: dict[str, str] = {}
        self.counts: dict[str, int] = {}
        self.publishers: dict[str, int] = {}
        for connection in self._reader.connections:
            self.types.setdefault(connection.topic, connection.msgtype)
            self.counts[connection.topic] = self.counts.get(connection.topic, 0) + connection.msgcount
            offered = len(cast("ConnectionExtRosbag2", connection.ext).offered_qos_profiles)
            self.publishers[connection.topic] = max(self.publishers.get(connection.topic, 0), offered)

    def __enter__(self) -> BagReader:  # noqa: PYI034  typing.Self needs Python 3.11
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the files."""
        self._reader.close()

    def messages(self, topics: Collection[str] | None = None) -> Iterator[BagMessage]:
        """Yield messages in the order of their reception.

        Args:
            topics: as recorded, or without the leading slash; None for all.

        Raises:
            BagError: when a topic is not in the recording or has two types there, or a message cannot be read.
        """
        connections = self._reader.connections if topics is None else self._chosen(topics)
        if not connections:
            return
        entries = self._reader.messages(connections)
        while (entry := self._guarded(lambda: next(entries, None))) is not None:
            yield self._decoded(*entry)

    def _chosen(self, topics: Collection[str]) -> list[Connection]:
        wanted = {_absolute(topic) for topic in topics}
        chosen = [connection for connection in self._reader.connections if _absolute(connection.topic) in wanted]
        absent = sorted(wanted - {_absolute(connection.topic) for connection in chosen})
        if absent:
            recorded = ", ".join(sorted(topic for topic, count in self.counts.items() if count)) or "nothing"
            action = (
                "record these topics; say --namespace where a robot's stand in one, and --robot where a contract names others"
            )
            raise BagError(f"{', '.join(absent)} in {self.path}", f"only {recorded}", action)
        for connection in chosen:
            first = self.types[connection.topic]
            if connection.msgtype != first:
                found = f"{first} and {connection.msgtype}"
                raise BagError(f"one type of `{connection.topic}` in {self.path}", found, "record its publishers apart")
        return chosen

    def _decoded(self, connection: Connection, received_ns: int, data: bytes) -> BagMessage:
        kind = connection.msgtype
        if kind not in self._types.fielddefs:
            expected = f"`{connection.topic}` of a type that the recording or ROS 2 Jazzy defines"
            raise BagError(expected, f"{kind} in {self.path}", "record it with MCAP, or leave the topic out")
        message = self._guarded(lambda: self._types.deserialize_cdr(data, kind), f"a {kind} on `{connection.topic}`")
        return BagMessage(connection.topic, kind, received_ns, message)

    def _opened(self) -> Reader:
        path = self._checked_path()

        def opened() -> Reader:
            reader = Reader(path)
            reader.open()
            return reader

        try:
            return self._guarded(opened)
        except BagError as error:
            if isinstance(error.__cause__, KeyError):  # of the schema's encoding
                found = f"{self.path}: a topic whose schema is {error.__cause__}"
                raise BagError("a recording of ROS 2 messages alone", found, "leave others out with `mcap filter`") from error
            if not isinstance(error.__cause__, OSError) and self._is_metadata_damaged():
                raise BagError("intact metadata of a rosbag2 folder", error.found, self._metadata_remedy()) from error
            raise

    def _is_metadata_damaged(self) -> bool:
        """Say, of a recording that cannot be opened, whether it is a folder of which every file can."""
        files = self._files()
        return (self.path / "metadata.yaml").is_file() and bool(files) and all(_opens(file) for file in files)

    def _metadata_remedy(self) -> str:
        files = self._files()
        storage = "mcap" if files[0].suffix == ".mcap" else "sqlite3"
        alone = f", or name the only file in it, {files[0]}" if len(files) == 1 else ""
        return f"write metadata.yaml anew with `ros2 bag reindex -s {storage} {self.path}`{alone}"

    def _files(self) -> list[Path]:
        """Return the files of the recording."""
        return [self.path] if self.path.is_file() else sorted(file for file in self.path.iterdir() if file.suffix in SUFFIXES)

    def _checked_path(self) -> Path:
        if not self.path.exists():
            raise BagError("a recording", f"nothing at {self.path}", "check the path")
        if self.path.is_file() and self.path.suffix not in SUFFIXES:
            found = f"{self.path} with the suffix `{self.path.suffix}`"
            remedy = "convert it with rosbags-convert" if self.path.suffix in (".bag", ".zstd") else "check the path"
            raise BagError(f"a file ending in {' or '.join(SUFFIXES)}, or a rosbag2 folder", found, remedy)
        if self.path.is_file() or (self.path / "metadata.yaml").is_file():
            return self.path
        # A recorder that was killed wrote no metadata.
        files = self._files()
        if len(files) != 1:
            named = ", ".join(file.name for file in files) or "no recording"
            raise BagError(
                "a rosbag2 folder", f"no metadata.yaml in {self.path}, but {named}", "name one of the files in it, if any"
            )
        return files[0]

    def _guarded(self, read: Callable[[], T], what: str = "an intact recording") -> T:
        """Read and name the file in whatever goes wrong: damaged data raise almost any exception."""
        try:
            return read()
        except OSError as error:
            raise BagError("a readable recording", f"{self.path}: {error.strerror or error}", "check the path") from error
        except Exception as error:
            found = f"{self.path}: {error if isinstance(error, ReaderError) else f'{type(error).__name__}: {error}'}"
            raise BagError(what, found, self._remedy()) from error

    def _remedy(self) -> str:
        """Say what can be done about a damaged recording: by its first empty file, else by its first one."""
        files = self._files()
        if not files:
            return "copy the files that metadata.yaml names beside it: there is none"
        for file in files:
            if not file.stat().st_size:
                return f"record it again: {file.name} is empty, which nothing can repair"
        begin = _begin(files[0])
        unknown = "copy or record it again: it is neither MCAP nor SQLite, and no tool for these can repair it"
        return next((remedy for magic, remedy in REPAIRS.items() if begin.startswith(magic)), unknown)


def _opens(file: Path) -> bool:
    """Say whether a file can be opened by itself."""
    with suppress(BagError), BagReader(file):
        return True
    return False


def _begin(file: Path) -> bytes:
    """Return a file's first bytes, none where it may not be read."""
    try:
        with file.open("rb") as opened:
            return opened.read(16)
    except OSError:
        return b""


def _absolute(topic: str) -> str:
    return topic if topic.startswith("/") else f"/{topic}"
