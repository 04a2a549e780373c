"""What is written is what is read, and the same contents are the same file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from alam_ros.errors import PolicyFileError
from alam_ros.policy_file import PolicyContents, decode, encode, policy_id, read_policy, write_policy
from tests.support.policies import sample_policy


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    contents = sample_policy()
    write_policy(tmp_path / "policy.alam", contents)
    read = read_policy(tmp_path / "policy.alam")
    assert {key: read.manifest[key] for key in contents.manifest} == contents.manifest
    assert read.weights.keys() == contents.weights.keys()
    for name, array in contents.weights.items():
        np.testing.assert_array_equal(read.weights[name], array)
        assert read.weights[name].dtype == np.float32


def test_the_same_contents_are_the_same_bytes() -> None:
    contents = sample_policy()
    shuffled = PolicyContents(dict(reversed(contents.manifest.items())), dict(reversed(contents.weights.items())))
    assert encode(contents) == encode(shuffled)


def test_reading_and_writing_again_changes_nothing() -> None:
    data = encode(sample_policy())
    assert encode(decode(data)) == data


def test_other_weights_have_another_id() -> None:
    assert policy_id(encode(sample_policy(seed=0))) != policy_id(encode(sample_policy(seed=1)))


def test_weights_are_an_ordinary_npz_archive(tmp_path: Path) -> None:
    import zipfile

    contents = sample_policy()
    write_policy(tmp_path / "policy.alam", contents)
    with zipfile.ZipFile(tmp_path / "policy.alam") as archive:
        archive.extractall(tmp_path)
    with np.load(tmp_path / "weights.npz", allow_pickle=False) as weights:
        assert set(weights.files) == set(contents.weights)


def test_a_failed_write_leaves_the_old_file_and_no_debris(tmp_path: Path) -> None:
    path = tmp_path / "policy.alam"
    write_policy(path, sample_policy())
    before = path.read_bytes()
    broken = sample_policy()
    broken.weights["actor.0.bias"][0] = np.nan  # type: ignore[index]
    with pytest.raises(PolicyFileError, match=r"finite `actor\.0\.bias`"):
        write_policy(path, broken)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_absent_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyFileError, match="absent"):
        write_policy(tmp_path / "absent" / "policy.alam", sample_policy())
    with pytest.raises(PolicyFileError, match="absent"):
        read_policy(tmp_path / "absent" / "policy.alam")
