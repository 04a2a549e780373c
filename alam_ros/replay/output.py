"""What a replay leaves: a recording of risk and gate, a JSON document and a page."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from alam_ros.bags.writer import BagWriter, new_message
from alam_ros.onboard.gate_state import state_fields
from alam_ros.onboard.stamps import SECOND_NS
from alam_ros.replay.drive import Replay
from alam_ros.replay.recorded_ticks import RISK_TOPIC, RISK_TYPE
from alam_ros.typed import finite, to_mapping

STATE_TOPIC = "alam/gate"


def write_bag(replay: Replay, folder: Path) -> Path:
    """Write the replayed estimates and the states that the gate reports; return the path of the MCAP file.

    Raises:
        BagError: when the folder exists already.
    """
    settings = replay.settings
    with BagWriter(folder) as bag:
        bag.declare(settings.topic(RISK_TOPIC), RISK_TYPE)
        bag.declare(settings.topic(STATE_TOPIC), "alam_ros/msg/GateState")
        entries = sorted([*_estimates(replay), *_states(replay)], key=lambda entry: entry[0])
        for received_ns, topic, message in entries:
            bag.write(settings.topic(topic), message, received_ns)
    return bag.file


def document(replay: Replay) -> dict[str, Any]:
    """Return everything a replay found, for JSON."""
    settings, gate, drives, hazard = replay.settings, replay.gate, replay.drives, replay.hazard
    return {
        "recording": str(settings.recording),
        "policy": str(settings.policy),
        "policy_id": replay.policy.answers[0].estimate.policy_id,
        "estimates": len(replay.policy.answers),
        "refused": dict(replay.policy.refused),
        "gate": {
            "ticks": len(gate.rows),
            "is_traced": gate.is_traced,
            "notes": gate.notes,
            "states": dict(Counter(gate.states)),
            "states_of_drive": None if drives is None else dict(Counter(drives.states)),
            "ticks_in_other_states": replay.changed_ticks,
        },
        "hazard": None if hazard is None else {"source": hazard.source, "windows": len(hazard.windows)},
        "numbers": to_mapping(replay.numbers),
        "calibration": finite(to_mapping(replay.calibration)),
    }


def write_document(replay: Replay, path: Path) -> None:
    """Write `document` as JSON."""
    path.write_text(json.dumps(document(replay), indent=1, allow_nan=False), encoding="utf-8")


def _estimates(replay: Replay) -> Iterator[tuple[int, str, Any]]:
    for answer in replay.policy.answers:
        header = _header(answer.estimate.stamp_ns, replay.contract.action.frame)
        fields = answer.estimate.fields() | {"action": np.asarray(answer.estimate.action)}
        yield answer.received_ns, RISK_TOPIC, new_message(RISK_TYPE, header=header, **fields)


def _states(replay: Replay) -> Iterator[tuple[int, str, Any]]:
    for row in replay.gate.rows:
        if row.tick.is_reported:
            header = _header(row.stamp_ns, replay.contract.action.frame)
            fields = state_fields(row.tick.decision, float("nan"))
            yield row.received_ns, STATE_TOPIC, new_message("alam_ros/msg/GateState", header=header, **fields)


def _header(stamp_ns: int, frame: str) -> Any:
    sec, nanosec = divmod(max(stamp_ns, 0), SECOND_NS)
    stamp = new_message("builtin_interfaces/msg/Time", sec=sec, nanosec=nanosec)
    return new_message("std_msgs/msg/Header", stamp=stamp, frame_id=frame)
