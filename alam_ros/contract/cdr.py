"""Messages as they travel: plain CDR, little-endian, as every ROS 2 middleware sends them by default.

A number stands at a multiple of its size, counted from behind the four bytes that say how the message is encoded; a string is its
length with the final zero, and its bytes (OMG DDS-XTypes 1.3, §7.4.1).
"""

from __future__ import annotations

from struct import Struct

ENCODING = b"\x00\x01\x00\x00"
BEGIN = len(ENCODING)
SECOND_NS = 1_000_000_000
LAST_NS = 2**31 * SECOND_NS - 1
"""The last stamp that a message can hold."""
LENGTH = Struct("<I")

STAMP = Struct("<iI")
_HEADER = Struct("<iII")  # stamp, length of the frame's name


def is_plain(data: bytes) -> bool:
    """Say whether a message is encoded in the way that is read here."""
    return data[:2] == ENCODING[:2]


def aligned(offset: int, size: int) -> int:
    """Return the next place that is a multiple of a size."""
    return BEGIN + (offset - BEGIN + size - 1) // size * size


def time_ns(seconds: int, nanoseconds: int) -> int:
    """Return a stamp in ns; what is no time, such as DDS's infinite one, counts as the last nanosecond of its second."""
    return seconds * SECOND_NS + min(nanoseconds, SECOND_NS - 1)


def stamp_parts(stamp_ns: int) -> tuple[int, int]:
    """Return the seconds and nanoseconds of a stamp; beyond what a message can hold, those of the first or the last one."""
    return divmod(min(max(stamp_ns, 0), LAST_NS), SECOND_NS)


def read_header(data: bytes) -> tuple[int, str, int]:
    """Return the stamp (ns), the frame and the place behind them, of a message that begins with a header.

    Raises:
        struct.error, UnicodeDecodeError: where there is none.
    """
    seconds, nanoseconds, length = _HEADER.unpack_from(data, BEGIN)
    begin = BEGIN + _HEADER.size
    return time_ns(seconds, nanoseconds), data[begin : begin + length - 1].decode(), begin + length


def read_string(data: bytes, offset: int) -> tuple[str, int]:
    """Return the string that stands at a place, and the place behind it.

    Raises:
        struct.error, UnicodeDecodeError: where there is none.
    """
    begin = offset + LENGTH.size
    end = begin + LENGTH.unpack_from(data, offset)[0]
    return data[begin : end - 1].decode(), end


class HeaderWriter:
    """Begins messages of one frame."""

    def __init__(self, frame: str) -> None:
        self._frame = padded(string(frame), 8, before=STAMP.size)

    def __call__(self, stamp_ns: int) -> bytes:
        """Return encoding and header, padded for a float64."""
        return ENCODING + STAMP.pack(*stamp_parts(stamp_ns)) + self._frame


def string(text: str) -> bytes:
    """Return a string."""
    data = text.encode() + b"\x00"
    return LENGTH.pack(len(data)) + data


def padded(data: bytes, size: int, before: int = 0) -> bytes:
    """Return data that stand behind `before` bytes of the message, and zeros up to a multiple of a size."""
    return data + bytes(-(before + len(data)) % size)
