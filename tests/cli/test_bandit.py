from __future__ import annotations

import json
from pathlib import Path

import pytest

from alam_ros.cli.main import main
from alam_ros.learning.bandit import VARIANTS


def test_every_variant_is_reported_at_every_rate_and_seed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bandit", "--seeds", "1", "--steps", "400", "--learning-rates", "1e-3", "3e-3", "--json"]) == 0
    results = json.loads(capsys.readouterr().out)["results"]
    found = [(result["variant"], result["learning_rate"], result["seed"]) for result in results]
    assert found == [(variant, rate, 0) for variant in VARIANTS for rate in (1e-3, 3e-3)]
    assert all(result["violation"] >= 0 < result["state_error"] for result in results)


def test_a_figure_is_drawn_where_it_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figure = tmp_path / "bandit.png"
    assert main(["bandit", "--seeds", "1", "--steps", "400", "--learning-rates", "1e-3", "--figure", str(figure)]) == 0
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert len(capsys.readouterr().out.splitlines()) == 1 + len(VARIANTS)


def test_what_cannot_be_run_is_refused_before_anything_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bandit", "--steps", "3"]) == 2
    with pytest.raises(SystemExit):
        main(["bandit", "--learning-rates", "0"])
    assert not capsys.readouterr().out


def test_what_diverged_is_null_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bandit", "--seeds", "1", "--steps", "400", "--learning-rates", "1e20", "--json"]) == 0
    output = capsys.readouterr().out
    assert "NaN" not in output
    assert any(result["mean_error"] is None for result in json.loads(output)["results"])
