"""`alam gate-study` on the policy that comes with the package."""

from __future__ import annotations

import json

import pytest

from alam_ros.cli.main import main
from alam_ros.resources import shipped_policy


def test_every_gate_drives_the_same_maps(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gate-study", str(shipped_policy("navigation")), "--drives", "2", "--steps", "60", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["gate"] for row in rows] == ["no gate", "every high risk restricts", "only where rest helps"]
    assert rows[0]["restricted_share"] == 0.0
    assert rows[1]["restricted_share"] > rows[2]["restricted_share"] >= 0.0
