"""The garbage collector looks at what came since the last transition only, and never by itself."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

pytest.importorskip("rclpy", reason="nodes need the packages of `make`")

from alam_ros.nodes import garbage
from alam_ros.nodes.garbage import GarbageCollection, set_aside


class Cycle:
    """Garbage that only the collector finds."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


def test_where_collection_is_automatic_nothing_is_set_aside() -> None:
    before = gc.get_freeze_count()  # Python 3.12 begins with some
    set_aside()
    assert gc.get_freeze_count() == before


def test_garbage_is_collected_when_it_is_due_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(garbage.time, "monotonic", lambda: now)
    collection = GarbageCollection()
    assert not gc.isenabled()
    assert gc.get_freeze_count() > 1000
    left = weakref.ref(Cycle())
    collection.run_if_due()
    assert left() is not None
    now += garbage.PERIOD_S
    collection.run_if_due()
    assert left() is None
    again = weakref.ref(Cycle())
    collection.run_if_due()
    assert again() is not None


def test_what_a_transition_left_is_set_aside_without_its_garbage() -> None:
    GarbageCollection()
    before, kept, left = gc.get_freeze_count(), [[number] for number in range(500)], weakref.ref(Cycle())
    set_aside()
    assert left() is None
    assert gc.get_freeze_count() >= before + len(kept)
