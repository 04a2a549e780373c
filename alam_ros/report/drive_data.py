"""What a recorded drive tells: columns on one time axis, how each fault ended, how long an answer took."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alam_ros.report.directory import DemoDirectory, read_json
from alam_ros.report.recording import Track, read_recording

REST_SPEED = 0.02
"""m/s below which a base counts as at rest."""
REST_S = 0.5
"""s for which it must be."""
Values = NDArray[np.float64]


@dataclass(frozen=True)
class FaultOutcome:
    """How the robot came to rest after a process was killed; times are s after the kill, NaN when it did not happen.

    Attributes:
        victim: name of the killed node.
        moment: of the kill, s of the drive.
        speed: of the robot at that moment, m/s.
        zero_command: when the base was first commanded zero.
        rest: when it stood still.
        distance: m it still covered.
    """

    victim: str
    moment: float
    speed: float
    zero_command: float
    rest: float
    distance: float

    @property
    def answered_by(self) -> str:
        """Return who commanded zero."""
        return commander_of(self.victim)[0]

    @property
    def command_topic(self) -> str:
        """Return the topic on which zero was commanded."""
        return commander_of(self.victim)[1]


@dataclass(frozen=True)
class DriveData:
    """A drive.

    Attributes:
        facts: `drive.json`.
        tracks: topic → what was recorded.
    """

    facts: Mapping[str, Any]
    tracks: Mapping[str, Track]

    @classmethod
    def load(cls, directory: DemoDirectory) -> DriveData | None:
        """Read a drive; None when none got so far that the robot moved."""
        facts, tracks = read_json(directory.drive_facts), read_recording(directory.recording)
        needed = ("odom", "clock", "cmd_in", "cmd_out", "alam/risk", "alam/gate")
        return cls(facts, tracks) if facts and all(topic in tracks for topic in needed) else None

    def seconds(self, topic: str) -> Values:
        """Return when each row arrived, s since the robot moved off."""
        return self.tracks[topic].received - float(self.facts["moved_off"])

    def cruise_end(self) -> float:
        """Return when the undisturbed part ended, s of the drive: at the first fault, or with the recording."""
        faults = self.facts["faults"]
        return float(faults[0]["killed"] - self.facts["moved_off"]) if faults else float(self.seconds("odom")[-1])

    def cruise(self, topic: str) -> NDArray[np.bool_]:
        """Return which rows belong to the undisturbed part, (n,)."""
        seconds = self.seconds(topic)
        inside: NDArray[np.bool_] = (seconds >= 0) & (seconds <= self.cruise_end())
        return inside

    def risk_along_path(self) -> Values:
        """Return the probability of a violation at each row of odometry, (n,); NaN where none speaks of its stamp."""
        odometry, risk = self.tracks["odom"], self.tracks["alam/risk"]
        by_stamp = dict(zip(risk.stamp.tolist(), risk.numbers("probability").tolist(), strict=True))
        return np.array([by_stamp.get(stamp, math.nan) for stamp in odometry.stamp.tolist()])

    def violations(self) -> int | None:
        """Return the steps of the undisturbed part that cost; None where the cost was not recorded."""
        if "simulator/cost" not in self.tracks:
            return None
        return int(self.tracks["simulator/cost"].numbers("value")[self.cruise("simulator/cost")].sum())

    def least_clearance(self) -> float | None:
        """Return the least gap to an obstacle or wall in the undisturbed part, m; None where it was not recorded."""
        if "simulator/clearance" not in self.tracks:
            return None
        return float(self.tracks["simulator/clearance"].numbers("value")[self.cruise("simulator/clearance")].min())

    def goals_reached(self) -> int:
        """Return how often a new goal came in the undisturbed part, which it does when the last one is reached."""
        goals = self.tracks.get("goal")
        return 0 if goals is None else int(self.cruise("goal").sum())

    def latencies(self, topic: str) -> Values:
        """Return the s from the arrival of an observation to the first arrival of its command, at the recorder, (n,).

        Args:
            topic: of the commands, whose stamp is that of the observation they answer.
        """
        observed = dict(zip(self.tracks["odom"].stamp.tolist(), self.tracks["odom"].received.tolist(), strict=True))
        answered: dict[float, float] = {}
        commands = self.tracks[topic]
        for stamp, received in zip(commands.stamp.tolist(), commands.received.tolist(), strict=True):
            if stamp in observed:
                answered.setdefault(stamp, received - observed[stamp])
        return np.array(list(answered.values()))

    def faults(self) -> list[FaultOutcome]:
        """Return how each fault ended, in their order."""
        return [self._outcome(fault) for fault in self.facts["faults"]]

    def _outcome(self, fault: Mapping[str, Any]) -> FaultOutcome:
        moment = float(fault["killed"] - self.facts["moved_off"])
        odometry, seconds = self.tracks["odom"], self.seconds("odom")
        speed = odometry.numbers("speed")
        rest = _rest(seconds, speed, moment)
        stopping = (seconds >= moment) & (seconds <= moment + rest)
        path = np.hypot(np.diff(odometry.numbers("x")[stopping]), np.diff(odometry.numbers("y")[stopping]))
        return FaultOutcome(
            victim=fault["victim"],
            moment=moment,
            speed=float(np.interp(moment, seconds, speed)),
            zero_command=self._zero_command(commander_of(fault["victim"])[1], moment),
            rest=rest,
            distance=math.nan if math.isnan(rest) else float(path.sum()),
        )

    def _zero_command(self, topic: str, moment: float) -> float:
        commands = self.tracks.get(topic)
        if commands is None:
            return math.nan
        seconds = self.seconds(topic)
        is_zero = (commands.numbers("speed") == 0) & (commands.numbers("turn_rate") == 0)
        found = seconds[is_zero & (seconds >= moment)]
        return float(found[0] - moment) if found.size else math.nan


def commander_of(victim: str) -> tuple[str, str]:
    """Return who commands zero when the victim is gone, and on which topic: the gate, or, without it, the base's own watchdog."""
    if victim == "safety_monitor":
        return "the base's own watchdog", "simulator/applied_command"
    return "the safety monitor", "cmd_out"


def _rest(seconds: Values, speed: Values, moment: float) -> float:
    """Return after how many s the base stood still for `REST_S`."""
    begin = math.nan
    for time, is_slow in zip(seconds[seconds >= moment], np.abs(speed[seconds >= moment]) <= REST_SPEED, strict=True):
        if not is_slow:
            begin = math.nan
        elif math.isnan(begin):
            begin = float(time)
        elif time - begin >= REST_S:
            return begin - moment
    return math.nan
