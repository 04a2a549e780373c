"""`alam gate-study` on the policy that comes with the package."""

from __future__ import annotations

import json

import gymnasium
import pytest

from alam_ros.cli.main import main
from alam_ros.resources import shipped_policy

POLICY = str(shipped_policy("navigation"))


def rows(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, dict[str, float]]:
    assert main(["gate-study", POLICY, "--json", *options]) == 0
    return {row["gate"]: row for row in json.loads(capsys.readouterr().out)["rows"]}


def test_every_gate_drives_the_policys_maps(capsys: pytest.CaptureFixture[str]) -> None:
    found = rows(capsys, "--drives", "4", "--steps", "150", "--commander", "policy")
    assert list(found) == ["no gate", "every high risk restricts", "only where rest helps"]
    assert found["no gate"]["restricted_share"] == 0.0
    assert found["every high risk restricts"]["restricted_share"] > found["only where rest helps"]["restricted_share"] >= 0.0


def test_the_default_response_keeps_a_careless_commander_from_most_violations(capsys: pytest.CaptureFixture[str]) -> None:
    found = rows(capsys, "--drives", "6")
    assert list(found) == ["no gate", "stop", "scale", "scale_or_policy", "policy"]
    assert found["no gate"]["cost"][0] > 50.0
    assert found["policy"]["violations_removed"] >= 0.9
    assert found["policy"]["progress_kept"] >= 0.6
    assert found["stop"]["fallback_share"] == found["scale"]["fallback_share"] == 0.0 < found["policy"]["fallback_share"]


def test_a_commander_that_is_no_policy_file_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gate-study", POLICY, "--commander", "nobody"]) == 2
    assert "nobody" in capsys.readouterr().err


def test_a_drive_ends_where_the_task_ends(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Ends(gymnasium.Wrapper):  # type: ignore[type-arg]
        steps = 0

        def step(self, action: object) -> tuple[object, float, bool, bool, dict[str, object]]:
            self.steps += 1
            observation, _, _, _, _ = self.env.step(action)
            return observation, 1.0, self.steps == 10, False, {"cost": 1.0}

    make = gymnasium.make
    monkeypatch.setattr(gymnasium, "make", lambda *arguments, **options: Ends(make(*arguments, **options)))
    found = rows(capsys, "--drives", "2", "--steps", "30")
    assert found["no gate"]["return"] == found["no gate"]["cost"] == [10.0, 0.0]
    assert found["stop"]["restricted_share"] <= 1.0
