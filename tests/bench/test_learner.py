"""`alam bench learner` end to end, with few rounds and, but for one test, without peers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from alam_ros.bench import growth, interleaved
from alam_ros.bench.interleaved import Measurement
from alam_ros.bench.sizes import Sizes
from alam_ros.bench.spread import paired, spread
from alam_ros.bench.update_cost import LIMITS, OMNISAFE, PRODUCT, STABLE_BASELINES3, share_of_sgemm, update_cost
from alam_ros.cli.bench import PEERS
from alam_ros.cli.main import main

SMALL = Sizes(observation=5, action=2, hidden=(16, 16), batch=32, transitions=500)
ABSENT = ["--no-peers"]


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interleaved, "BLOCK_S", 0.01)


def test_one_document_has_cost_share_rate_and_growth(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, sizes in {"TRANSITIONS": (500, 5000), "WIDTHS": (16, 128), "BATCHES": (8,)}.items():
        monkeypatch.setattr(growth, name, sizes)
    options = [
        "--rounds",
        "2",
        "--starts",
        "1",
        "--growth-rounds",
        "1",
        "--json",
        "--figure",
        str(tmp_path / "limit.png"),
        *ABSENT,
    ]
    assert main(["bench", "learner", *options]) == 0
    document = json.loads(capsys.readouterr().out)
    for member in ("sac_alam", "sac"):
        found = document["learners"][member]
        assert found["cpu_ms"]["low"] <= found["cpu_ms"]["median"] <= found["cpu_ms"]["high"]
        assert 0.0 < found["share_of_sgemm"]["median"] < 1.5
        assert found["mflop"] > 0
        assert found["product_gflop_per_s"]["median"] > 0
        assert 0.0 < found["share_of_products"]["median"] < 1.5
        assert 0.0 < found["share_in_sequence"]["median"] < 1.5
    assert document["ratios"] == {}
    assert [row["transitions"] for row in document["growth"]["replay"]] == [500, 5000]
    assert document["growth"]["replay"][1]["row_megabytes"] == pytest.approx(5000 * 125 * 4 / 1e6)
    assert [point["size"] for point in document["growth"]["width"]] == [16, 128]
    assert document["growth"]["width"][0]["limit_per_s"]["median"] > document["growth"]["width"][1]["limit_per_s"]["median"]
    assert (tmp_path / "limit.png").read_bytes().startswith(b"\x89PNG")


def test_tables_say_when_the_peers_are_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "learner", "--rounds", "1", "--starts", "1", "--no-growth", *ABSENT]) == 0
    printed = capsys.readouterr().out
    assert "| sac_alam |" in printed
    assert "`make bench`" in printed


def test_peers_take_part_and_every_limit_has_its_ratio() -> None:
    if not PEERS.is_file():
        pytest.skip("the peers' environment is not installed (`make bench` does it)")
    found = update_cost(SMALL, 1, PEERS)
    assert set(found.ratios) == {f"{ours} / {peer}" for ours, peer in LIMITS}
    assert {name for name, cost in found.learners.items() if cost.mflop is None} == {STABLE_BASELINES3, OMNISAFE}
    assert found.versions[OMNISAFE]["torch"] == found.versions[STABLE_BASELINES3]["torch"]


def test_the_share_is_the_time_its_operations_would_take_at_the_products_rate() -> None:
    facts = {"sac": {"flop": 600}, PRODUCT: {"flop": 100}}
    measured = Measurement(facts, {"sac": [8.0, 16.0], PRODUCT: [1.0, 2.0]})
    assert share_of_sgemm(measured, "sac").median == 600 / 8.0 / (100 / 1.0)


def test_a_ratio_is_taken_within_each_round() -> None:
    found = paired(lambda a, b: a / b, [1.0, 10.0, 3.0], [2.0, 20.0, 4.0])
    assert (found.low, found.median, found.high) == (0.5, 0.5, 0.625)
    assert spread([3.0, 1.0, 2.0]).median == 2.0


def test_large_figures_are_written_out() -> None:
    assert str(spread([999.7, 12345.0, 0.12345])) == "1,000 (500 to 6,672)"
