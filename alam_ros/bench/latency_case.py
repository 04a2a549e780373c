"""One of our nodes and a bare one, started as a user would start them, and the probe that asks both."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alam_ros.errors import BenchmarkError
from alam_ros.host.processes import ProcessGroup
from alam_ros.host.ros_domain import environment_in, unused_domain
from alam_ros.policy_file import PolicyContents, read_policy, write_policy
from alam_ros.resources import config_path

START_TIMEOUT_S = 60.0
BUSY = "while True: pass"
EXECUTORS = ("events", "single_threaded")
"""Values of the nodes' parameter `executor`, their default first."""


@dataclass(frozen=True)
class Subject:
    """One of our nodes.

    Attributes:
        module: in `alam_ros.nodes`.
        node: its name.
        parameters: file in `config/`, as the launch files give it.
    """

    module: str
    node: str
    parameters: str


SUBJECTS = {
    "policy": Subject("policy_node", "policy", "robot.yaml"),
    "monitor": Subject("safety_monitor_node", "safety_monitor", "robot.yaml"),
    "judge": Subject("safety_monitor_node", "safety_monitor", "monitor.yaml"),
}
"""Role → node. `judge` is the safety monitor that judges the commands itself."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is measured.

    Attributes:
        role: of `SUBJECTS`.
        executor: of both nodes.
        rate: questions a second, Hz.
        turns: of each side.
        turn_s: length of a turn, s.
        settle_s: of each turn, not counted.
        is_loaded: a busy process on each usable core meanwhile, and both sides asked in every period.
        realtime_priority: of our node; the probe has the next higher one, the bare node none. 0 for none at all.
    """

    role: str
    executor: str
    rate: float
    turns: int
    turn_s: float
    settle_s: float
    is_loaded: bool = False
    realtime_priority: int = 0

    def plan(self) -> dict[str, object]:
        """Return the probe's plan."""
        names = ("rate", "turns", "turn_s", "settle_s")
        return {**{name: getattr(self, name) for name in names}, "is_side_by_side": self.is_loaded}


def measure(case: Case, policy: Path, folder: Path) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """Measure and return each side's turns, as `alam_ros.nodes.latency.asked_side.Turn` has them.

    Args:
        case: what.
        policy: file by which the nodes work; copied with a control period of 1 / rate, so that every observation is answered.
        folder: for logs.

    Raises:
        ProcessError: when a node cannot be started.
        BenchmarkError: when the probe fails.
    """
    policy = with_period(policy, 1.0 / case.rate, folder / "policy.alam")
    subject, executor = SUBJECTS[case.role], {"executor": case.executor}
    priority = case.realtime_priority
    parameters = {"policy": policy, "realtime_priority": priority, **executor}
    ours = _node(subject.module, "ours", parameters, config_path(subject.parameters))
    echo = _node("latency.echo_node", "echo", {"policy": policy, "role": case.role, **executor})
    environment = environment_in(unused_domain(), folder)
    with ProcessGroup(folder, environment) as group:
        processes = {"ours": group.start("ours", ours).process_id, "echo": group.start("echo", echo).process_id}
        group.run("bring_up", [sys.executable, "-m", "alam_ros.nodes.bring_up", f"/ours/{subject.node}"], START_TIMEOUT_S)
        for number in range(len(os.sched_getaffinity(0)) if case.is_loaded else 0):
            group.start(f"busy_{number}", [sys.executable, "-c", BUSY])
        settings: dict[str, object] = {"policy": str(policy), "role": case.role, "plan": case.plan(), "processes": processes}
        settings["priority"] = priority + 1 if priority else 0
        found: Mapping[str, Sequence[Mapping[str, Any]]] = _probe(settings, environment, folder)
        return found


def with_period(policy: Path, period: float, copy: Path) -> Path:
    """Write a policy file with another control period (s) and return its path.

    Raises:
        PolicyFileError: when the file cannot be read, or the copy not be written.
    """
    contents = read_policy(policy)
    manifest = dict(contents.manifest)
    manifest["contract"] = {**manifest["contract"], "control_period": period}
    copy.parent.mkdir(parents=True, exist_ok=True)
    write_policy(copy, PolicyContents(manifest, contents.weights))
    return copy


def _probe(settings: Mapping[str, object], environment: Mapping[str, str], folder: Path) -> Any:
    command = [sys.executable, "-m", "alam_ros.nodes.latency.probe", json.dumps(settings)]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if found.returncode:
        last = found.stderr.strip().splitlines()[-1:]
        raise BenchmarkError("the probe to measure", f"status {found.returncode}: {' '.join(last)}", f"see the logs in {folder}")
    return json.loads(found.stdout)


def _node(module: str, namespace: str, parameters: Mapping[str, object], file: Path | None = None) -> list[str]:
    command = [sys.executable, "-m", f"alam_ros.nodes.{module}", "--ros-args", "-r", f"__ns:=/{namespace}"]
    command += ["--params-file", str(file)] if file is not None else []
    for name, value in parameters.items():
        command += ["-p", f"{name}:={value}"]
    return command
