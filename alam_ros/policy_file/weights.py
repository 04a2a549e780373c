"""Weight arrays ⇄ the bytes of `weights.npz`."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from alam_ros.errors import PolicyFileError
from alam_ros.policy_file.archive import pack, unpack

Weights = Mapping[str, NDArray[np.float32]]
MEMBER = "weights.npz"
SUFFIX = ".npy"
DTYPE = np.dtype("<f4")


def encode_weights(weights: Weights) -> bytes:
    """Return the bytes of an npz archive; the same arrays always give the same bytes."""
    return pack({name + SUFFIX: _encode_array(array) for name, array in weights.items()})


def decode_weights(data: bytes) -> dict[str, NDArray[np.float32]]:
    """Return the arrays of an npz archive, read-only.

    Raises:
        PolicyFileError: for anything but plain float32 arrays in C order; objects are never unpickled.
    """
    arrays = {}
    for name, member in unpack(data, MEMBER).items():
        if not name.endswith(SUFFIX):
            raise PolicyFileError(f"only `{SUFFIX}` members in {MEMBER}", f"`{name}`", "export the policy again")
        arrays[name.removesuffix(SUFFIX)] = _decode_array(member, f"`{name}` in {MEMBER}")
    return arrays


def _encode_array(array: NDArray[np.float32]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(array, dtype=DTYPE), allow_pickle=False)
    return buffer.getvalue()


def _decode_array(data: bytes, where: str) -> NDArray[np.float32]:
    try:
        array = np.load(io.BytesIO(data), allow_pickle=False)
    except Exception as error:
        # NumPy evaluates the header as a literal and believes its sizes, which can fail in many ways.
        raise PolicyFileError(f"{where} in npy format", f"{type(error).__name__}: {error}", "export the policy again") from error
    if not isinstance(array, np.ndarray) or array.dtype != DTYPE:
        found = f"{getattr(array, 'dtype', type(array).__name__)}"
        raise PolicyFileError(f"{where} to be an array of little-endian float32", found, "export the policy again")
    array.flags.writeable = False
    return array
