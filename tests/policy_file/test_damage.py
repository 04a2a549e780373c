"""A damaged or hostile file is refused with a PolicyFileError, and with nothing else."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alam_ros.contract import ActionComponent, ActionSpec, Channel, Contract
from alam_ros.errors import PolicyFileError
from alam_ros.policy_file import PolicyContents, archive, decode, encode, files
from tests.support.policies import sample_policy

TINY = Contract(
    name="tiny",
    control_period=0.1,
    trigger="state",
    observation=(Channel(name="state", topic="state", type="std_msgs/msg/Float32MultiArray", field="data", size=2),),
    action=ActionSpec(
        topic="cmd",
        type="std_msgs/msg/Float64MultiArray",
        components=(ActionComponent(name="force", unit="N", low=-1.0, high=1.0),),
    ),
)
VALID = encode(sample_policy(contract=TINY, hidden=(3,)))
CONTENTS = decode(VALID)


def is_same(contents: PolicyContents) -> bool:
    same_weights = contents.weights.keys() == CONTENTS.weights.keys() and all(
        np.array_equal(contents.weights[name], array) for name, array in CONTENTS.weights.items()
    )
    return same_weights and contents.manifest == CONTENTS.manifest


def is_refused_or_same(data: bytes) -> bool:
    try:
        return is_same(decode(data))
    except PolicyFileError:
        return True


def repacked(change: Callable[[dict[str, bytes]], None]) -> bytes:
    members = archive.unpack(VALID, "test")
    change(members)
    return archive.pack(members)


def with_manifest(**changes: Any) -> bytes:
    """Return a file whose manifest has other top-level values, its hashes being right."""

    def change(members: dict[str, bytes]) -> None:
        members["manifest.json"] = json.dumps({**json.loads(members["manifest.json"]), **changes}).encode()

    return repacked(change)


def with_weights(weights: bytes) -> bytes:
    """Return a file with other weights and the right hash for them."""
    import hashlib

    def change(members: dict[str, bytes]) -> None:
        members["weights.npz"] = weights
        manifest = json.loads(members["manifest.json"])
        manifest["sha256"]["weights.npz"] = hashlib.sha256(weights).hexdigest()
        members["manifest.json"] = json.dumps(manifest).encode()

    return repacked(change)


def npz(arrays: Mapping[str, Any], **options: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays, **options)
    return buffer.getvalue()


@settings(max_examples=400, deadline=None)
@given(position=st.integers(0, len(VALID) - 1), flip=st.integers(1, 255))
def test_a_flipped_byte_is_refused_or_changes_nothing(position: int, flip: int) -> None:
    data = bytearray(VALID)
    data[position] ^= flip
    assert is_refused_or_same(bytes(data))


@settings(max_examples=200, deadline=None)
@given(length=st.integers(0, len(VALID) - 1))
def test_a_truncated_file_is_refused(length: int) -> None:
    with pytest.raises(PolicyFileError):
        decode(VALID[:length])


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=500))
def test_any_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(PolicyFileError):
        decode(data)


def test_pickles_are_never_loaded() -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return pytest.fail, ("a pickle was loaded",)

    arrays = {**CONTENTS.weights, "actor.0.bias": np.array([Trap()], dtype=object)}
    with pytest.raises(PolicyFileError, match="npy"):
        decode(with_weights(npz(arrays, allow_pickle=True)))
    with pytest.raises(PolicyFileError):
        decode(with_weights(archive.pack({"actor.0.bias.npy": pickle.dumps(Trap())})))


def test_compressed_members_are_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("manifest.json", b" " * 10_000_000)
        bomb.writestr("weights.npz", b"")
    with pytest.raises(PolicyFileError, match="uncompressed"):
        decode(buffer.getvalue())


def test_an_array_that_claims_to_be_huge_is_refused() -> None:
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000000,), }"
    body = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()
    with pytest.raises(PolicyFileError, match="npy"):
        decode(with_weights(archive.pack({"actor.0.weight.npy": body})))


def test_a_file_beyond_the_size_limit_is_not_read(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "policy.alam"
    path.write_bytes(VALID)
    monkeypatch.setattr(files, "MAX_BYTES", len(VALID) - 1)
    with pytest.raises(PolicyFileError, match="at most"):
        files.read_policy(path)


def test_an_unexpected_member_is_named() -> None:
    with pytest.raises(PolicyFileError, match=r"setup\.py"):
        decode(repacked(lambda members: members.update({"setup.py": b"import os"})))


def test_a_doubled_member_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as doubled:
        doubled.writestr("manifest.json", b"{}")
        with pytest.warns(UserWarning, match="Duplicate"):
            doubled.writestr("manifest.json", b"{}")
    with pytest.raises(PolicyFileError, match="different names"):
        decode(buffer.getvalue())


def test_members_that_overlap_are_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as overlapping:
        overlapping.writestr("manifest.json", b"")
        overlapping.writestr("weights.npz", bytes(10_000))
        first = overlapping.getinfo("manifest.json")
        first.file_size = first.compress_size = 10_000
    with pytest.raises(PolicyFileError, match="20000 bytes of overlapping members"):
        decode(buffer.getvalue())


def test_altered_weights_are_told_by_their_hash() -> None:
    def change(members: dict[str, bytes]) -> None:
        altered = {**CONTENTS.weights, "actor.0.bias": CONTENTS.weights["actor.0.bias"] + 1}
        members["weights.npz"] = npz(altered)

    with pytest.raises(PolicyFileError, match="sha256"):
        decode(repacked(change))


def test_another_schema_is_refused_before_all_else() -> None:
    with pytest.raises(PolicyFileError, match="schema 1; found schema 2"):
        decode(with_manifest(schema=2, novel_key=True))


@pytest.mark.parametrize("document", [b"", b"[]", b"{", b"\xff", b'{"schema": 1, "risk": NaN}', b"[" * 100_000, b'{"schema": 1}'])
def test_a_manifest_that_is_no_manifest_is_refused(document: bytes) -> None:
    with pytest.raises(PolicyFileError, match=r"manifest\.json"):
        decode(repacked(lambda members: members.update({"manifest.json": document})))


def test_a_number_no_float_can_hold_is_refused() -> None:
    with pytest.raises(PolicyFileError, match="float"):
        decode(with_manifest(risk={**CONTENTS.manifest["risk"], "threshold": 10**400}))
