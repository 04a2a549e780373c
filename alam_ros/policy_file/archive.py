"""Zip archives without compression: the same members always give the same bytes, and no archive is larger than its file.

Compression would save a few percent of random-looking weights, make the bytes depend on the zlib version, and let a small file
unpack to a huge one. Both the policy file and `weights.npz` inside it are such archives.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from alam_ros.errors import PolicyFileError

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold
REGULAR_FILE = 0o100644 << 16


def pack(members: Mapping[str, bytes]) -> bytes:
    """Return the bytes of a zip of the members in the order of their names, each stored as it is."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, EPOCH)
            info.create_system = 3
            info.external_attr = REGULAR_FILE
            archive.writestr(info, members[name])
    return buffer.getvalue()


def unpack(data: bytes, where: str) -> dict[str, bytes]:
    """Return the members of a zip made by `pack`.

    Args:
        data: the archive.
        where: what to call it in messages.

    Raises:
        PolicyFileError: when it is not a zip, is damaged, or has compressed, encrypted or doubled members.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            _check_directory(infos, len(data), where)
            return {info.filename: archive.read(info) for info in infos}
    except PolicyFileError:
        raise
    except Exception as error:
        # zipfile answers a damaged archive with any of a dozen unrelated exceptions.
        raise PolicyFileError(f"{where} to be an intact zip archive", str(error), "copy or export it again") from error


def _check_directory(infos: list[zipfile.ZipInfo], size: int, where: str) -> None:
    names = [info.filename for info in infos]
    if len(set(names)) != len(names):
        raise PolicyFileError(f"{where} with members of different names", str(sorted(names)), "export the policy again")
    for info in infos:
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
            raise PolicyFileError(
                f"{where} with uncompressed members", f"`{info.filename}` compressed", "export it, do not zip it by hand"
            )
    total = sum(info.file_size for info in infos)
    if total > size:
        raise PolicyFileError(
            f"members of {where} within its {size} bytes", f"{total} bytes of overlapping members", "do not use this file"
        )
