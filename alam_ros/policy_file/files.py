"""Policy files on disk."""

from __future__ import annotations

import hashlib
from pathlib import Path

from alam_ros.errors import PolicyFileError
from alam_ros.host.files import write_atomically
from alam_ros.policy_file.contents import PolicyContents, decode, encode

MAX_BYTES = 256 * 1024 * 1024
"""Far above any policy of multilayer perceptrons; a larger file is not read into memory."""


def write_policy(path: str | Path, contents: PolicyContents) -> None:
    """Write a policy file, whole or not at all.

    Raises:
        PolicyFileError: when the contents do not fit together or the file cannot be written.
    """
    data = encode(contents)
    if len(data) > MAX_BYTES:
        raise PolicyFileError(f"a policy of at most {MAX_BYTES} bytes", f"{len(data)} bytes", "train smaller networks")
    try:
        write_atomically(Path(path), data)
    except OSError as error:
        raise PolicyFileError(
            f"{path} to be writable", f"{type(error).__name__}: {error.strerror}", "check folder and space"
        ) from error


def read_policy(path: str | Path) -> PolicyContents:
    """Read and verify a policy file.

    Raises:
        PolicyFileError: when it cannot be read, or is not an intact, consistent policy file of this schema.
    """
    return decode(read_bytes(path), str(path))


def read_bytes(path: str | Path) -> bytes:
    """Return the bytes of a policy file, not yet verified.

    Raises:
        PolicyFileError: when it cannot be read or is implausibly large.
    """
    try:
        with Path(path).open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise PolicyFileError(
            f"a readable policy file at {path}", getattr(error, "strerror", None) or str(error), "check the path"
        ) from error
    if len(data) > MAX_BYTES:
        raise PolicyFileError(f"{path} of at most {MAX_BYTES} bytes", "more", "give a file that `alam export` wrote")
    return data


def policy_id(data: bytes) -> str:
    """Return the name by which messages and reports call a policy: the first 12 hexadecimal digits of the file's sha256."""
    return hashlib.sha256(data).hexdigest()[:12]
