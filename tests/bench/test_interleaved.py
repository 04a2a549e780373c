"""Work is measured in processes of its own, in turns; whatever ends one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from alam_ros.bench import interleaved
from alam_ros.bench.interleaved import Work, measure, running
from alam_ros.errors import BenchmarkError

SMALL, LARGE = (Work("matrix_product", {"batch": size, "width": size}) for size in (32, 256))


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interleaved, "BLOCK_S", 0.01)


def test_every_work_is_measured_in_every_round_and_larger_work_takes_longer() -> None:
    measured = measure({"small": SMALL, "large": LARGE}, rounds=3)
    assert {name: len(seconds) for name, seconds in measured.seconds.items()} == {"small": 3, "large": 3}
    assert measured.facts["large"]["flop"] == 2 * 256**3
    assert 0.0 < max(measured.seconds["small"]) < min(measured.seconds["large"])


def test_every_start_adds_its_rounds() -> None:
    assert len(measure({"small": SMALL}, rounds=2, starts=3).seconds["small"]) == 6


def test_what_a_work_says_on_its_last_line_is_in_the_error() -> None:
    with pytest.raises(BenchmarkError, match=r"an answer of `matrix_product`.*status 1.*unexpected keyword.*height"):
        measure({"wrong": Work("matrix_product", {"height": 3})}, rounds=1)


def test_a_work_that_ends_between_two_blocks_is_noticed() -> None:
    with running(SMALL) as worker:
        worker._process.kill()
        with pytest.raises(BenchmarkError, match=r"status -9: silent"):
            worker.block()


def test_processes_end_with_their_block() -> None:
    with running(SMALL) as worker:
        process = worker._process
        assert process.poll() is None
    assert process.poll() is not None


def test_printing_does_not_disturb_the_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "serve.py").write_text((interleaved.FOLDER / "serve.py").read_text())
    (tmp_path / "talkative.py").write_text(
        "def make():\n    print('hello')\n    return (lambda count: print(count)), {'said': 1}\n"
    )
    monkeypatch.setattr(interleaved, "FOLDER", tmp_path)
    with running(Work("talkative")) as worker:
        assert worker.facts == {"said": 1}
        assert worker.block() >= 0.0
