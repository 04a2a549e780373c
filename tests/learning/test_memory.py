"""Tensors side by side in mappings of their own keep what is written, as long as they live."""

from __future__ import annotations

import gc
from pathlib import Path

import torch

from alam_ros.learning.memory import CHUNK, HUGE_PAGE, LINE, Memory
from tests.support.learners import default_dtype


def test_neighbours_keep_what_is_written_into_each() -> None:
    memory = Memory()
    parts = [memory.empty(size, 3).fill_(size) for size in range(1, 40)]
    assert all((part == size).all() for size, part in enumerate(parts, start=1))
    assert all(part.data_ptr() % LINE == 0 for part in parts)


def test_a_tensor_outlives_the_chunk_being_filled_and_the_memory_itself() -> None:
    memory = Memory()
    first = memory.empty(100).fill_(7.0)
    for _ in range(3):
        memory.empty(CHUNK // 4).zero_()
    del memory
    gc.collect()
    assert (first == 7.0).all()


def test_what_exceeds_a_chunk_has_one_of_its_own_that_begins_with_a_huge_page() -> None:
    large = Memory().empty(CHUNK // 4 + 1).zero_()
    assert large.data_ptr() % HUGE_PAGE == 0
    assert large.sum() == 0.0


def test_types_follow_torchs_default_unless_one_is_given() -> None:
    memory = Memory()
    with default_dtype(torch.float64):
        assert memory.empty(5).dtype == torch.float64
        single = memory.empty(5, dtype=torch.float32)
        assert single.dtype == memory.zeros_like(single).dtype == torch.float32


def test_environments_in_other_processes_do_not_share_it() -> None:
    tensor = Memory().empty(10)
    for line in Path("/proc/self/maps").read_text().splitlines():
        bounds, permissions = line.split()[:2]
        start, end = (int(bound, 16) for bound in bounds.split("-"))
        if start <= tensor.data_ptr() < end:
            assert permissions == "rw-p"
            return
    raise AssertionError("the tensor is in none of this process's mappings")
