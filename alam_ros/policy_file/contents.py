"""What a policy file holds, and its bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from alam_ros.errors import PolicyFileError
from alam_ros.policy_file.archive import pack, unpack
from alam_ros.policy_file.manifest import SCHEMA, Manifest
from alam_ros.policy_file.verify import verify
from alam_ros.policy_file.weights import MEMBER as WEIGHTS_MEMBER
from alam_ros.policy_file.weights import Weights, decode_weights, encode_weights

MANIFEST_MEMBER = "manifest.json"


@dataclass(frozen=True)
class PolicyContents:
    """A policy file's contents.

    Attributes:
        manifest: plain JSON values with the keys of `Manifest`; `schema` and `sha256` are filled in when it is written.
        weights: float32 arrays, (out, in) for weights and (out,) for biases, named as docs/architecture.md says.
    """

    manifest: Mapping[str, Any]
    weights: Weights


def encode(contents: PolicyContents) -> bytes:
    """Return the bytes of the policy file: the same contents always give the same bytes.

    Raises:
        PolicyFileError: when the contents do not fit together, so that the file would be refused.
    """
    weights = encode_weights(contents.weights)
    manifest = {**contents.manifest, "schema": SCHEMA, "sha256": {WEIGHTS_MEMBER: hashlib.sha256(weights).hexdigest()}}
    try:
        document = json.dumps(manifest, sort_keys=True, indent=1, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise PolicyFileError(
            "a manifest of plain JSON values", str(error), "convert arrays to lists; drop NaN and infinity"
        ) from error
    verify(Manifest.from_mapping(json.loads(document)), contents.weights)
    return pack({MANIFEST_MEMBER: document, WEIGHTS_MEMBER: weights})


def decode(data: bytes, where: str = "the policy file") -> PolicyContents:
    """Read and verify the bytes of a policy file.

    Args:
        data: the whole file.
        where: what to call it in messages, such as its path.

    Raises:
        PolicyFileError: for anything that is not an intact, consistent policy file of this schema.
    """
    members = unpack(data, where)
    expected = {MANIFEST_MEMBER, WEIGHTS_MEMBER}
    if members.keys() != expected:
        raise PolicyFileError(
            f"{where} with the members {sorted(expected)}", str(sorted(members)), "give a file that `alam export` wrote"
        )
    document = _read_json(members[MANIFEST_MEMBER], where)
    manifest = Manifest.from_mapping(document)
    _verify_hashes(manifest, members, where)
    weights = decode_weights(members[WEIGHTS_MEMBER])
    verify(manifest, weights)
    return PolicyContents(document, weights)


def _read_json(data: bytes, where: str) -> dict[str, Any]:
    try:
        document = json.loads(data, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise PolicyFileError(f"JSON in {MANIFEST_MEMBER} of {where}", str(error), "export the policy again") from error
    if not isinstance(document, dict):
        raise PolicyFileError(f"a mapping in {MANIFEST_MEMBER} of {where}", type(document).__name__, "export the policy again")
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _verify_hashes(manifest: Manifest, members: Mapping[str, bytes], where: str) -> None:
    for name in members.keys() - {MANIFEST_MEMBER}:
        actual = hashlib.sha256(members[name]).hexdigest()
        if manifest.sha256.get(name) != actual:
            raise PolicyFileError(
                f"`{name}` of {where} with sha256 {manifest.sha256.get(name)}",
                actual,
                "the file is damaged or altered: copy or export it again",
            )
