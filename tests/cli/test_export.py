"""`alam export` says what a robot will stumble over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from alam_ros.cli.main import main
from tests.support.policies import write_sample_policy


@pytest.mark.parametrize(("novelty", "is_told"), [((-1.0, 1.0), False), ((0.25, 0.25), True)])
def test_what_never_varied_in_training_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    novelty: tuple[float, float],
    is_told: bool,
) -> None:
    def export(_run: Any, output: Path, _make: Any) -> None:
        write_sample_policy(output, novelty=novelty)

    monkeypatch.setattr("alam_ros.cli.export.export", export)
    output = tmp_path / "policy.alam"
    assert main(["export", str(tmp_path), "--output", str(output)]) == 0
    said = capsys.readouterr()
    assert said.out == f"{output}\n"
    assert said.err.startswith("note: never varied in training: the channel `scan`, element 0") is is_told
