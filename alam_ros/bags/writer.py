"""Writes recorded drives: rosbag2 folders with one MCAP file, which carries the definitions of its message types."""

from __future__ import annotations

import os
import struct
from binascii import crc32
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from rosbags.interfaces import Connection
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.rosbag2.errors import WriterError
from rosbags.rosbag2.storage_mcap import McapWriter

from alam_ros.bags.types import message_types
from alam_ros.errors import BagError

VERSION: Literal[8] = 8
"""Of rosbag2's metadata: the one that ROS 2 Jazzy reads."""
CHECKSUM_OFFSET = 9 + 24
"""Of a chunk's checksum: after the record's opcode and length, two times and the size (MCAP specification, Chunk)."""


class _ChecksummedMcap(McapWriter):
    """MCAP whose chunks carry the checksum that rosbags verifies but leaves out: damaged messages are noticed."""

    def close_chunk(self) -> None:
        start, checksum = self.bio.tell(), crc32(self.chunk.bio.getvalue())
        super().close_chunk()
        self.bio.seek(start + CHECKSUM_OFFSET)
        self.bio.write(struct.pack("<I", checksum))
        self.bio.seek(0, os.SEEK_END)


class _Writer(Writer):
    STORAGE_PLUGINS = {**Writer.STORAGE_PLUGINS, StoragePlugin.MCAP: _ChecksummedMcap}  # noqa: RUF012


class BagWriter:
    """A recording being written; a context manager. The folder becomes readable when it is closed.

    A disk that is full, or fails, ends it with a `BagError`, whatever was being done; nothing more is written then.

    Attributes:
        path: of the folder; the MCAP file in it has the folder's name.
        counts: topic → messages written, 0 included.
    """

    def __init__(self, path: str | Path) -> None:
        """Begin a recording.

        Raises:
            BagError: when the folder exists already or cannot be made.
        """
        self.path = Path(path)
        self.counts: dict[str, int] = {}
        self._types = message_types()
        self._connections: dict[str, Connection] = {}
        self._is_cut_off = False
        try:
            self._writer = _Writer(self.path, version=VERSION, storage_plugin=StoragePlugin.MCAP)
            self._writer.open()
        except (WriterError, OSError) as error:
            raise BagError(f"to begin the recording {path}", str(error), "name a folder that does not exist yet") from error

    def __enter__(self) -> BagWriter:  # noqa: PYI034  typing.Self needs Python 3.11
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def file(self) -> Path:
        """Return the path of the MCAP file."""
        return self.path / f"{self.path.name}.mcap"

    def flush(self) -> None:
        """Put what was written where a killed process leaves it: rosbags keeps up to a mebibyte to itself."""
        storage = self._writer.storage
        if isinstance(storage, McapWriter):
            with self._on_disk():
                if storage.chunk.msgs:
                    storage.close_chunk()
                storage.bio.flush()

    def close(self) -> None:
        """End the recording and write its index, unless the disk was full before."""
        if not self._is_cut_off:
            with self._on_disk():
                self._writer.close()

    @contextmanager
    def _on_disk(self) -> Iterator[None]:
        """Say what to do where something cannot be written, and let the file go as it is."""
        try:
            yield
        except OSError as error:
            self._is_cut_off = True
            if isinstance(self._writer.storage, McapWriter):
                with suppress(OSError):  # what it keeps to itself has no room either
                    self._writer.storage.bio.close()
            raise BagError(
                f"a disk that takes the recording {self.path}",
                error.strerror or str(error),
                "free space or choose another disk, and record again; `mcap recover` saves what was written",
            ) from error

    def declare(self, topic: str, kind: str) -> None:
        """Make a topic known, also where no message comes.

        Raises:
            BagError: when the type is not among ROS's common ones and this package's own.
        """
        if topic in self._connections:
            return
        if kind not in self._types.fielddefs:
            raise BagError("a message type of ROS 2 Jazzy or alam_ros", f"`{kind}` on `{topic}`", "leave the topic out")
        self._connections[topic] = self._writer.add_connection(topic, kind, typestore=self._types)
        self.counts[topic] = 0

    def write(self, topic: str, message: Any, received_ns: int) -> None:
        """Append a message made by `new_message`.

        Args:
            topic: absolute, such as `/alam/risk`.
            message: of the type the topic has in this recording.
            received_ns: when it was received.
        """
        kind: str = message.__msgtype__
        self.write_serialized(topic, kind, bytes(self._types.serialize_cdr(message, kind)), received_ns)

    def write_serialized(self, topic: str, kind: str, data: bytes, received_ns: int) -> None:
        """Append a message as it came from the wire, CDR."""
        self.declare(topic, kind)
        with self._on_disk():
            self._writer.write(self._connections[topic], received_ns, data)
        self.counts[topic] += 1


def new_message(kind: str, **fields: Any) -> Any:
    """Return a message of a type, such as `std_msgs/msg/Header`; all its fields must be given, sequences of numbers as arrays."""
    return message_types().types[kind](**fields)
