from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from alam_ros.report.directory import DemoDirectory, read_json
from alam_ros.report.drive_data import DriveData
from alam_ros.report.recording import RecordingTail, read_recording
from tests.report.drives import CRUISE_STEPS, GATE_LATENCY, PERIOD, POLICY_LATENCY, ZERO_AFTER, write_drive


@pytest.fixture
def directory(tmp_path: Path) -> DemoDirectory:
    directory = DemoDirectory(tmp_path)
    write_drive(directory)
    return directory


@pytest.fixture
def drive(directory: DemoDirectory) -> DriveData:
    drive = DriveData.load(directory)
    assert drive is not None
    return drive


def test_fault_is_timed_from_the_kill(drive: DriveData) -> None:
    (fault,) = drive.faults()
    assert fault.zero_command == pytest.approx(ZERO_AFTER)
    assert fault.moment == pytest.approx(CRUISE_STEPS * PERIOD + 0.01)
    assert fault.speed == pytest.approx(0.3, abs=0.05)
    # The base slows down at 1.5 m/s² once it is told to, and covers no more than its speed allows until then.
    assert ZERO_AFTER < fault.rest < ZERO_AFTER + 1.0
    assert 0.0 < fault.distance < 0.3 * fault.rest + 0.05


def test_rest_that_was_not_recorded_is_unknown(directory: DemoDirectory) -> None:
    lines = directory.recording.read_text().splitlines(keepends=True)
    killed = read_json(directory.drive_facts)["faults"][0]["killed"]
    directory.recording.write_text("".join(line for line in lines if json.loads(line)["received"] < killed + 0.2))
    drive = DriveData.load(directory)
    assert drive is not None
    (fault,) = drive.faults()
    assert np.isnan([fault.zero_command, fault.rest, fault.distance]).all()


def test_latency_pairs_commands_with_their_observation(drive: DriveData) -> None:
    assert drive.latencies("cmd_in") == pytest.approx(np.full(CRUISE_STEPS + 1, POLICY_LATENCY))
    assert drive.latencies("cmd_out")[:CRUISE_STEPS] == pytest.approx(np.full(CRUISE_STEPS, GATE_LATENCY))


def test_path_has_the_risk_of_its_own_stamp(drive: DriveData) -> None:
    risk = drive.risk_along_path()
    assert risk[13] == pytest.approx(0.15)
    assert np.isnan(risk[-1])


def test_drive_without_motion_is_none(directory: DemoDirectory) -> None:
    lines = directory.recording.read_text().splitlines(keepends=True)
    directory.recording.write_text("".join(line for line in lines if '"odom"' not in line))
    assert DriveData.load(directory) is None


def test_torn_line_is_read_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "recording.jsonl"
    path.write_text('{"topic": "a", "received": 1.0}\n{"topic": "a", "rec')
    tail = RecordingTail(path)
    assert len(tail.read()) == 1
    with path.open("a") as stream:
        stream.write('eived": 2.0}\n')
    assert [row["received"] for row in tail.read()] == [2.0]
    assert tail.counts["a"] == len(read_recording(path)["a"]) == 2
