"""A short drive in the real simulator, written down in the recorder's format, with faults at known moments."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from alam_ros.contract import OdometrySample, PoseSample
from alam_ros.contract.rotation import yaw
from alam_ros.demo.world import navigation_map
from alam_ros.report.directory import DemoDirectory, write_json
from alam_sim.navigation.environment import NavigationEnv

PERIOD = 0.1
CRUISE_STEPS = 30
SEED = 3
POLICY_LATENCY, GATE_LATENCY = 0.003, 0.012
ZERO_AFTER = 0.5
EARLIER = 1000.0
"""Monotonic clocks do not begin at 0."""


def write_drive(directory: DemoDirectory) -> None:
    """Drive straight on, kill the policy, wait for rest."""
    directory.drive.mkdir(parents=True)
    rows: list[dict[str, Any]] = []
    environment = NavigationEnv()
    _, info = environment.reset(seed=SEED)
    killed = EARLIER + CRUISE_STEPS * PERIOD + 0.01

    def write(topic: str, received: float, stamp: float | None, **numbers: Any) -> None:
        rows.append({"topic": topic, "received": received, "stamp": stamp, **numbers})

    write("recorder", EARLIER - 1.0, None)
    for step in range(CRUISE_STEPS + 25):
        now, stamp = EARLIER + step * PERIOD, 2.0 + step * PERIOD
        odometry, goal = info["samples"]["odom"], info["samples"]["goal"]
        assert isinstance(odometry, OdometrySample)
        assert isinstance(goal, PoseSample)
        x, y, _ = odometry.position
        write("clock", now, None, time=stamp)
        write("odom", now, stamp, x=x, y=y, yaw=yaw(odometry.orientation), speed=odometry.linear[0], turn_rate=0.0)
        write("simulator/cost", now, None, value=info["cost"])
        write("simulator/clearance", now, None, value=info["clearance"])
        if step == 0:
            write("goal", now, stamp, x=goal.position[0], y=goal.position[1])
        is_alive, speed = now < killed, 0.3 if now < killed + ZERO_AFTER - PERIOD else 0.0
        if is_alive:
            write("cmd_in", now + POLICY_LATENCY, stamp, speed=0.3, turn_rate=0.0)
            write("alam/risk", now + POLICY_LATENCY, stamp, probability=0.05 * (step % 10), horizon=1.0, inference_time=1e-4)
        state, causes = ("PASS", []) if speed else ("STOP", ["command_stale"])
        write("alam/gate", now + GATE_LATENCY, stamp, state=state, causes=causes, processing_time=1e-5)
        if is_alive or speed:
            write("cmd_out", now + GATE_LATENCY, stamp, speed=speed, turn_rate=0.0)
        _, _, _, _, info = environment.step(np.array([speed / 0.6, 0.0], np.float32))
    write("cmd_out", killed + ZERO_AFTER, 99.0, speed=0.0, turn_rate=0.0)
    environment.close()
    directory.recording.write_text("".join(json.dumps(row) + "\n" for row in rows))
    facts = {
        "moved_off": EARLIER,
        "map": navigation_map("alam/Navigation-v0", SEED),
        "thresholds": {"caution": 0.2, "danger": 0.5},
        "commands": {"policy": "python -m alam_ros.nodes.policy_node"},
        "faults": [{"victim": "policy", "killed": killed, "signal": "SIGKILL"}],
    }
    write_json(directory.drive_facts, facts)
