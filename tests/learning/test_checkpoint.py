"""Checkpoints: durable, verified, without code."""

from __future__ import annotations

import errno
import pickle
from pathlib import Path
from typing import BinaryIO

import pytest
import torch

from alam_ros.errors import CheckpointError
from alam_ros.learning.checkpoint import SCHEMA, CheckpointStore
from tests.support.training import tiny_config

CONFIG = tiny_config(Path("run"))


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path)
    store.save({"weights": torch.arange(3.0), "count": 7}, CONFIG, 10)
    state = store.load(CONFIG)
    assert state is not None
    assert state["count"] == 7
    assert state["weights"].tolist() == [0.0, 1.0, 2.0]


def test_the_newest_two_are_kept_and_leftovers_removed(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path)
    (tmp_path / ".000000000005.pt.4711.tmp").write_bytes(b"half a checkpoint")
    for steps in (5, 99, 1_000_000):
        store.save({"steps": steps}, CONFIG, steps)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["000000000099.pt", "000001000000.pt"]
    assert store.load(CONFIG) == {"steps": 1_000_000}


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "No space left on device"), RuntimeError("file write failed")],
    ids=["the system's error", "torch's error"],
)
def test_a_full_disk_leaves_the_older_checkpoints_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def write_half(_: object, stream: BinaryIO) -> None:
        stream.write(b"half a checkpoint")
        raise error

    store = CheckpointStore(tmp_path)
    older = [store.save({"steps": steps}, CONFIG, steps) for steps in (1, 2)]
    before = {path.name: path.read_bytes() for path in older}
    monkeypatch.setattr(torch, "save", write_half)
    for steps in (2, 3):
        with pytest.raises(CheckpointError, match=rf"room for a checkpoint in .*found .*{error.args[-1]}; free space"):
            store.save({"steps": steps, "is_new": True}, CONFIG, steps)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_damaged_newest_checkpoint_gives_way_to_the_one_before(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path)
    store.save({"steps": 1}, CONFIG, 1)
    newest = store.save({"steps": 2}, CONFIG, 2)
    newest.write_bytes(newest.read_bytes()[:200])
    assert store.load(CONFIG) == {"steps": 1}


def test_a_flipped_bit_in_the_replay_is_noticed(tmp_path: Path) -> None:
    path = CheckpointStore(tmp_path).save({"rows": torch.ones(1000)}, CONFIG, 1)
    data = bytearray(path.read_bytes())
    data[data.index(torch.ones(8).numpy().tobytes()) + 400] ^= 1
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match="1 damaged"):
        CheckpointStore(tmp_path).load(CONFIG)


def test_only_damaged_checkpoints_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "000000000001.pt").write_bytes(b"")
    with pytest.raises(CheckpointError, match="1 damaged"):
        CheckpointStore(tmp_path).load(CONFIG)


def test_no_checkpoint_is_none(tmp_path: Path) -> None:
    assert CheckpointStore(tmp_path).load(CONFIG) is None


class Malicious:
    """Runs code when it is unpickled."""

    def __init__(self, witness: Path) -> None:
        self._witness = witness

    def __reduce__(self) -> object:
        return Path.touch, (self._witness,)


@pytest.mark.parametrize("write", [torch.save, lambda value, path: path.write_bytes(pickle.dumps(value))])
def test_code_in_a_checkpoint_is_not_run(tmp_path: Path, write) -> None:
    witness = tmp_path / "code_was_run"
    write({"schema": SCHEMA, "state": Malicious(witness)}, tmp_path / "000000000001.pt")
    with pytest.raises(CheckpointError, match="1 damaged"):
        CheckpointStore(tmp_path).load(CONFIG)
    assert not witness.exists()


def test_differing_keys_are_named(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path)
    store.save({}, CONFIG, 1)
    with pytest.raises(CheckpointError, match=r"other values of trainer\.batch_size, trainer\.seed"):
        store.load(tiny_config(Path("run"), batch_size=17, seed=3))


def test_budget_rhythm_and_directory_may_change(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path)
    store.save({"a": 1}, CONFIG, 1)
    assert store.load(tiny_config(Path("moved"), steps=9999, evaluate_every=7, checkpoint_every=8)) == {"a": 1}


def test_keys_that_came_later_have_their_defaults(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path)
    path = store.save({"a": 1}, CONFIG, 1)
    document = torch.load(path, weights_only=True)
    del document["config"]["algorithm"]["discount"]
    torch.save(document, path)
    assert store.load(CONFIG) == {"a": 1}


def test_a_key_that_is_gone_is_named(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path)
    path = store.save({"a": 1}, CONFIG, 1)
    document = torch.load(path, weights_only=True)
    document["config"]["algorithm"]["former"] = 1
    torch.save(document, path)
    with pytest.raises(CheckpointError, match=r"other values of algorithm\.former"):
        store.load(CONFIG)


def test_a_checkpoint_that_lacks_something_is_refused(tmp_path: Path) -> None:
    torch.save({"schema": SCHEMA, "state": {}}, tmp_path / f"{5:012d}.pt")
    with pytest.raises(CheckpointError, match="`config`, `steps` and `state`"):
        CheckpointStore(tmp_path).load()


def test_another_schema_is_refused(tmp_path: Path) -> None:
    torch.save({"schema": SCHEMA - 1}, tmp_path / "000000000001.pt")
    with pytest.raises(CheckpointError, match=f"schema {SCHEMA}"):
        CheckpointStore(tmp_path).load(CONFIG)
