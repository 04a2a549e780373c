"""Writers are told apart by the numbers that they give their messages."""

from __future__ import annotations

import pytest

from alam_ros.nodes.writer_watch import REMEMBERED_S, WriterWatch


def watch(*numbers: int | None) -> WriterWatch:
    found = WriterWatch()
    for at, number in enumerate(numbers):
        found.note(number, 0.1 * at)
    return found


def test_one_writer_is_one_though_messages_are_lost() -> None:
    assert watch(1, 2, 3, 7, 8, 100).are_several(1.0) is False


def test_where_nothing_came_there_are_no_several_writers() -> None:
    assert WriterWatch().are_several(1.0) is False


@pytest.mark.parametrize("numbers", [(1000, 1), (5, 5), (3, 900, 4)], ids=["later", "as old", "older"])
def test_numbers_that_go_back_are_of_several(numbers: tuple[int, ...]) -> None:
    assert watch(*numbers).are_several(1.0) is True


def test_a_writer_that_began_anew_is_one_after_a_while() -> None:
    restarted = watch(1000, 1)
    for step in range(1, 300):
        restarted.note(1 + step, 0.1 + 0.1 * step)
    assert restarted.are_several(0.1 + 0.9 * REMEMBERED_S) is True
    assert restarted.are_several(0.1 + 1.1 * REMEMBERED_S) is False


def test_when_one_leaves_the_rest_is_looked_at_anew() -> None:
    several = watch(1000, 1)
    several.recount(3)
    assert several.are_several(1.0) is True
    several.recount(2)
    assert several.are_several(1.0) is False
    several.note(1001, 1.0)
    several.note(2, 1.1)
    assert several.are_several(1.2) is True


def test_without_numbers_nobody_knows() -> None:
    assert watch(None, None).are_several(1.0) is None
