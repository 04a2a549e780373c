"""The drive: simulator, policy and safety monitor as processes over DDS, then faults injected on purpose."""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from alam_ros.contract import Contract
from alam_ros.demo.console import Console
from alam_ros.demo.world import navigation_map
from alam_ros.host.processes import ChildProcess, ProcessGroup
from alam_ros.host.ros_domain import environment_in, unused_domain
from alam_ros.report.directory import DemoDirectory, write_json
from alam_ros.report.drive_data import REST_SPEED
from alam_ros.report.recording import RecordingTail, Row
from alam_ros.resources import config_path

START_TIMEOUT_S = 60.0
REST_TIMEOUT_S = 10.0
BRISK = (0.2, 0.8)
"""m/s that the robot has exceeded, and s for how long, when a fault is worth showing ..."""
BRISK_TIMEOUT_S = 20.0
MOVING = (0.06, 0.2)
"""... or, where it does not become that fast in this time, when it moves at all."""
MOVING_TIMEOUT_S = 60.0
SETTLED_S = 1.0
"""s at rest before the next fault: longer than the report asks for, so that it finds the rest."""
PARAMETERS = "simulation.yaml"
"""The nodes' parameters, those of `ros2 launch alam_ros simulation.launch.py`."""
ODOMETRY, COMMANDS = ("odom", "nav_msgs/msg/Odometry"), ("cmd_vel", "geometry_msgs/msg/TwistStamped")
"""Topic and type of what a base measures and takes."""
NODES = ("safety_monitor", "policy")
"""In the order in which they are brought to work."""


@dataclass(frozen=True, kw_only=True)
class DriveOptions:
    """What is driven.

    Attributes:
        environment: id of the simulated task.
        policy: file that drives.
        seed: of the map.
        duration: s of simulated time before the first fault.
    """

    environment: str
    policy: Path
    seed: int
    duration: float


def missing_packages() -> tuple[str, ...]:
    """Return what of ROS 2 and of this package's messages this interpreter does not find."""
    return tuple(name for name in ("rclpy", "lifecycle_msgs", "rosgraph_msgs", "alam_ros.msg") if not _is_found(name))


def missing_interfaces(contract: Contract) -> tuple[str, ...]:
    """Return what of a mobile base, which the drive records and its faults are judged by, the contract does not have."""
    missing = []
    if ODOMETRY not in contract.topics():
        missing.append("{1} on `{0}`".format(*ODOMETRY))
    if (contract.action.topic, contract.action.type) != COMMANDS:
        missing.append("{1} on `{0}`".format(*COMMANDS))
    return tuple(missing)


def drive(options: DriveOptions, directory: DemoDirectory, console: Console, should_stop: Callable[[], bool]) -> dict[str, Any]:
    """Drive, kill the policy, start it anew, kill the monitor; everything is recorded.

    Returns:
        What was done and when, as it stands in `drive.json`.

    Raises:
        ProcessError: when a process ends, refuses to work, or the robot does not come to rest after a fault.
        KeyboardInterrupt: when told to stop.
    """
    directory.drive.mkdir(parents=True, exist_ok=True)
    for earlier in (directory.recording, directory.drive_facts):
        earlier.unlink(missing_ok=True)
    domain = unused_domain()
    facts: dict[str, Any] = {
        "environment": options.environment,
        "seed": options.seed,
        "policy": str(options.policy),
        "domain_id": domain,
        "duration": options.duration,
        "commands": {name: _display(command) for name, command in _commands(options, directory).items()},
        "map": navigation_map(options.environment, options.seed),
        "thresholds": _thresholds(),
        "faults": [],
    }
    environment = {**environment_in(domain, directory.logs), "OMP_NUM_THREADS": "1"}
    with ProcessGroup(directory.logs, environment, should_stop) as group:
        _Drive(group, options, directory, console, facts).run()
    return facts


