"""`alam bench ros` end to end: real processes over real DDS, for moments only."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from alam_ros.cli import bench_ros
from alam_ros.cli.main import main
from alam_ros.demo.drive import missing_packages

pytestmark = pytest.mark.skipif(bool(missing_packages()), reason="ROS 2 needs the packages of `make`")
TINY = ["--turns", "1", "--turn", "0.5", "--settle", "0.7", "--rate", "50", "--calls", "20", "--json"]


def document(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    assert main(["bench", "ros", *options]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_every_node_is_measured_beside_a_bare_one_and_the_networks_by_themselves(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, *TINY, "--executor", "events")
    assert [(one["role"], one["answer"]) for one in found["latency"]] == [
        ("policy", "alam/risk"),
        ("policy", "policy/action"),
        ("monitor", "cmd_vel"),
        ("judge", "cmd_out"),
    ]
    for one in found["latency"]:
        for side in ("ours", "echo"):
            latency = one[side]
            assert latency["questions"] == 25
            assert latency["answers"] >= 20, one
            assert 0.0 < latency["median"]["median"] <= latency["p99"] <= latency["p99_9"] <= latency["worst"]
            assert latency["cpu_percent"] > 0.0
        assert math.isfinite(one["added_median"]["median"])
        assert one["missed_alone"] is None
    assert found["inference"].keys() == {"networks", "with_risk_network", "estimate", "judgement"}
    for times in found["inference"].values():
        assert 0.0 < times["back_to_back"]["median_us"] <= times["back_to_back"]["p99_us"]
    assert found["inference"]["networks"]["peak_bytes"] < 4096
    assert found["machine"]["processor"]


def test_under_load_both_are_asked_in_each_period(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_ros, "MINUTE_S", 1.0)
    found = document(capsys, "--json", "--loaded", "--minutes", "1", "--node", "monitor", "--executor", "single_threaded")
    (one,) = found["latency"]
    assert (one["rate"], one["executor"], one["ours"]["questions"], one["echo"]["questions"]) == (
        100.0,
        "single_threaded",
        100,
        100,
    )
    assert one["missed_alone"] <= one["ours"]["missed"]
    assert one["ours"]["answers"] > 0
    assert found["inference"] is None
