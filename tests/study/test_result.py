from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alam_ros.errors import StudyError
from alam_ros.study.result import RunResult, read_result, write_result
from tests.study.support import make_result


def test_a_result_survives_its_file(tmp_path: Path) -> None:
    result = make_result("sac", 0)
    write_result(tmp_path / "new" / "sac-0.json", result.to_json())
    assert read_result(tmp_path / "new" / "sac-0.json") == result


def test_numbers_are_rounded_where_they_were_measured_and_nowhere_else() -> None:
    result = make_result("sac", 0, episode_return=1 / 3)
    configuration = {**result.configuration, "exact": 1 / 3}
    document = json.loads(replace(result, configuration=configuration).to_json())
    assert document["summary"]["return_mean"] == 0.3333333
    assert document["progress"][0]["evaluation"]["return_mean"] == 0.3333333
    assert document["configuration"]["exact"] == 1 / 3


def test_every_key_of_an_evaluation_along_the_way_is_kept() -> None:
    result = make_result("sac", 0)
    rows = ({"steps": 1, "evaluation": {"probe_oscillation": 0.25, "unknown": math.nan}, "learner": {"anything": 1.5}},)
    document = json.loads(replace(result, progress=rows).to_json())
    assert document["progress"] == [
        {"steps": 1, "evaluation": {"probe_oscillation": 0.25, "unknown": None}, "learner": {"anything": 1.5}}
    ]


def test_an_infinite_limit_in_a_configuration_stays_plain_json() -> None:
    def refuse(constant: str) -> Any:
        raise AssertionError(constant)

    result = make_result("sac", 0)
    data = replace(result, configuration={"limit": math.inf}).to_json()
    assert json.loads(data, parse_constant=refuse)["configuration"] == {"limit": "inf"}


def test_no_file_is_no_result(tmp_path: Path) -> None:
    assert read_result(tmp_path / "nothing.json") is None


@pytest.mark.parametrize("damage", [b"", b"<<<<<<< ours\n", b"[]", b'{"schema": 1}'])
def test_a_damaged_file_is_named(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "sac-0.json"
    path.write_bytes(damage)
    with pytest.raises(StudyError, match=r"sac-0\.json.*restore or delete the file"):
        read_result(path)


def test_another_schema_is_refused() -> None:
    data = make_result("sac", 0).to_json().replace(b'"schema": 1', b'"schema": 2')
    with pytest.raises(StudyError, match="schema 2"):
        RunResult.from_json(data, "here")


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StudyError, match="to be writable"):
        write_result(tmp_path / "file" / "sac-0.json", b"{}")


def test_what_killed_writers_left_is_cleared_away(tmp_path: Path) -> None:
    others = tmp_path / ".sac-1.json.42.tmp"
    others.touch()
    (tmp_path / ".sac-0.json.42.tmp").write_bytes(b"half")
    write_result(tmp_path / "sac-0.json", b"{}")
    assert sorted(tmp_path.iterdir()) == [others, tmp_path / "sac-0.json"]