class _Drive:
    """One drive, from start to the last fault."""

    def __init__(
        self, group: ProcessGroup, options: DriveOptions, directory: DemoDirectory, console: Console, facts: dict[str, Any]
    ) -> None:
        self._group = group
        self._options = options
        self._directory = directory
        self._console = console
        self._facts = facts
        self._commands = _commands(options, directory)
        self._tail = RecordingTail(directory.recording)

    def run(self) -> None:
        started = time.monotonic()
        children = {name: self._group.start(name, command) for name, command in self._commands.items()}
        self._bring_up(NODES)
        self._wait(lambda: abs(self._speed()) > REST_SPEED, "the robot to move off", START_TIMEOUT_S)
        self._console.detail(f"all nodes active after {time.monotonic() - started:.1f} s; the robot moves")
        begin = self._now()
        self._facts |= {"moved_off": time.monotonic(), "begin": begin}
        self._cruise(begin)
        self._facts["end"] = self._now()
        self._save()
        self._fault("policy", children["policy"])
        children["policy"] = self._group.start("policy", self._commands["policy"])
        self._bring_up(("policy",))
        self._fault("safety_monitor", children["safety_monitor"])

    def _cruise(self, begin: float) -> None:
        """Let it drive, with a line now and then."""
        duration, shown = self._options.duration, 0.0
        while self._now() - begin < duration:
            self._group.check()
            self._poll()
            if self._now() - begin >= shown + 10.0:
                shown += 10.0
                self._console.detail(self._status(shown))
            time.sleep(0.02)

    def _fault(self, victim: str, child: ChildProcess) -> None:
        """Kill a process while the robot moves, and wait until it is at rest."""
        self._wait_for_motion(victim)
        moment = self._group.kill(child)
        at_rest = _Lasting(lambda row: abs(row["speed"]) <= REST_SPEED, SETTLED_S, since=moment)
        self._wait(lambda: at_rest.holds(self._odometry()), f"rest after `{victim}` was killed", REST_TIMEOUT_S)
        self._facts["faults"].append({"victim": victim, "killed": moment, "signal": "SIGKILL"})
        self._save()
        self._console.detail(f"killed `{victim}` (SIGKILL) in motion: the robot is at rest")

    def _wait_for_motion(self, victim: str) -> None:
        started = time.monotonic()
        brisk, moving = _faster_than(*BRISK, since=started), _faster_than(*MOVING, since=started)

        def is_in_motion() -> bool:
            row, is_late = self._odometry(), time.monotonic() > started + BRISK_TIMEOUT_S
            is_brisk, is_moving = brisk.holds(row), moving.holds(row)
            return is_brisk or (is_late and is_moving)

        self._wait(is_in_motion, f"the robot to move, so that `{victim}` can be killed in motion", MOVING_TIMEOUT_S)

    def _bring_up(self, names: Sequence[str]) -> None:
        command = [sys.executable, "-m", "alam_ros.nodes.bring_up", *names]
        self._group.run("bring_up", command, START_TIMEOUT_S)

    def _wait(self, condition: Callable[[], bool], what: str, timeout_s: float) -> None:
        def poll() -> bool:
            self._poll()
            return condition()

        self._group.wait_for(poll, what, timeout_s)

    def _poll(self) -> None:
        self._tail.read()

    def _now(self) -> float:
        """Return the simulated time, s."""
        return float(self._tail.latest["clock"]["time"])

    def _odometry(self) -> Row | None:
        return self._tail.latest.get("odom")

    def _speed(self) -> float:
        row = self._odometry()
        return 0.0 if row is None else float(row["speed"])

    def _status(self, seconds: float) -> str:
        gate = self._tail.latest.get("alam/gate", {"state": "unknown"})
        probability = self._tail.latest.get("alam/risk", {}).get("probability")
        risk = "no calibrated risk" if probability is None else f"risk {probability:.0%}"
        return f"{seconds:3.0f} s driven: {self._speed():+.2f} m/s, {risk}, gate {gate['state']}"

    def _save(self) -> None:
        write_json(self._directory.drive_facts, self._facts)


class _Lasting:
    """A condition on odometry that must hold for a while, judged by arrivals after a moment."""

    def __init__(self, condition: Callable[[Row], bool], duration: float, *, since: float) -> None:
        self._condition = condition
        self._duration = duration
        self._after = since
        self._begin: float | None = None

    def holds(self, row: Row | None) -> bool:
        """Take the newest row and say whether the condition has held long enough."""
        if row is None or row["received"] < self._after or not self._condition(row):
            self._begin = None
            return False
        if self._begin is None:
            self._begin = row["received"]
        return bool(row["received"] - self._begin >= self._duration)


def _faster_than(speed: float, duration: float, *, since: float) -> _Lasting:
    return _Lasting(lambda row: bool(abs(row["speed"]) > speed), duration, since=since)


def _commands(options: DriveOptions, directory: DemoDirectory) -> dict[str, list[str]]:
    """Return the command line of each process, in the order in which they are started."""
    policy = {"policy": str(options.policy.resolve())}
    simulator = {"environment": options.environment, "seed": options.seed}
    recorder = {"output": str(directory.recording.resolve())}
    sim_time = {"use_sim_time": True}
    topics = {"cmd_in": "policy/action", "cmd_out": COMMANDS[0]}
    return {
        "recorder": _node("recorder_node", recorder, topics),
        "safety_monitor": _node("safety_monitor_node", {**policy, **sim_time}),
        "policy": _node("policy_node", {**policy, **sim_time}),
        "simulator": _node("simulator_node", simulator),
    }


def _thresholds() -> dict[str, float]:
    """Return the probabilities from which the safety monitor slows down and stops."""
    parameters = yaml.safe_load(config_path(PARAMETERS).read_text())["/**/safety_monitor"]["ros__parameters"]
    return {level: float(parameters[f"{level}_probability"]) for level in ("caution", "danger")}


def _node(module: str, parameters: Mapping[str, object], remappings: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    command = [sys.executable, "-m", f"alam_ros.nodes.{module}", "--ros-args", "--params-file", str(config_path(PARAMETERS))]
    for name, value in parameters.items():
        command += ["-p", f"{name}:={str(value).lower() if isinstance(value, bool) else value}"]
    for source, target in remappings.items():
        command += ["-r", f"{source}:={target}"]
    return command


def _display(command: Sequence[str]) -> str:
    return " ".join(["python", *command[1:]])


def _is_found(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
