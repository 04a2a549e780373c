"""`alam bench cuda`: the measurement on the processor, where the same code runs without graphs, and what is shown of it."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
import torch

from alam_ros.bench import cuda as bench
from alam_ros.bench import interleaved
from alam_ros.bench.sizes import Sizes
from alam_ros.bench.text import cuda_text
from alam_ros.cli.main import main

SMALL = Sizes(observation=5, action=2, hidden=(16, 16), batch=32, transitions=500)


def test_every_point_is_measured_and_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, value in ((interleaved, "BLOCK_S", 0.01), (bench, "BLOCK", 20), (bench, "PRODUCTS", 5)):
        monkeypatch.setattr(module, name, value)
    told: list[str] = []
    found = bench.cuda(SMALL, torch.device("cpu"), rounds=2, learners=(1, 3), report=told.append)
    assert found.name == "cpu"
    assert [point.learners for point in found.points] == [1, 3]
    assert told == ["one core", "1 learners", "3 learners"]
    for point in found.points:
        assert point.total_per_s == pytest.approx(point.learners * point.updates_per_s.median)
        assert point.share == pytest.approx(point.total_per_s / point.limit_per_s)
        assert point.cpu_ratio == pytest.approx(point.total_per_s / found.cpu_per_s.median)
        assert min(point.uncaptured_per_s, point.share) > 0.0
    assert json.loads(json.dumps(asdict(found)))["points"][1]["learners"] == 3
    table = cuda_text(found).splitlines()
    assert "cpu, 5 observations, 2 actions, hidden layers 16 × 16, batch 32" in table[0]
    assert f"{found.points[1].total_per_s:,.0f}" in table[-1]


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is here")
def test_without_a_gpu_the_command_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "cuda"]) != 0
    assert "a CUDA device" in capsys.readouterr().err
